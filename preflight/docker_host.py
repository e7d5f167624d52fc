"""The Docker daemon that is to run the containers, asked through the `docker` command that the program uses as well."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any

from components.docker_host import ssh_refusal
from preflight import command
from preflight.stack import Stack
from stack_file.values import Address
from verify.failures import Failure
from verify.printable import printable
from verify.probe import Probe
from verify.result import Question, Result

SECONDS = 20.0
_PORTS = re.compile(r"(?:(\[[0-9a-f:]+\]|[0-9.]+|::):)(\d+)(?:-(\d+))?->")


class NoDocker(Failure):
    """The daemon cannot be asked."""

    mend = (
        "Start Docker there and make sure that this user may use it: `docker --host HOST version` (server.dockerHost) "
        "must work from here."
    )


@dataclass(frozen=True, kw_only=True)
class Published:
    """A port that a container has.

    Attributes:
        container: its full id.
        name: its name.
    """

    container: str
    name: str
    address: Address
    port: int


def is_here(stack: Stack) -> bool:
    """Whether the containers are to run on this machine."""
    host = stack.settings.server.docker_host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    return host.startswith("unix://")


def probes(stack: Stack) -> Iterator[Probe]:
    """Give the probe of the daemon."""
    where = stack.settings.server.docker_host or os.environ.get("DOCKER_HOST") or "this machine"
    question = Question(
        check="daemon", domain=stack.settings.server.hostname, subject=f"Docker on {where}", expected="answers"
    )
    yield Probe(group="preflight", about=(question,), look=partial(_daemon, stack, question), seconds=SECONDS + 5)


async def _daemon(stack: Stack, question: Question) -> list[Result]:
    try:
        told = json.loads(await docker(stack, "version", "--format", "{{json .Server}}"))
        version, system = str(told["Version"]), f"{told['Os']}/{told['Arch']}"
    except NoDocker as problem:
        return [question.fails(str(problem), problem.mend)]
    except (ValueError, TypeError, KeyError):
        return [question.unknown("`docker version` says something unexpected", NoDocker.mend)]
    return [question.passes(f"Docker {version} ({system})")]


async def published(stack: Stack) -> list[Published]:
    """Return the ports that containers have on the Docker host.

    Raises:
        NoDocker: the daemon does not answer.
    """
    lines = (await docker(stack, "ps", "--no-trunc", "--format", "{{json .}}")).splitlines()
    try:
        containers: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return [
            Published(
                container=str(container["ID"]), name=str(container["Names"]), address=ip_address(address), port=port
            )
            for container in containers
            for address, port in _ports(str(container["Ports"]))
        ]
    except (ValueError, TypeError, KeyError):
        raise NoDocker("`docker ps` says something unexpected") from None


def _ports(text: str) -> Iterator[tuple[str, int]]:
    """Read what `docker ps` shows: `127.0.0.1:80-81->80-81/tcp, [::]:25->2025/tcp`."""
    for address, first, last in _PORTS.findall(text):
        for port in range(int(first), int(last or first) + 1):
            yield address.strip("[]"), port


async def docker(stack: Stack, *arguments: str) -> str:
    """Run a docker command on the stack's Docker host; return what it prints.

    Raises:
        NoDocker: it fails.
    """
    host = stack.settings.server.docker_host
    try:
        status, output, complaint = await command.run(
            *("docker", *(["--host", host] if host else []), *arguments), seconds=SECONDS
        )
    except FileNotFoundError:
        raise NoDocker("there is no `docker` command here, which `pulumi up` makes the accounts with") from None
    except TimeoutError:
        raise NoDocker(f"Docker does not answer within {SECONDS:g} s") from None
    if status != 0:
        if known := ssh_refusal(complaint.decode(errors="replace")):
            problem = NoDocker(known[0])
            problem.mend = known[1]
            raise problem
        raise NoDocker(printable(complaint) or f"`docker {arguments[0]}` failed with status {status}")
    return output.decode(errors="replace")
