"""Whether the mail server's host gets through to other servers' port 25."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from functools import partial

from verify.conversation import connected
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

TARGET = "gmail.com"
PORT = 25
MEND_BLOCKED = "The provider blocks outgoing port 25: ask for it to be opened, or set `server.smartHost`."
MEND_TARGET = "Try again, with another resolver (`--resolver`) if it stays so."


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe, about IPv4: all large receivers have it."""
    question = Question(
        check="outbound-25",
        domain=look.expected.mail_host,
        subject=f"port 25 of {TARGET}",
        expected="a connection",
    )
    yield Probe(group="reach", about=(question,), look=partial(_judged, look, question), seconds=30)


async def _judged(look: Look, question: Question) -> list[Result]:
    return [await _one(look, question)]


async def _one(look: Look, question: Question) -> Result:
    addresses = [ipaddress.ip_address(text) for text in look.expected.addresses(look.expected.mail_host)]
    if not any(address.is_global for address in addresses):
        said = ", ".join(str(address) for address in addresses) or "there is none"
        return question.skipped(f"the mail server has no address of the Internet ({said})")
    if relay := look.expected.smart_host:
        return question.skipped(f"outgoing mail leaves through {relay.host}, and needs no port 25")
    if not any(is_here(str(address)) for address in addresses):
        return question.skipped("run it on the mail server's host: only from there does it say something")
    try:
        hosts = sorted((await look.dns.ask(TARGET, "MX")).texts, key=lambda text: int(text.split()[0]))
        servers = await look.dns.addresses(hosts[0].split()[1]) if hosts else []
    except Failure as failure:
        return question.unknown(str(failure), failure.mend)
    four = [server for server in servers if ":" not in server]
    if not four:
        return question.unknown(f"no MX host of {TARGET} was found", MEND_TARGET)
    try:
        async with connected(four[0], PORT):
            return question.passes(f"{four[0]} takes it")
    except Failure as failure:
        return question.fails(str(failure), MEND_BLOCKED)


def is_here(address: str) -> bool:
    """Tell whether this machine has an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as asked:
            asked.bind((address, 0))
    except OSError:
        return False
    return True
