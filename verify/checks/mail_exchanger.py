"""Where a domain's MX records lead."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from functools import partial

from verify.checks.declared import SEE_PUBLISHED, served
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for domain in look.expected.domains:
        question = Question(check="mx-target", domain=domain, expected="hosts with an address of their own, no alias")
        yield Probe(group="records", about=(question,), look=partial(_targets, look, question))


async def _targets(look: Look, question: Question) -> list[Result]:
    texts = (await served(look, question.domain, "MX")).texts
    targets = [text.split()[-1] for text in texts]
    if not targets:
        return [question.skipped(f"{SEE_PUBLISHED}the domain has no MX record")]
    if targets == ["."]:
        return [question.skipped(f"{SEE_PUBLISHED}the MX record says that the domain receives no mail (RFC 7505)")]
    if missing := [target for target in targets if await _lacks_declared_address(look, target)]:
        return [question.skipped(f"{SEE_PUBLISHED}{missing[0]} has no address")]
    faults = [fault for fault in await asyncio.gather(*(_fault(look, target) for target in targets)) if fault]
    if faults:
        return [question.fails("; ".join(found for found, _ in faults), faults[0][1])]
    return [question.passes(", ".join(targets))]


async def _fault(look: Look, target: str) -> tuple[str, str] | None:
    """Return what is wrong with an MX target, and the mend."""
    if target == ".":
        return "an MX that says that the domain receives no mail, beside others", "Remove the MX record `0 .`."
    if _is_address(target):
        return f"{target} is an address", "Give the MX record the name of a host in place of its address."
    answers = await asyncio.gather(*(served(look, target, kind) for kind in ("A", "AAAA")))
    if any(len(answer.chain) > 1 for answer in answers):
        alias = next(answer.chain[1] for answer in answers if len(answer.chain) > 1)
        return (
            f"{target} is an alias (CNAME) of {alias.to_text(omit_final_dot=True)}",
            "Let the MX record name the host itself: some servers deliver nothing to an alias.",
        )
    if not any(answer.records for answer in answers):
        return f"{target} has no address", "Give that host an A or AAAA record, or let the MX record name another one."
    return None


async def _lacks_declared_address(look: Look, target: str) -> bool:
    if not look.expected.addresses(target):
        return False
    four, six = await asyncio.gather(served(look, target, "A"), served(look, target, "AAAA"))
    return not four.records and not six.records


def _is_address(target: str) -> bool:
    try:
        ipaddress.ip_address(target.strip("[]"))
    except ValueError:
        return False
    return True
