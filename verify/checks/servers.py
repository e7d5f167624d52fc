"""Whether every authoritative server of a zone serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

import dns.flags
import dns.rdatatype

from verify.checks.declared import or_unknown, zones
from verify.dns_client import Answer, DnsRefusal, Server
from verify.failures import Failure, Gibberish, NoRoute
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

REPAIR = "Look at that server with the DNS provider, or take it out of the zone's NS records and the delegation."


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for owner in zones(look):
        question = Question(check="dns-servers", domain=owner, expected="answers for the zone, with authority")
        yield Probe(group="records", about=(question,), look=partial(_servers, look, question))


async def _servers(look: Look, question: Question) -> list[Result]:
    zone = await look.dns.zone_of(question.domain)
    servers = await look.dns.authoritative(question.domain) if zone != "." else []
    if not servers:
        return [
            question.unknown(
                f"no name server of {question.domain} can be found",
                "Look whether the domain is registered and delegated to your DNS provider's servers.",
            )
        ]
    answers = await asyncio.gather(*(_soa(look, zone, server) for server in servers))
    serials = [serial for answer in answers if (serial := _serial(answer)) is not None]
    judged = [
        _judged(_of(question, str(server)), answer, serials) for server, answer in zip(servers, answers, strict=True)
    ]
    unseen = set((await look.dns.ask(zone, "NS")).texts) - {server.name for server in servers}
    lost = (_of(question, host) for host in sorted(unseen))
    return judged + list(await asyncio.gather(*(or_unknown(host, _without_address(look, host)) for host in lost)))


async def _without_address(look: Look, question: Question) -> Result:
    await look.dns.addresses(question.subject)  # which fails where it cannot be known
    return question.fails("a name server without an address", REPAIR)


async def _soa(look: Look, zone: str, server: Server) -> Answer | Failure:
    try:
        return await look.dns.ask(zone, "SOA", server)
    except Failure as failure:
        return failure


def _of(question: Question, subject: str) -> Question:
    return Question(check=question.check, domain=question.domain, subject=subject, expected=question.expected)


def _serial(answer: Answer | Failure) -> int | None:
    """The zone's serial where the server serves it."""
    if isinstance(answer, Failure) or not answer.message.flags & dns.flags.AA or not answer.records:
        return None
    return int(getattr(answer.records[0], "serial"))  # noqa: B009 - rdata has its attributes from its type


def _judged(question: Question, answer: Answer | Failure, serials: Sequence[int]) -> Result:
    if isinstance(answer, NoRoute) or (
        isinstance(answer, Failure) and not serials and not isinstance(answer, Gibberish | DnsRefusal)
    ):
        return question.unknown(str(answer), answer.mend)
    if isinstance(answer, Failure):
        return question.fails(str(answer), REPAIR)
    serial = _serial(answer)
    if serial is None:
        authority = "with" if answer.message.flags & dns.flags.AA else "without"
        soa = "an SOA record" if answer.records else "no SOA record"
        return question.fails(f"answers {authority} authority and with {soa}: it does not serve the zone", REPAIR)
    others = [other for other in serials if other != serial]
    if others:
        return question.warns(
            f"serial {serial}, others have {', '.join(map(str, sorted(set(others))))}",
            "Wait a minute and look again: a server is behind; if it stays so, ask the DNS provider why.",
        )
    return question.passes(f"serial {serial}")
