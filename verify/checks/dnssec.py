"""Whether a domain's zone, and that of the mail host, are signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from mail import names
from verify.checks.declared import or_unknown
from verify.checks.dnssec_chain import ROOT_ANCHORS, Broken, Chain, Unseen, Unsigned
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

RESERVED = (
    *("test", "example", "invalid", "localhost", "local", "internal", "home.arpa"),
    *("example.com", "example.net", "example.org"),
)
"""RFC 6761, RFC 2606, RFC 8375 and what ICANN set aside: names that the root does not delegate to anybody."""


def probes(look: Look, anchors: Sequence[Any] = ROOT_ANCHORS) -> Iterator[Probe]:
    """Give one probe a domain; `anchors` are DS records of the root's keys."""
    chain = Chain(look.dns, look.now, anchors)
    for domain in look.expected.domains:
        question = Question(check="dnssec", domain=domain, expected="signed, and valid from the root down")
        yield Probe(group="records", about=(question,), look=partial(_dnssec, look, chain, question))


async def _dnssec(look: Look, chain: Chain, question: Question) -> list[Result]:
    sought = [(question.domain, ("MX",)), (look.expected.mail_host, ("A", "AAAA"))]
    if reserved := reserved_under([name for name, _ in sought]):
        return [question.skipped(f"{reserved} is a name for tests and private networks, which the root does not sign.")]
    return [await or_unknown(question, _judged(chain, question, sought))]


def reserved_under(sought: list[str]) -> str | None:
    """Return the reserved name that one of the names is within."""
    return next((name for name in RESERVED if any(names.is_within(candidate, name) for candidate in sought)), None)


async def _judged(chain: Chain, question: Question, sought: list[tuple[str, tuple[str, ...]]]) -> Result:
    zones, unsigned = [], []
    for name, kinds in sought:
        try:
            zones.append(await chain.validate(name, kinds))
        except Unsigned as zone:
            unsigned.append(str(zone))
        except Broken as broken:
            return question.fails(
                str(broken),
                "Validating resolvers do not answer, so that mail from there fails: compare the DS record at the "
                "registrar with the DNS provider's, or remove it until DNSSEC works.",
            )
        except Unseen as unseen:
            return question.unknown(str(unseen), "Give a resolver that does, with `--resolver`.")
    if unsigned:
        return question.warns(
            f"not signed: {', '.join(dict.fromkeys(unsigned))}",
            "Turn on DNSSEC at your DNS provider and put the DS record that it shows at the registrar.",
        )
    return question.passes(f"signed: {', '.join(dict.fromkeys(zones))}")
