"""A stack as `pulumi` tells it: its settings, decrypted in memory only, and what its state knows already."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

import settings as stack_settings
from preflight import command
from settings import Settings
from verify.source import reason

SECONDS = 60.0
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
_CONTAINER = "docker:index/container:Container"
_SEPARATORS = 3
"""How often `::` is in a URN, at least."""
_DOMAIN = "maddy:mail:Domain"


class StackError(Exception):
    """The stack cannot be read; the text says why, in Pulumi's words."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack, which may never have been up.

    Attributes:
        name: as `--stack` takes it.
        project: of Pulumi.yaml.
        config_file: the stack file, where that is not Pulumi.STACK.yaml.
        settings: as the program reads them.
        resources: URN to id of all that is in the state.
    """

    name: str
    project: str
    config_file: str | None
    settings: Settings
    resources: dict[str, str]

    @property
    def provider(self) -> str:
        """URN of the program's access to Cloudflare."""
        return self._urn("pulumi:providers:cloudflare", "cloudflare")

    def component(self, owner: str) -> str:
        """URN of the component that the records of a domain, or of the MX host, belong to."""
        return self._urn(_DOMAIN, owner)

    def record(self, resource: str) -> str:
        """URN of a record."""
        return self._urn(f"{_DOMAIN}${RECORD}", resource)

    @property
    def own_records(self) -> set[str]:
        """Cloudflare's ids of the records that the stack has made or adopted."""
        return {identifier for urn, identifier in self.resources.items() if urn.split("::")[2].endswith(RECORD)}

    @property
    def own_containers(self) -> set[str]:
        """Docker's ids of the stack's containers."""
        return {identifier for urn, identifier in self.resources.items() if urn.split("::")[2].endswith(_CONTAINER)}

    @property
    def options(self) -> tuple[str, ...]:
        """What every pulumi command needs to work on this stack."""
        return "--stack", self.name, *(("--config-file", self.config_file) if self.config_file else ())

    def _urn(self, kind: str, name: str) -> str:
        return f"urn:pulumi:{self.name.rpartition('/')[2]}::{self.project}::{kind}::{name}"


async def read(name: str, config_file: str | None = None, directory: Path = Path()) -> Stack:
    """Read a stack.

    Args:
        name: of the stack.
        config_file: the stack file, where that is not Pulumi.STACK.yaml.
        directory: of Pulumi.yaml.

    Raises:
        StackError: it cannot be read.
        SettingsError: its name or its settings are wrong; the text is that of `pulumi up`.
    """
    stack_settings.require_free_name(name.rpartition("/")[2])
    try:
        project = str(yaml.safe_load((directory / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])
    except OSError as error:
        raise StackError(f"there is no Pulumi.yaml here ({error.strerror}): run this in the project's folder") from None
    file = ("--config-file", config_file) if config_file else ()
    # Both to their end: to kill a process that has just ended confuses asyncio, which then says so on the terminal.
    told = await asyncio.gather(
        _pulumi(name, directory, "config", "--json", "--show-secrets", "--stack", name, *file),
        _pulumi(name, directory, "stack", "export", "--stack", name),
        return_exceptions=True,
    )
    for one in told:
        if isinstance(one, BaseException):
            raise one
    config, exported = (one for one in told if isinstance(one, dict))
    return Stack(
        name=name,
        project=project,
        config_file=config_file,
        settings=_settings(project, config),
        resources=_resources(exported),
    )


def _settings(project: str, config: dict[str, Any]) -> Settings:
    own = {key.removeprefix(f"{project}:"): entry for key, entry in config.items() if key.startswith(f"{project}:")}
    if not all(isinstance(entry, dict) for entry in own.values()):
        raise StackError("`pulumi config` printed something unexpected")
    return stack_settings.load(
        {key: str(entry.get("value", "")) for key, entry in own.items()},
        [key for key, entry in own.items() if entry.get("secret")],
    )


def _resources(exported: dict[str, Any]) -> dict[str, str]:
    """Return URN to id of all that is in the state."""
    try:
        listed = (exported.get("deployment") or {}).get("resources") or []
        found = {str(resource["urn"]): str(resource.get("id", "")) for resource in listed}
        if all(urn.count("::") >= _SEPARATORS for urn in found):
            return found
    except (AttributeError, KeyError, TypeError):
        pass
    raise StackError("`pulumi stack export` printed something unexpected")


async def _pulumi(name: str, directory: Path, *arguments: str) -> dict[str, Any]:
    """Run a pulumi command on a stack that prints JSON and changes nothing."""
    said = f"`pulumi {' '.join(arguments[:2])}`"
    try:
        status, output, complaint = await command.run(
            *("pulumi", *arguments, "--non-interactive", "--color", "never"), seconds=SECONDS, directory=directory
        )
    except FileNotFoundError:
        raise StackError(
            "there is no `pulumi` command here: install it (https://www.pulumi.com/docs/install)"
        ) from None
    except TimeoutError:
        raise StackError(f"{said} was not done within {SECONDS:g} s") from None
    if status != 0:
        raise StackError(reason(name, complaint.decode("utf-8", errors="replace"), status))
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        raise StackError(f"{said} printed no JSON") from None
    if not isinstance(answer, dict):
        raise StackError(f"{said} printed something unexpected")
    return answer
