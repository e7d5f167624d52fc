"""SPF as served: its form, what evaluating it costs, and whether the server passes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from mail import spf
from mail.records import Record
from verify.checks.declared import SEE_PUBLISHED, is_as_declared, or_unknown, served, zones
from verify.checks.single import spf_of
from verify.checks.spf_evaluation import Count, counted, evaluated
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

MOST_VOID = 2  # RFC 7208 section 4.6.4
_EVERYBODY = re.compile(r"(^|\s)\+?(all|(ip4|ip6|a|mx)(:\S*)?/0+(//\d+)?)(\s|$)", re.IGNORECASE)
STRANGERS = "240.0.0.1", "100::1"
"""Addresses that no server has (RFC 1112 section 4, RFC 6666)."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """The SPF record of a name; the reason for skipping in place of it where there is not exactly one.

    Attributes:
        name: whose.
        text: the record.
        skip: why nothing can be said of it.
        count: what evaluating it takes.
        stranger: an address that nobody has and that may send all the same, by an include or a large network.
    """

    name: str
    text: str = ""
    skip: str = ""
    count: Count = field(default_factory=Count)
    stranger: str = ""


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for owner, records in zones(look).items():
        names = [record.name for record in records if _is_spf(record)]
        questions = {
            (check, name): Question(check=check, domain=owner, subject=name, expected=expected)
            for name in names
            for check, expected in (
                ("spf-syntax", "an SPF record that receivers can read"),
                ("spf-lookups", f"at most {spf.MOST_LOOK_UPS} look-ups"),
                ("spf-void", f"at most {MOST_VOID} look-ups without an answer"),
            )
        }
        servers = (
            [
                Question(check="spf-server", domain=owner, subject=address, expected="pass")
                for address in look.expected.addresses(look.expected.mail_host)
            ]
            if owner in names and owner in look.expected.domains
            else []
        )
        if questions:
            yield Probe(
                group="records",
                about=(*questions.values(), *servers),
                look=partial(_all, look, names, questions, servers),
            )


def _is_spf(record: Record) -> bool:
    return record.type == "TXT" and bool(spf_of([record.content]))


async def _all(
    look: Look, names: Sequence[str], questions: dict[tuple[str, str], Question], servers: Sequence[Question]
) -> list[Result]:
    found = await asyncio.gather(*(_served(look, name) for name in names))
    results = []
    for record in found:
        for check, judge in (("spf-syntax", _syntax), ("spf-lookups", _look_ups), ("spf-void", _void)):
            question = questions[check, record.name]
            results.append(question.skipped(record.skip) if record.skip else judge(question, record))
    own = {record.name: record for record in found}
    return results + list(
        await asyncio.gather(
            *(or_unknown(question, _server(look, question, own[question.domain])) for question in servers)
        )
    )


async def _served(look: Look, name: str) -> Served:
    texts = spf_of((await served(look, name, "TXT")).texts)
    if not texts:
        return Served(name=name, skip=f"{SEE_PUBLISHED}{name} has no SPF record")
    if len(texts) > 1:
        return Served(name=name, skip=f"see `spf-single`: {name} has {len(texts)} SPF records")
    count = await counted(look.dns, name, texts[0])
    stranger = await _stranger(look, name, texts[0]) if not count.error and count.failure is None else ""
    return Served(name=name, text=texts[0], count=count, stranger=stranger)


async def _stranger(look: Look, name: str, text: str) -> str:
    """Return an address that may send though nobody has it, "" where there is none."""
    if not re.search("[:/=]", text.partition(" ")[2]):
        return ""  # what names no network and no other name authorises the domain's own hosts alone
    found = await asyncio.gather(
        *(
            evaluated(look.dns, address=address, sender=f"postmaster@{name}", helo="stranger.invalid")
            for address in STRANGERS
        )
    )
    return next((address for address, (result, _, _) in zip(STRANGERS, found, strict=True) if result == "pass"), "")


def _syntax(question: Question, record: Served) -> Result:
    count = record.count
    if count.failure is not None and (not count.error or _complaint(record.text) is None):
        return question.unknown(str(count.failure), count.failure.mend)
    complaint = _complaint(record.text)
    if count.error:
        return question.fails(
            f"{record.text}: {complaint or count.error}",
            "Receivers find a permanent error (permerror) and no sender is authorised: correct the domain's `spf`, or "
            "the record that it includes, then run `pulumi up`.",
        )
    if _EVERYBODY.search(record.text):
        found = complaint or f"{record.text}: lets everybody send"
        return question.fails(found, "Write ~all in the domain's `spf`, then run `pulumi up`.")
    if record.stranger:
        return question.fails(
            f"{record.text}: lets everybody send, also {record.stranger}",
            "Take the include or the network that lets everybody send out of the domain's `spf`, then run `pulumi up`.",
        )
    if complaint is not None:
        return question.warns(complaint, "Correct the domain's `spf`, then run `pulumi up`.")
    return question.passes(record.text)


def _complaint(text: str) -> str | None:
    """Return what is wrong with a record by itself; that it takes too many look-ups is another check's matter."""
    try:
        spf.check(text)
    except ValueError as error:
        return None if "DNS look-ups" in str(error) else str(error)
    return None


def _uncounted(question: Question, count: Count) -> Result | None:
    if count.failure is not None:
        return question.unknown(str(count.failure), count.failure.mend)
    if count.error:
        return question.skipped("see `spf-syntax`: receivers cannot evaluate the record")
    return None


def _look_ups(question: Question, record: Served) -> Result:
    if record.count.look_ups > spf.MOST_LOOK_UPS:
        return question.fails(
            f"{record.count.look_ups} look-ups, more than {spf.MOST_LOOK_UPS}",
            "Receivers stop there with a permanent error (permerror) and no sender is authorised: replace some "
            "`include`, `a` and `mx` by `ip4` and `ip6` in the domain's `spf`, then run `pulumi up`.",
        )
    if record.count.void > MOST_VOID:
        return question.skipped("see `spf-void`: receivers stop before the end of the record")
    return _uncounted(question, record.count) or question.passes(f"look-ups: {record.count.look_ups}")


def _void(question: Question, record: Served) -> Result:
    if record.count.void > MOST_VOID:
        return question.fails(
            f"{record.count.void} look-ups find nothing, more than {MOST_VOID}",
            "Receivers stop there with a permanent error (permerror) and no sender is authorised: take the names that "
            "are no more out of the domain's `spf`, then run `pulumi up`.",
        )
    return _uncounted(question, record.count) or question.passes(f"without an answer: {record.count.void}")


async def _server(look: Look, question: Question, record: Served) -> Result:
    if record.skip:
        return question.skipped(record.skip)
    if record.count.failure is not None:
        return question.unknown(str(record.count.failure), record.count.failure.mend)
    if record.count.error:
        return question.skipped("see `spf-syntax`: receivers cannot evaluate the record")
    if record.count.look_ups > spf.MOST_LOOK_UPS:
        return question.skipped("see `spf-lookups`: receivers stop before the end of the record")
    if record.count.void > MOST_VOID:
        return question.skipped("see `spf-void`: receivers stop before the end of the record")
    if reason := await _inputs_differ(look, question.domain):
        return question.skipped(reason)
    if relay := look.expected.smart_host:
        return question.skipped(f"outgoing mail leaves through {relay.host}: its provider says what SPF has to include")
    host = look.expected.mail_host
    result, why, failure = await evaluated(
        look.dns, address=question.subject, sender=f"postmaster@{question.domain}", helo=host
    )
    if result == "pass":
        return question.passes("pass")
    if failure is not None or result == "temperror":
        return question.unknown(f"{result}: {why}", (failure or Failure()).mend)
    return question.fails(
        f"{result}: {why}",
        f"Mail from {question.subject} is not authorised: add `mx` or that address to the domain's `spf`, then run "
        "`pulumi up`.",
    )


async def _inputs_differ(look: Look, domain: str) -> str:
    """Say why the evaluation would tell nothing of the record itself: what it leads to is not as declared."""
    host = look.expected.mail_host
    kinds = [(domain, "MX"), (domain, "TXT"), (host, "A"), (host, "AAAA")]
    for name, kind in kinds:
        if kind != "TXT" and not await is_as_declared(look, name, kind):
            return f"{SEE_PUBLISHED}{name} {kind} is not as declared"
        if (await served(look, name, kind)).texts != (await look.dns.ask(name, kind)).texts:
            return f"see `resolver`: it has another {name} {kind} than the servers"
    return ""
