"""The text of what CoreDNS reads: zone files (RFC 1035 §5), reverse zones, a root above them, the Corefile.

Pure: the same input gives the same text.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lab.cloudflare.content import rdata
from lab.cloudflare.records import AUTOMATIC, Spec

AUTOMATIC_TTL = 60
"""Seconds for a TTL of 1; Cloudflare serves 300."""
INFRASTRUCTURE_TTL = 60
SOA_TIMERS = "10000 2400 604800 60"
"""Refresh, retry, expire as Cloudflare has them; then how long "there is no such name" may be kept."""

REVERSE_PREFIX = {4: 24, 6: 64}
"""Bits of the network that one reverse zone covers."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class Served:
    """Addresses that no record holds: of the name server, and the stand-ins for Cloudflare's own."""

    ns_ipv4: str = "198.51.100.53"
    ns_ipv6: str = "2001:db8:25::53"
    anycast_ipv4: str = "198.51.100.104"
    anycast_ipv6: str = "2001:db8:25::104"


def zone_text(zone: str, serial: int, specs: Iterable[Spec], served: Served) -> str:
    """The zone as its records say; a proxied one is answered with addresses that are not its own."""
    lines: dict[str, None] = {}
    for spec in specs:
        lines.update(dict.fromkeys(_record_lines(spec, served)))
    return "\n".join([*_head(zone, f"ns1.{zone}", serial), *_name_server(zone, served), *sorted(lines), ""])


def _record_lines(spec: Spec, served: Served) -> list[str]:
    owner = f"{spec.name}. {AUTOMATIC_TTL if spec.ttl == AUTOMATIC else spec.ttl} IN"
    if spec.proxied:
        return [f"{owner} A {served.anycast_ipv4}", f"{owner} AAAA {served.anycast_ipv6}"]
    return [f"{owner} {spec.type} {rdata(spec.type, spec.content, spec.priority, spec.data)}"]


def _head(zone: str, server: str, serial: int) -> list[str]:
    origin = "." if zone == "." else f"{zone}."
    return [
        f"; Written by lab.cloudflare; changes made here are lost.\n$ORIGIN {origin}",
        f"{origin} {INFRASTRUCTURE_TTL} IN SOA {server}. dns.{server}. {serial} {SOA_TIMERS}",
        f"{origin} {INFRASTRUCTURE_TTL} IN NS {server}.",
    ]


def _name_server(zone: str, served: Served) -> list[str]:
    owner = f"ns1.{zone}. {INFRASTRUCTURE_TTL} IN"
    return [f"{owner} A {served.ns_ipv4}", f"{owner} AAAA {served.ns_ipv6}"]


def reverse_zone(address: Address) -> str:
    """The name of the zone under in-addr.arpa or ip6.arpa that holds this address."""
    labels = address.reverse_pointer.split(".")
    per_label = 8 if address.version == 4 else 4
    host_labels = (address.max_prefixlen - REVERSE_PREFIX[address.version]) // per_label
    return ".".join(labels[host_labels:])


def reverse_text(zone: str, serial: int, names: Mapping[Address, str], server: str) -> str:
    """The reverse zone with a PTR for each of the addresses in it."""
    pointers = [
        f"{address.reverse_pointer}. {INFRASTRUCTURE_TTL} IN PTR {name}."
        for address, name in names.items()
        if reverse_zone(address) == zone
    ]
    return "\n".join([*_head(zone, server, serial), *pointers, ""])


def root_text(serial: int, zones: Sequence[str], reverse: Sequence[str], served: Served) -> str:
    """A root that delegates the lab's zones, so that any other name is known not to exist."""
    server = f"ns1.{zones[0]}"
    cuts = [f"{zone}. {INFRASTRUCTURE_TTL} IN NS ns1.{zone}." for zone in zones]
    cuts += [f"{zone}. {INFRASTRUCTURE_TTL} IN NS {server}." for zone in reverse]
    glue = [line for zone in zones for line in _name_server(zone, served)]
    return "\n".join([*_head(".", server, serial), *cuts, *glue, ""])


def corefile(files: Mapping[str, str], directory: PurePosixPath) -> str:
    """CoreDNS's configuration: each zone from its file in `directory`, looked at every second."""
    blocks = [
        f"{zone} {{\n    errors\n    file {directory / name} {{\n        reload 1s\n    }}\n}}\n"
        for zone, name in files.items()
    ]
    return "# Written by lab.cloudflare; changes made here are lost.\n\n" + "\n".join(blocks)


def without_serial(text: str) -> str:
    """The zone file with its serial left out, to see whether anything else changed."""
    return re.sub(r"( IN SOA \S+ \S+ )\d+", r"\1", text, count=1)


def serial_of(text: str) -> int:
    """The serial in a zone file; 0 if there is none."""
    match = re.search(r" IN SOA \S+ \S+ (\d+)", text)
    return int(match[1]) if match else 0
