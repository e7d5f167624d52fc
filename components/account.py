"""A mail account: an address and its password."""

import secrets
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from mail import names


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    """Arguments of `Account`.

    Attributes:
        local_part: what is left of the @.
        domain: in A-labels.
        password: a secret; None to have one generated, once.
        delete_mailbox: whether the mail goes with the account when that is removed.
    """

    local_part: str
    domain: str
    password: pulumi.Input[str] | None
    delete_mailbox: bool


class _Generator(ResourceProvider):
    """Makes a password on creation, and never again."""

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("password", {**props, "password": secrets.token_urlsafe(18)})


class _GeneratedPassword(Resource, module="mail", name="GeneratedPassword"):
    password: pulumi.Output[str]


class Account(pulumi.ComponentResource):
    """An account as it is declared; `Accounts` makes it be there.

    Attributes:
        address: local part and domain in A-labels.
        password: a secret.
        delete_mailbox: whether the mail goes with the account when that is removed.
    """

    password: pulumi.Output[str]

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:Account", name, {"deleteMailbox": args.delete_mailbox}, opts)
        self.address = names.address(args.local_part, args.domain)
        self.delete_mailbox = args.delete_mailbox
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
        self.register_outputs({"address": self.address})
