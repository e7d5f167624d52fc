"""How long others keep the records: what a resolver still has, and what the servers let it keep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

import dns.rdatatype

from mail.records import AUTOMATIC_TTL, Record
from verify.checks.declared import SEE_PUBLISHED, or_unknown, zones
from verify.dns_client import Answer
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

SHORTEST, LONGEST = 30, 86_400
MOST_SHOWN = 3


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for owner, records in zones(look).items():
        resolver = Question(
            check="resolver", domain=owner, expected="the recursive resolver answers as the zone's own servers do"
        )
        ttl = Question(check="ttl", domain=owner, expected=f"as declared, from {SHORTEST} s to {LONGEST} s")
        yield Probe(group="records", about=(resolver, ttl), look=partial(_both, look, resolver, ttl, records))


async def _both(look: Look, resolver: Question, ttl: Question, records: Sequence[Record]) -> list[Result]:
    return list(
        await asyncio.gather(
            or_unknown(resolver, _resolver(look, resolver, records)), or_unknown(ttl, _ttl(look, ttl, records))
        )
    )


async def _resolver(look: Look, question: Question, records: Sequence[Record]) -> Result:
    asked = list(dict.fromkeys((record.name, record.type) for record in records))
    server_answers, answers = await asyncio.gather(
        asyncio.gather(*(look.dns.served(name, kind, question.domain) for name, kind in asked)),
        asyncio.gather(*(look.dns.ask(name, kind) for name, kind in asked)),
    )
    stale = [
        f"{name} {kind}: {_shown(old)}, kept for up to {_kept(old)} s, and the servers say {_shown(new)}"
        for (name, kind), old, new in zip(asked, answers, server_answers, strict=True)
        if old.texts != new.texts
    ]
    if not stale:
        return question.passes(f"{len(asked)} answers are the same")
    return question.fails(
        _first(stale),
        f"Wait until {look.dns.resolver} has forgotten the old answer, or let this wait for it: `--wait 15m`.",
    )


async def _ttl(look: Look, question: Question, records: Sequence[Record]) -> Result:
    answers = await asyncio.gather(*(look.dns.served(record.name, record.type, question.domain) for record in records))
    served = [(record, answer.ttl) for record, answer in zip(records, answers, strict=True) if answer.ttl is not None]
    if not served:
        return question.skipped(f"{SEE_PUBLISHED}none of the records is served")
    other = [
        f"{record.name} {record.type}: {ttl} s in place of {record.ttl} s"
        for record, ttl in served
        if record.ttl not in (AUTOMATIC_TTL, ttl)
    ]
    if other:
        return question.warns(_first(other), "Run `pulumi up --refresh`: it puts back what was changed by hand.")
    extreme = [f"{record.name} {record.type}: {ttl} s" for record, ttl in served if not SHORTEST <= ttl <= LONGEST]
    if extreme:
        return question.warns(
            _first(extreme),
            "Set the TTL to 300 s or so: a long one delays every change, a short one asks the servers all the time.",
        )
    return question.passes(f"from {min(ttl for _, ttl in served)} s to {max(ttl for _, ttl in served)} s")


def _shown(answer: Answer) -> str:
    return ", ".join(answer.texts) or "nothing"


def _kept(answer: Answer) -> int:
    """Seconds that the resolver may keep an answer, also that there is nothing (RFC 2308 section 5)."""
    if answer.ttl is not None:
        return answer.ttl
    soa = [rrset.ttl for rrset in answer.message.authority if rrset.rdtype == dns.rdatatype.SOA]
    return min(soa, default=0)


def _first(found: Sequence[str]) -> str:
    more = len(found) - MOST_SHOWN
    return "; ".join(found[:MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")
