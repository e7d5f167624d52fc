"""The records that the stack will have, in which zone, under which name in Pulumi's state."""

from __future__ import annotations

from dataclasses import dataclass

import plan
from mail import records
from mail.records import Record
from settings import Domain, Settings


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A mail domain, or the MX host where that has a zone of its own, with its records.

    Attributes:
        name: of the domain or host.
        setting: where it is in the stack file: `domains[0]`, or `server`.
        zone_id: as the settings have it; None where the zone is looked up by name.
        domain: None for the MX host.
        records: all of them; the text of a DKIM record, whose key is not made yet, is empty.
    """

    name: str
    setting: str
    zone_id: str | None
    domain: Domain | None
    records: tuple[Record, ...]


def owners(settings: Settings) -> list[Owner]:
    """Return every owner of records, as the program declares them."""
    found = [
        Owner(
            name=domain.name,
            setting=f"domains[{index}]",
            zone_id=domain.zone_id,
            domain=domain,
            records=(*plan.domain_records(settings, domain), *_dkim_records(domain)),
        )
        for index, domain in enumerate(settings.domains)
    ]
    if settings.host_domain is None:
        server = settings.server
        host = tuple(plan.host_records(settings))
        found.append(Owner(name=server.hostname, setting="server", zone_id=server.zone_id, domain=None, records=host))
    return found


def resource_name(record: Record) -> str:
    """Return the name that a record has in Pulumi's state."""
    return f"{record.name}-{record.key}"


def _dkim_records(domain: Domain) -> list[Record]:
    return [
        records.dkim_record(domain=domain.name, selector=selector.name, text="") for selector in domain.dkim.selectors
    ]
