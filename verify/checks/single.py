"""Whether a name has records of a kind beyond the declared one, which confuses or voids it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mail import mta_sts
from mail.records import Record
from verify.checks.declared import SEE_PUBLISHED, or_unknown, policy_hosts, served, zones
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of record of which a name has what is declared and no more.

    Attributes:
        check: its id.
        type: record type.
        pattern: beginning of the text of such a record.
        called: what such a record is called.
        effect: what a second one does to mail.
    """

    check: str
    type: str
    pattern: re.Pattern[str] = re.compile("")
    called: str
    effect: str


MX = Kind(
    check="mx-single",
    type="MX",
    called="MX",
    effect="other servers also deliver mail there: remove it at the DNS provider, or declare it",
)
SPF = Kind(
    check="spf-single",
    type="TXT",
    pattern=re.compile(r"v=spf1( |$)", re.IGNORECASE),
    called="SPF",
    effect="with two, receivers find a permanent error (permerror) and no sender is authorised: make one of them",
)
DMARC = Kind(
    check="dmarc-single",
    type="TXT",
    pattern=re.compile(r"v\s*=\s*DMARC1\s*(;|$)"),
    called="DMARC",
    effect="with two, receivers ignore both, and forged mail is not held up: remove it at the DNS provider",
)
MTA_STS = Kind(
    check="mta-sts-single",
    type="TXT",
    pattern=re.compile(r"v=STSv1\s*(;|$)"),
    called="MTA-STS",
    effect="with two, senders take it that there is no MTA-STS policy: remove it at the DNS provider",
)
NO_MTA_STS = replace(
    MTA_STS,
    effect=(
        "where a policy is served that does not name this MX host, senders hold mail back: remove it at the DNS "
        "provider, unless the policy is served elsewhere on purpose"
    ),
)
TLS_RPT = Kind(
    check="tls-rpt-single",
    type="TXT",
    pattern=re.compile(r"v=TLSRPTv1\s*(;|$)"),
    called="TLS-RPT",
    effect="with two, senders send no reports: remove it at the DNS provider",
)
DKIM = Kind(
    check="dkim-single",
    type="TXT",
    called="DKIM key",
    effect="with two keys at a selector, receivers take either, and signatures fail at times: remove it",
)
ADDRESS4, ADDRESS6 = (
    Kind(
        check="address-single",
        type=kind,
        called=kind,
        effect="a part of all connections goes there: remove it at the DNS provider, or declare it",
    )
    for kind in ("A", "AAAA")
)


def spf_of(texts: Sequence[str]) -> list[str]:
    """Return the SPF records among a name's texts (RFC 7208 section 4.5)."""
    return [text for text in texts if SPF.pattern.match(text)]


def dmarc_of(texts: Sequence[str]) -> list[str]:
    """Return the DMARC records among a name's texts (RFC 9989 section 4.10)."""
    return [text for text in texts if DMARC.pattern.match(text)]


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for owner, records in zones(look).items():
        sought = _sought(look, records)
        if owner in look.expected.domains and look.expected.domains[owner].mta_sts is None:
            sought[mta_sts.record_name(owner), NO_MTA_STS] = []
        questions = {
            (name, kind): Question(
                check=kind.check,
                domain=owner,
                subject=f"{name} {kind.type}",
                expected="only: " + (", ".join(values) or "none"),
            )
            for (name, kind), values in sought.items()
        }
        if questions:
            yield Probe(group="records", about=tuple(questions.values()), look=partial(_all, look, sought, questions))


def _sought(look: Look, records: Sequence[Record]) -> dict[tuple[str, Kind], list[str]]:
    """Return the declared values by name and kind; a host with an address of one family should have no other one."""
    hosts = {look.expected.mail_host, *policy_hosts(look).values()}
    sought: dict[tuple[str, Kind], list[str]] = {}
    for record in records:
        for kind in _kinds(record, hosts):
            values = sought.setdefault((record.name, kind), [])
            if kind.type == record.type:
                values.append(record.value)
    return sought


def _kinds(record: Record, hosts: set[str]) -> tuple[Kind, ...]:
    match record.type:
        case "MX":
            return (MX,)
        case "A" | "AAAA" if record.name in hosts:
            return ADDRESS4, ADDRESS6
        case "TXT" if "._domainkey." in record.name:
            return (DKIM,)
        case "TXT" if "._report._dmarc." not in record.name:
            return tuple(kind for kind in (SPF, DMARC, MTA_STS, TLS_RPT) if kind.pattern.match(record.content))
    return ()


async def _all(
    look: Look, sought: dict[tuple[str, Kind], list[str]], questions: dict[tuple[str, Kind], Question]
) -> list[Result]:
    return list(
        await asyncio.gather(
            *(
                or_unknown(questions[name, kind], _one(look, questions[name, kind], name, kind, values, sought))
                for (name, kind), values in sought.items()
            )
        )
    )


async def _one(
    look: Look,
    question: Question,
    name: str,
    kind: Kind,
    values: Sequence[str],
    sought: dict[tuple[str, Kind], list[str]],
) -> Result:
    answers = await look.dns.served_by_each(name, kind.type, question.domain)
    judged = [
        await _judged(look, question, name, kind, values, sought, found)
        for found in dict.fromkeys(tuple(answer.texts) for answer in answers)
    ]
    return min(judged, key=lambda result: result.verdict not in ("fail", "warn"))


async def _judged(
    look: Look,
    question: Question,
    name: str,
    kind: Kind,
    values: Sequence[str],
    sought: dict[tuple[str, Kind], list[str]],
    texts: Sequence[str],
) -> Result:
    """Judge what one server answers."""
    found = [text for text in texts if kind.pattern.match(text)]
    extra = [text for text in found if text not in values]
    if kind.check == "address-single" and not await _leads_there(look, name, sought):
        return question.skipped(f"{SEE_PUBLISHED}{name} points somewhere else")
    if kind is MX and not set(values) <= set(found):
        return question.skipped(f"{SEE_PUBLISHED}{name} has other MX records than the declared one")
    if not found and values:
        return question.skipped(f"{SEE_PUBLISHED}there is none")
    if not extra or (values and len(found) == 1):
        return question.passes(", ".join(found) or "none")
    mend = f"{name} has {kind.called} records that are not the stack's; {kind.effect}."
    said = f"also: {', '.join(extra)}"
    return question.warns(said, mend) if kind is NO_MTA_STS else question.fails(said, mend)


async def _leads_there(look: Look, name: str, sought: dict[tuple[str, Kind], list[str]]) -> bool:
    """Tell whether all declared addresses of a host are served."""
    for kind in (ADDRESS4, ADDRESS6):
        values = sought.get((name, kind), [])
        if values and not set(values) <= set((await served(look, name, kind.type)).texts):
            return False
    return True
