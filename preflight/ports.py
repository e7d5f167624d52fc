"""The ports that the stack will publish: free on the Docker host, where that is this machine."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from ipaddress import ip_address

from preflight.docker_host import NoDocker, Published, is_here, published
from preflight.stack import Stack
from settings import Settings
from stack_file.values import Address
from verify.probe import Probe
from verify.result import Question, Result

_SS_SECONDS = 5.0
_LISTENER = re.compile(r"^\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+\s*(.*)$")
_USER = re.compile(r'\("([^"]+)",pid=(\d+)')
_NO_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def wanted(settings: Settings) -> list[tuple[str, Address, int]]:
    """Return the setting, address and port of all that the stack publishes."""
    server, site = settings.server, settings.policy_site
    found = [
        (f"server.ports.{key}", address, port)
        for key, port in dict(server.ports).items()
        for address in server.bound_to
    ]
    if settings.policy_hosts:
        bound_to = site.bind_address or server.bound_to
        found += [("policySite.httpPort", address, site.http_port) for address in bound_to]
        found += [("policySite.httpsPort", address, site.https_port) for address in bound_to]
    if server.metrics is not None:
        found.append(("server.metrics.port", server.metrics.bind_address, server.metrics.port))
    return found


def probes(stack: Stack) -> Iterator[Probe]:
    """Give one probe for all ports."""
    questions = {
        (setting, address, port): Question(
            check="port-free",
            domain=stack.settings.server.hostname,
            subject=f"{port} on {address}",
            expected=f"free, for {setting}",
        )
        for setting, address, port in wanted(stack.settings)
    }
    yield Probe(group="preflight", about=(*questions.values(),), look=partial(_ports, stack, questions), seconds=30)


async def _ports(stack: Stack, questions: dict[tuple[str, Address, int], Question]) -> list[Result]:
    if not is_here(stack):
        reason = "Docker is on another machine, whose ports cannot be seen from here"
        return [question.skipped(reason) for question in questions.values()]
    try:
        containers = await published(stack)
    except NoDocker:
        containers = []
    listeners = await _listeners()
    return [
        _judged(question, setting, address, port, stack.own_containers, containers, listeners)
        for (setting, address, port), question in questions.items()
    ]


def _judged(
    question: Question,
    setting: str,
    address: Address,
    port: int,
    own: set[str],
    containers: Sequence[Published],
    listeners: Sequence[tuple[Address, int, str]] | None,
) -> Result:
    same_family = [held for held in containers if held.address.version == address.version]
    holder = next((held for held in same_family if held.port == port and overlap(held.address, address)), None)
    if holder is not None and holder.container in own:
        return question.passes(f"the stack's own: container {holder.name}")
    mend = f"End what has it, or give the stack another port ({setting}) or address (bindAddress)."
    if holder is not None:
        return question.fails(f"taken by the container {holder.name}", mend)
    state = _try(address, port)
    named = next((who for at, number, who in listeners or () if number == port and overlap(at, address)), None)
    if state == "no address":
        return question.fails(
            f"this machine has no address {address}",
            "Set bindAddress to an address that this machine has (`ip -brief address` lists them).",
        )
    if state == "free" or (state == "unknown" and listeners is not None and named is None):
        return question.passes("free")
    if state == "unknown" and named is None:
        return question.unknown("ports below 1024 can be tried by root only", "Run this as root, or install `ss`.")
    if named == "docker-proxy" and own and not containers:
        return question.unknown(
            "some container has it", "See `daemon`: Docker must answer to tell whether it is the stack's."
        )
    return question.fails(f"taken by {named or 'a program that only root can see'}", mend)


def overlap(one: Address, other: Address) -> bool:
    """Whether two listeners on these addresses cannot have the same port; `::` takes IPv4 as well, at its worst."""
    if one.version == other.version:
        return one == other or one.is_unspecified or other.is_unspecified
    return one.is_unspecified and one.version == 6


def _try(address: Address, port: int) -> str:
    """Take the port for a moment, as Docker would: `free`, `taken`, `no address`, or `unknown`."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if address.version == 6:
                attempt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            attempt.bind((str(address), port))
            attempt.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return "taken"
        return "no address" if error.errno in _NO_ADDRESS else "unknown"
    return "free"


async def _listeners() -> list[tuple[Address, int, str]] | None:
    """Return who listens where, as `ss` tells; None where there is no such command."""
    try:
        process = await asyncio.create_subprocess_exec(
            *("ss", "-ltnpH"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await asyncio.wait_for(process.communicate(), _SS_SECONDS)
    except (OSError, TimeoutError):
        return None
    return [*_read(output.decode(errors="replace"))]


def _read(text: str) -> Iterator[tuple[Address, int, str]]:
    for line in text.splitlines():
        parts = _LISTENER.match(line)
        if parts is None:
            continue
        host = parts[1].strip("[]").partition("%")[0]
        user = _USER.search(parts[3])
        who = f"{user[1]} (process {user[2]})" if user and user[1] != "docker-proxy" else "docker-proxy" if user else ""
        try:
            yield ip_address("::" if host == "*" else host), int(parts[2]), who or "a program that only root can see"
        except ValueError:
            continue
