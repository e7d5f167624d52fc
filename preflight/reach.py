"""Where the server will stand in the world: the names of its addresses, and the way out for its mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import dns.reversename

import plan
from preflight.stack import Stack
from stack_file.server import SmartHost
from verify.checks import outbound
from verify.conversation import connected
from verify.dns_client import DnsClient
from verify.expectation import Expectation
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result


def probes(stack: Stack, dns_client: DnsClient) -> Iterator[Probe]:
    """Give the probes of the addresses' names and of the way out."""
    server = stack.settings.server
    for address in filter(None, (server.ipv4, server.ipv6)):
        question = Question(check="ptr", domain=server.hostname, subject=f"PTR of {address}", expected=server.hostname)
        yield Probe(group="preflight", about=(question,), look=partial(_ptr, question, str(address), dns_client))
    if server.smart_host is None:
        yield from outbound.probes(_as_expected(stack, dns_client))
        return
    relay = server.smart_host
    question = Question(
        check="outbound-25",
        domain=server.hostname,
        subject=f"port {relay.port} of {relay.host}",
        expected="the smart host takes connections",
    )
    yield Probe(group="preflight", about=(question,), look=partial(_smart_host, question, relay, dns_client))


def _as_expected(stack: Stack, dns_client: DnsClient) -> Look:
    """What the checker would look at after `pulumi up`, as far as it is about the mail server's host."""
    expected = Expectation(
        mail_host=stack.settings.server.hostname,
        endpoints={},
        domains={},
        host_records=plan.host_records(stack.settings),
    )
    return Look(expected=expected, dns=dns_client, now=datetime.now(UTC))


async def _ptr(question: Question, address: str, dns_client: DnsClient) -> list[Result]:
    answer = await dns_client.ask(str(dns.reversename.from_address(address)).removesuffix("."), "PTR")
    if question.expected in answer.texts:
        return [question.passes(", ".join(answer.texts))]
    mend = f"Set the reverse DNS (PTR) of {address} to {question.expected} at the hosting provider."
    return [question.warns(", ".join(answer.texts) or "no PTR record", mend)]


async def _smart_host(question: Question, relay: SmartHost, dns_client: DnsClient) -> list[Result]:
    addresses = await dns_client.addresses(relay.host)
    mend = "Correct server.smartHost, or have the port opened on the way out."
    if not addresses:
        return [question.fails(f"{relay.host} has no address", mend)]
    failed: list[str] = []
    for address in addresses:
        try:
            async with connected(address, relay.port):
                return [question.passes(f"{address} takes connections")]
        except Failure as failure:
            failed.append(str(failure))
    return [question.fails("; ".join(failed), mend)]
