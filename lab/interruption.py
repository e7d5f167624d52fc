"""What a killed `pulumi` leaves behind, and its mend, so that the next command starts clean.

It leaves its lock, and perhaps half a note beside its state. It also leaves "pending operations" in the state: it
had begun them and did not live to see the end. Something that was created just then exists, but Pulumi does not know
it, and would fail to make it again (Docker: the name is in use; Cloudflare: an identical record already exists). On a
real stack a person has to look; in the lab all of it is the lab's own, and is removed.
"""

from __future__ import annotations

import contextlib
import json
import platform
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound

from lab import docker_engine, processes, pulumi_cli
from lab.settings import PROJECT, Lab
from lab.terminal import LabError, say

if TYPE_CHECKING:
    from cloudflare import Cloudflare

PLUGINS_END_SECONDS = 2.0
"""The plugins of a killed pulumi end within this time; until then they may still be creating something."""


def mend(lab: Lab, *, project: Path, config_file: Path | None = None) -> None:
    """Take away a dead command's lock, and make the state fit what exists.

    Raises:
        LabError: A living pulumi is at work on the stack.
    """
    locks = _stale_locks(lab)
    _drop_broken_notes(lab.stack_file.parent, locks)
    if any(locks.glob("*.json")):
        pulumi_cli.run(lab, ["cancel", "--yes"], project=project, capture=True)
    pending = read_state(lab).get("pending_operations") or []
    if not pending:
        return
    say("an earlier pulumi was killed at work; finding out what it had done ...")
    time.sleep(PLUGINS_END_SECONDS)
    known = {resource.get("id") for resource in read_state(lab).get("resources") or []}
    for operation in pending:
        if operation["type"] == "creating":
            _remove_unknown(lab, operation["resource"], known)
    arguments = ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"]
    pulumi_cli.run(lab, arguments, project=project, config_file=config_file, capture=True)


def read_state(lab: Lab) -> Mapping[str, Any]:
    """The stack's state as the file backend keeps it; empty before the first `up`."""
    try:
        checkpoint = json.loads(lab.stack_file.read_text())["checkpoint"]
    except FileNotFoundError:
        return {}
    return dict(checkpoint.get("latest") or {})


def _stale_locks(lab: Lab) -> Path:
    """Return where the locks of the stack are, of which none is of a `pulumi` at work.

    Raises:
        LabError: The one that holds it is alive, or on another machine.
    """
    locks = lab.state / ".pulumi" / "locks" / "organization" / PROJECT / lab.name
    for path in locks.glob("*.json"):
        lock = json.loads(path.read_text())
        pid, host = int(lock["pid"]), lock["hostname"]
        holder = processes.identify(pid)
        if host != platform.node() or (holder is not None and "pulumi" in holder.command):
            raise LabError(
                f"Another pulumi (process {pid} on {host}) is at work on the stack {lab.name}: wait until it has "
                f"finished. If it never will, end it and run this again."
            )
        say(f"an earlier pulumi (process {pid}) was killed at work; taking its lock away")
    return locks


def _drop_broken_notes(*directories: Path) -> None:
    """Remove the notes on a file's type that a killed `pulumi` had only begun.

    The file backend writes them beside the file, before that is put in its place, and does not read a file with a
    broken one ("failed to load checkpoint: EOF"). A file without any is fine.
    """
    for directory in directories:
        for path in directory.glob("*.attrs"):
            try:
                json.loads(path.read_text())
            except ValueError:
                path.unlink()


def _remove_unknown(lab: Lab, resource: Mapping[str, Any], known: set[str | None]) -> None:
    """Remove what exists of a resource that was being created, if it is not in the state under its id."""
    inputs = resource.get("inputs") or {}
    match resource["type"]:
        case "docker:index/container:Container" | "docker:index/network:Network" as kind:
            _remove_from_docker(kind, str(inputs.get("name")), known)
        case "cloudflare:index/dnsRecord:DnsRecord":
            for record_id in _same_records(lab, inputs):
                if record_id not in known:
                    _cloudflare(lab).dns.records.delete(record_id, zone_id=inputs["zoneId"])
        case _:
            pass  # volumes, images and commands can be made again as they are


def _remove_from_docker(kind: str, name: str, known: set[str | None]) -> None:
    client = docker_engine.ensure()
    if kind.endswith("Container"):
        for container in client.containers.list(all=True, filters={"name": f"^/{name}$"}):
            if container.id not in known:
                with contextlib.suppress(NotFound):
                    container.remove(force=True, v=True)  # v: volumes without a name only
    else:
        for network in client.networks.list(names=[name]):
            if network.id not in known and network.name == name:
                network.remove()


def _same_records(lab: Lab, inputs: Mapping[str, Any]) -> Iterator[str]:
    records = _cloudflare(lab).dns.records.list(zone_id=inputs["zoneId"], type=inputs["type"])
    for record in records:
        if record.name == inputs["name"] and record.content == inputs.get("content", record.content):
            yield record.id


def _cloudflare(lab: Lab) -> Cloudflare:
    from cloudflare import Cloudflare  # here, since it takes long to import and is seldom needed

    return Cloudflare(api_token=lab.token, base_url=lab.api_url)
