"""A domain's records as a BIND zone file, for people whose DNS is not at Cloudflare."""

from __future__ import annotations

from collections.abc import Sequence

from mail import names
from mail.records import AUTOMATIC_TTL, Record, in_order, quote_txt

_DEFAULT_TTL = 3600  # seconds


def zone_text(domain: str, records: Sequence[Record]) -> str:
    """Return master-file text (RFC 1035) to import into an existing zone: it has neither SOA nor NS.

    Args:
        domain: the origin.
        records: all within the domain.

    Raises:
        ValueError: a record lies outside the domain, where an import would drop it.
    """
    for record in records:
        if not names.is_within(record.name, domain):
            raise ValueError(f"{record.type} {record.name} is not within {domain}: put it into its own zone's file")
    ordered = in_order(records)
    width = max((len(record.name) for record in ordered), default=0) + 1
    lines = [
        f"; DNS records that mail for {domain} needs.",
        "; Import them into the existing zone: SOA and NS are not here, and no record may be proxied.",
        f"$ORIGIN {domain}.",
        f"$TTL {_DEFAULT_TTL}",
    ]
    for record in ordered:
        ttl = "" if record.ttl == AUTOMATIC_TTL else f"{record.ttl} "
        lines += [
            "",
            f"; {record.comment}",
            f"{f'{record.name}.':<{width}} {ttl}IN {record.type} {rdata_text(record)}",
        ]
    return "\n".join(lines) + "\n"


def rdata_text(record: Record) -> str:
    """Return what follows a record's type in presentation form, targets with their trailing dot."""
    match record.type:
        case "MX":
            return f"{record.priority} {record.content}."
        case "SRV":
            return f"{record.priority} {record.weight} {record.port} {record.content}."
        case "TXT":
            return quote_txt(record.content)
        case _:
            return record.content
