"""Which records of a zone are in the way of the stack's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mail import names
from mail.records import Record
from zones.zone import ZoneRecord

ADDRESSES = ("A", "AAAA")
_VERSIONS = {
    "spf": "v=spf1",
    "host-spf": "v=spf1",
    "dmarc": "v=dmarc1",
    "mta-sts-txt": "v=stsv1",
    "tls-rpt": "v=tlsrptv1",
}
"""By the key of a TXT record: what a text begins with that receivers would take for it."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What there may be one of: receivers who ask for one would take each of the others for it.

    Attributes:
        name: full, as A-labels.
        type: such as `TXT`.
        version: what a TXT record's text begins with, in lower case; "" where every record of the type counts.
    """

    name: str
    type: str
    version: str

    def takes_in(self, other: ZoneRecord) -> bool:
        """Return whether a record of the zone is of this kind."""
        if (other.name, other.type) != (self.name, self.type):
            return False
        text = "=".join(part.strip() for part in other.value.lower().split("=", 1))
        return not self.version or text == self.version or text.startswith((f"{self.version} ", f"{self.version};"))

    def __str__(self) -> str:
        return f"{self.name} {self.type} {self.version}".rstrip()

    @classmethod
    def read(cls, text: str) -> Kind:
        """Return the kind that a text such as `example.org TXT v=spf1` names."""
        name, kind, *version = text.split(" ", 2)
        return cls(name=name, type=kind, version="".join(version))


def kind_of(record: Record) -> Kind:
    """Return what a record of the stack's is one of."""
    version = ""
    if record.type == "TXT" and not record.key.startswith("dkim-"):
        version = _VERSIONS.get(record.key, record.content.lower())
    return Kind(name=record.name, type=record.type, version=version)


def doubles(own: Mapping[Kind, str], present: Sequence[ZoneRecord]) -> dict[str, str]:
    """Return the records that are not the stack's and of a kind of which it has one: id to text.

    Args:
        own: the stack's records, by kind the id.
        present: what the zone has.
    """
    ids = set(own.values())
    return {
        record.id: record.shown
        for record in present
        if record.id not in ids and any(kind.takes_in(record) for kind in own)
    }


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A record to come, and what is in its way.

    Attributes:
        wanted: the record to come.
        existing: what the zone has.
        adopt: the one among them that can become the wanted one.
    """

    wanted: Record
    existing: tuple[ZoneRecord, ...]
    adopt: ZoneRecord | None

    @property
    def is_identical(self) -> bool:
        """Whether the zone has this very record, so that Cloudflare refuses to make it (81058)."""
        return self.adopt is not None and is_same(self.wanted, self.adopt)


def find(
    wanted: Sequence[Record],
    zone: str,
    present: Sequence[ZoneRecord],
    *,
    own: Collection[str],
    made: Collection[str],
) -> Iterator[Conflict]:
    """Yield a conflict for each wanted record that something is in the way of.

    Args:
        wanted: the records to come.
        zone: the zone's name.
        present: what the zone has.
        own: ids of the records that are the stack's.
        made: keys of the wanted records that the stack has already, and so can adopt no other for.
    """
    foreign = [record for record in present if record.id not in own]
    families = {(record.name, record.type) for record in wanted}
    for record in wanted:
        found = tuple(other for other in foreign if _is_in_the_way(record, other, zone, families))
        if found:
            yield Conflict(
                wanted=record, existing=found, adopt=None if record.key in made else _adoptable(record, found)
            )


def is_same(wanted: Record, other: ZoneRecord) -> bool:
    """Whether both are one in DNS; the text of a DKIM record to come is not known."""
    return (wanted.type, wanted.name, wanted.value.lower()) == (other.type, other.name, other.value.lower())


def _is_in_the_way(wanted: Record, other: ZoneRecord, zone: str, families: Collection[tuple[str, str]]) -> bool:
    if other.type == "NS":  # a delegation: what stands at or below its name is not served
        return other.name != zone and names.is_within(wanted.name, other.name)
    if other.name != wanted.name:
        return False
    if other.type == "CNAME":  # Cloudflare serves addresses for one that is proxied or at the zone's own name
        return wanted.type in ADDRESSES or not (other.proxied or other.name == zone)
    if wanted.type in ADDRESSES and other.type in ADDRESSES:
        return other.type == wanted.type or (other.name, other.type) not in families
    return kind_of(wanted).takes_in(other)


def _adoptable(wanted: Record, found: Sequence[ZoneRecord]) -> ZoneRecord | None:
    """Return the record that becomes the wanted one; its type cannot be changed, so that it must be of the same."""
    candidates = [record for record in found if record.type == wanted.type]
    return min(
        candidates, key=lambda record: (not is_same(wanted, record), record.priority or 0, record.id), default=None
    )
