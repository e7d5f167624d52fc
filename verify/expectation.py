"""What a stack says it is: its outputs (`docs/outputs.md`), read and typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from mail import record_table
from mail.records import Record


class OutputsError(Exception):
    """The outputs are not those of such a stack; the text says what is wrong and the mend."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


class Endpoint(_Model):
    """Where something is served."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]


class DkimKey(_Model):
    """A selector's record name and `p=` value, and whether the server signs with it."""

    name: str
    public_key: str
    signs: bool = True


class MtaSts(_Model):
    """A domain's MTA-STS policy."""

    id: str
    url: str
    policy: str


def _records(value: Any) -> list[Record]:
    return [item if isinstance(item, Record) else record_table.from_dict(item) for item in value]


Records = Annotated[list[Record], BeforeValidator(_records)]


class Domain(_Model):
    """What is expected of one mail domain."""

    records: Records
    dkim: dict[str, DkimKey]
    mta_sts: MtaSts | None = None


class Expectation(_Model):
    """What a stack says it is.

    Attributes:
        mail_host: the MX host.
        endpoints: smtp, submission, submissions, imap, imaps, https; the published ports.
        domains: by name, as A-labels.
        host_records: the MX host's own records where it lies in none of the domains.
        accounts: addresses.
        account_passwords: address to password; empty where the passwords are not told.
        ca_certificate: PEM of the stack's own CA.
    """

    mail_host: str
    endpoints: dict[str, Endpoint]
    domains: dict[str, Domain]
    host_records: Records = []
    accounts: list[str] = []
    account_passwords: dict[str, SecretStr] = {}
    ca_certificate: str | None = None

    def addresses(self, host: str) -> list[str]:
        """The declared addresses of a host, IPv4 first; none where the stack does not declare it."""
        records = [*self.host_records, *(record for domain in self.domains.values() for record in domain.records)]
        return [
            record.content
            for kind in ("A", "AAAA")
            for record in records
            if record.type == kind and record.name == host
        ]


def read(outputs: Mapping[str, Any]) -> Expectation:
    """Read a stack's outputs, as `pulumi stack output --json --show-secrets` prints them.

    Without `--show-secrets` the passwords read `[secret]`; they are then left out.

    Raises:
        OutputsError: something is missing or of another shape.
    """
    known = dict(outputs)
    if not isinstance(known.get("account_passwords"), Mapping):
        known.pop("account_passwords", None)
    try:
        return Expectation.model_validate(known)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise OutputsError(
            f"These are not the outputs of a maddy-stack: {path}: {first['msg']}. Give what "
            "`pulumi stack output --json --show-secrets` prints."
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise OutputsError(
            f"These are not the outputs of a maddy-stack: a record is incomplete ({error}). Give what "
            "`pulumi stack output --json --show-secrets` prints."
        ) from None
