"""The accounts of a mail server, made together."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.account import Account
from components.command import command
from components.mail_server import MailServer
from components.seen import Seen
from mail import maddy_conf


@dataclass(frozen=True, kw_only=True)
class AccountsArgs:
    """Arguments of `Accounts`.

    Attributes:
        accounts: all that are declared.
        server: where they are.
        container_name: the server's.
        hostname: the name that the server's certificate covers.
        docker_host: where Docker is, as in `DOCKER_HOST`; None for this machine's.
    """

    accounts: Sequence[Account]
    server: MailServer
    container_name: str
    hostname: str
    docker_host: str | None


class Accounts(pulumi.ComponentResource):
    """All accounts of a server, made in one run of one program, each proven by a login.

    A changed password is set anew. An account that is declared no more loses its login and keeps its mailbox, unless
    `delete_mailbox` was set in an update before. All is proven again whenever the server was replaced, and
    made again where a refresh missed an account. Nothing is taken away when the stack goes: accounts and mail are in
    the volume, which knows which of them the stack had declared.
    """

    def __init__(self, name: str, args: AccountsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:Accounts", name, {}, opts)
        addresses = [maddy_conf.lookup_form(account.address) for account in args.accounts]
        seen = Seen(
            name,
            container=args.container_name,
            docker_host=args.docker_host,
            accounts=addresses,
            opts=pulumi.ResourceOptions(parent=self),
        )
        command(
            name,
            program="accounts",
            environment={
                "MADDY_CONTAINER": args.server.container_name,
                "MADDY_CONTAINER_ID": args.server.container_id,
                "MADDY_HOSTNAME": args.hostname,
                "MADDY_ACCOUNTS_MENDED": seen.times_mended,
            },
            docker_host=args.docker_host,
            stdin=pulumi.Output.json_dumps(
                {
                    address: {
                        "password": account.password,
                        "delete_mailbox": account.delete_mailbox,
                    }
                    for address, account in zip(addresses, args.accounts, strict=True)
                }
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
