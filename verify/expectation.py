"""What a stack says it is: its outputs (`docs/outputs.md`), read and typed."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from mail import names, record_table
from mail.records import Record

_NUMBERS = {"MX": ("priority",), "SRV": ("priority", "weight", "port")}


class OutputsError(Exception):
    """The outputs are not those of such a stack; the text says what is wrong and the mend."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


def _host(name: str) -> str:
    if names.to_ascii(name) != name:
        raise ValueError(f"{name!r} is not written in A-labels: {names.to_ascii(name)!r} is")
    return name


Host = Annotated[str, AfterValidator(_host)]


class Endpoint(_Model):
    """Where something is served."""

    host: Host
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
    if not isinstance(value, list) or not all(isinstance(item, Mapping | Record) for item in value):
        raise ValueError("this is no list of records")
    return [item if isinstance(item, Record) else _record(item) for item in value]


def _record(fields: Mapping[str, Any]) -> Record:
    try:
        record = record_table.from_dict(fields)
        is_whole = _is_whole(record)
    except (TypeError, ValueError, OverflowError):  # its text would speak of Python
        is_whole = False
    if not is_whole:
        raise ValueError(f"the record {fields.get('name')} {fields.get('type')} is not as this program writes it")
    return record


def _is_whole(record: Record) -> bool:
    """Tell whether a record has what its type needs; raise ValueError for an address that is none."""
    if record.type in ("A", "AAAA"):
        (IPv4Address if record.type == "A" else IPv6Address)(record.content)
    texts = (record.key, record.name, record.type, record.content)
    numbers = (getattr(record, number) for number in _NUMBERS.get(record.type, ()))
    return all(isinstance(text, str) for text in texts) and all(number is not None for number in numbers)


def _authority(pem: str | None) -> str | None:
    if pem is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
        except (ssl.SSLError, TypeError, ValueError):
            raise ValueError("this is no certificate in PEM") from None
    return pem


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
        smart_host: the relay that outgoing mail leaves through.
        host_records: the MX host's own records where it lies in none of the domains.
        accounts: addresses.
        account_passwords: address to password; empty where the passwords are not told.
        ca_certificate: PEM of the stack's own CA.
    """

    mail_host: Host
    endpoints: dict[str, Endpoint]
    domains: dict[Host, Domain]
    smart_host: Endpoint | None = None
    host_records: Records = []
    accounts: list[str] = []
    account_passwords: dict[str, SecretStr] = {}
    ca_certificate: Annotated[str | None, AfterValidator(_authority)] = None

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
        expectation = Expectation.model_validate(known)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"] if part != "[key]") or "the whole"
        raise _none(f"{path}: {first['msg'].removeprefix('Value error, ')}") from None
    for key in ("endpoints", "domains"):
        if not getattr(expectation, key):
            raise _none(f"{key}: there is none")
    return expectation


def _none(reason: str) -> OutputsError:
    return OutputsError(
        f"These are not the outputs of a maddy-stack: {reason}. Give what `pulumi stack output --json --show-secrets` "
        "prints."
    )
