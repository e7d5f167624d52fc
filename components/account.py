"""A mail account: a mailbox with a login."""

import secrets
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from components.command import command
from components.mail_server import MailServer
from mail import maddy_conf, names


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    """Arguments of `Account`.

    Attributes:
        local_part: what is left of the @.
        domain: in A-labels.
        password: a secret; None to have one generated, once.
        delete_mailbox: whether the mail goes with the account when that is removed.
        server: where the account is.
        hostname: the name that the server's certificate covers.
        docker_host: where Docker is, as in `DOCKER_HOST`; None for this machine's.
    """

    local_part: str
    domain: str
    password: pulumi.Input[str] | None
    delete_mailbox: bool
    server: MailServer
    hostname: str
    docker_host: str | None


class _Generator(ResourceProvider):
    """Makes a password on creation, and never again."""

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("password", {**props, "password": secrets.token_urlsafe(18)})


class _GeneratedPassword(Resource, module="mail", name="GeneratedPassword"):
    password: pulumi.Output[str]


class Account(pulumi.ComponentResource):
    """An account, proven by a login.

    A changed password is set anew. A removed account loses its login and keeps its mailbox, unless `delete_mailbox` was
    set in an update before. The proof is given again whenever the server was replaced.

    Attributes:
        address: local part and domain in A-labels.
        password: a secret.
    """

    password: pulumi.Output[str]

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:Account", name, {}, opts)
        self.address = names.address(args.local_part, args.domain)
        if args.password is not None:
            self.password = pulumi.Output.secret(args.password)
        else:
            generated = _GeneratedPassword(
                _Generator(),
                name,
                {"password": None},
                pulumi.ResourceOptions(parent=self, additional_secret_outputs=["password"]),
            )
            self.password = pulumi.Output.secret(generated.password)
        command(
            name,
            program="account",
            environment={
                "MADDY_CONTAINER": args.server.container_name,
                "MADDY_CONTAINER_ID": args.server.container_id,
                "MADDY_HOSTNAME": args.hostname,
                "MADDY_ACCOUNT": maddy_conf.lookup_form(self.address),
                "MADDY_DELETE_MAILBOX": "yes" if args.delete_mailbox else "no",
            },
            docker_host=args.docker_host,
            stdin=pulumi.Output.json_dumps({"password": self.password}),
            removes=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"address": self.address})
