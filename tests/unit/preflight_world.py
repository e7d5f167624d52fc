"""A stack that has never been up, without Pulumi, for the tests of preflight."""

import json
from collections.abc import Callable
from typing import Any

import stacks

import settings as stack_settings
from preflight.stack import Stack
from preflight.to_come import Owner, owners
from preflight.ways import Ways, out_of
from zones.conflicts import Conflict, find
from zones.zone import Zone, ZoneRecord

ZONE = Zone(
    id="a" * 32, name="example.org", status="active", name_servers=("ns1.example.org",), permissions=frozenset()
)


def stack(
    change: Callable[[dict[str, Any]], object] = lambda settings: None, resources: dict[str, str] | None = None
) -> Stack:
    """A stack with every default but for a change, and what its state knows."""
    said = stacks.minimal()
    change(said)
    return Stack(
        name="prod",
        project="maddy-stack",
        config_file=None,
        settings=stack_settings.load(
            {key: json.dumps(value) for key, value in said.items()}, ["cloudflare", "domains", "server", "tls"]
        ),
        resources=resources or {},
    )


def first_owner(of: Stack) -> Owner:
    """The first domain's records."""
    return owners(of.settings)[0]


def there(kind: str, content: str, name: str = "example.org", number: int = 1, **fields: Any) -> ZoneRecord:
    """A record of the zone."""
    return ZoneRecord(id=f"{number:032x}", name=name, type=kind, content=content, **fields)


def conflicts(of: Stack, *present: ZoneRecord, own: tuple[str, ...] = (), made: tuple[str, ...] = ()) -> list[Conflict]:
    """The conflicts of the first domain."""
    return [*find(first_owner(of).records, "example.org", present, own=own, made=made)]


def ways_out(of: Stack, *present: ZoneRecord) -> list[Ways]:
    """The ways out of all conflicts of the first domain."""
    return [out_of(conflict, first_owner(of), ZONE, of) for conflict in conflicts(of, *present)]
