"""Zones and records, as Cloudflare has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dns.exception
import dns.rdata

from verify.printable import printable

_IDENTIFIER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A zone; `permissions` are the token's, empty where Cloudflare does not tell them."""

    id: str
    name: str
    status: str
    name_servers: tuple[str, ...]
    permissions: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ZoneRecord:
    """A record as the zone has it."""

    id: str
    name: str
    type: str
    content: str
    priority: int | None = None
    proxied: bool = False

    @cached_property
    def value(self) -> str:
        """What resolvers would answer, as `mail.records.Record.value` has it."""
        if self.type == "TXT":
            return _joined(self.content)
        return self.content if self.priority is None else f"{self.priority} {self.content}"

    @property
    def shown(self) -> str:
        """The record with its name, as text that is safe to print."""
        return printable(f"{self.name} {self}", 160)

    def __str__(self) -> str:
        return f"{self.type} {self.value}{' (proxied)' if self.proxied else ''}"


def zone_of(item: Any) -> Zone:
    """Return a zone of the client's.

    Raises:
        ValueError, TypeError, AttributeError: it is none.
    """
    return Zone(
        id=_identifier(item.id),
        name=str(item.name).lower(),
        status=str(item.status or ""),
        name_servers=tuple(map(str, item.name_servers or ())),
        permissions=frozenset(map(str, item.permissions or ())),
    )


def record_of(item: Any) -> ZoneRecord:
    """Return a record of the client's.

    Raises:
        ValueError, TypeError, AttributeError: it is none.
    """
    priority = getattr(item, "priority", None)
    if priority is None and item.type == "SRV":
        priority = getattr(item.data, "priority", None)
    return ZoneRecord(
        id=_identifier(item.id),
        name=str(item.name).lower(),
        type=str(item.type),
        content=str(item.content or ""),
        priority=int(priority) if priority is not None and item.type in ("MX", "SRV") else None,
        proxied=bool(getattr(item, "proxied", False)),
    )


def _identifier(value: object) -> str:
    """Return an id that may stand in a command."""
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise ValueError("no identifier of Cloudflare's")
    return value


def _joined(content: str) -> str:
    """Return the text of a TXT record without quotes and escapes."""
    try:
        strings: tuple[bytes, ...] = dns.rdata.from_text("IN", "TXT", content).strings  # type: ignore[attr-defined]
    except dns.exception.DNSException:
        return content
    return b"".join(strings).decode("utf-8", errors="backslashreplace")
