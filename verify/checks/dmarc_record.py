"""DMARC as served: its form, how strict it is, and whether those who get reports agreed to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from mail import dmarc, report_uri
from mail.dmarc import Dmarc
from mail.records import external_rua_domains
from verify.checks.declared import SEE_PUBLISHED, is_as_declared, or_unknown, owner_of, served
from verify.checks.single import dmarc_of
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The questions on one domain's record."""

    record: Question
    policy: Question
    reports: Question


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for domain in look.expected.domains:
        name = dmarc.record_name(domain)
        questions = Questions(
            record=Question(check="dmarc-record", domain=domain, subject=name, expected="a DMARC record by RFC 9989"),
            policy=Question(check="dmarc-policy", domain=domain, subject=name, expected="p=quarantine or p=reject"),
            reports=Question(
                check="dmarc-reports", domain=domain, subject=name, expected="everybody who gets reports agreed to it"
            ),
        )
        yield Probe(
            group="records",
            about=(questions.record, questions.policy, questions.reports),
            look=partial(_all, look, domain, questions),
        )


async def _all(look: Look, domain: str, questions: Questions) -> list[Result]:
    name = dmarc.record_name(domain)
    everything = (questions.record, questions.policy, questions.reports)
    texts = dmarc_of((await served(look, name, "TXT")).texts)
    if not texts:
        return [question.skipped(f"{SEE_PUBLISHED}{name} has no DMARC record") for question in everything]
    if len(texts) > 1:
        return [question.skipped(f"see `dmarc-single`: {name} has {len(texts)} records") for question in everything]
    try:
        parsed = dmarc.parse(texts[0])
    except ValueError as error:
        skipped = "see `dmarc-record`: the record does not parse"
        return [
            questions.record.fails(str(error), "Correct the domain's `dmarc`, then run `pulumi up`."),
            questions.policy.skipped(skipped),
            questions.reports.skipped(skipped),
        ]
    return [
        questions.record.passes(texts[0]),
        _policy(questions.policy, parsed),
        await or_unknown(questions.reports, _reports(look, questions.reports, domain, parsed)),
    ]


def _policy(question: Question, parsed: Dmarc) -> Result:
    if parsed.policy == "none":
        return question.warns(
            "p=none collects reports only: forged mail is delivered",
            "Once the reports show that your own mail passes, write p=quarantine in the domain's `dmarc`.",
        )
    if parsed.testing:
        return question.warns(
            f"p={parsed.policy} with t=y: receivers do less than the policy says",
            "Once the reports show that your own mail passes, take t=y out of the domain's `dmarc`.",
        )
    return question.passes(f"p={parsed.policy}")


async def _reports(look: Look, question: Question, domain: str, parsed: Dmarc) -> Result:
    uris = (*parsed.rua, *parsed.ruf)
    if not uris:
        return question.warns(
            "nobody gets reports: no rua",
            "Add rua=mailto:ADDRESS to the domain's `dmarc`, to learn who sends in its name.",
        )
    hosts = external_rua_domains(uris, domain)
    if not hosts:
        return question.passes("reports stay within the domain")
    agreed = await asyncio.gather(*(_agrees(look, domain, host) for host in hosts))
    if missing := [name for name, found in agreed if found == "missing"]:
        return question.fails(
            f"no TXT record v=DMARC1 at {', '.join(missing)}",
            f"No report is sent there: have who runs that domain add `{missing[0]} TXT v=DMARC1`, or report elsewhere.",
        )
    if declared := [name for name, found in agreed if found == "declared"]:
        return question.skipped(f"{SEE_PUBLISHED}{declared[0]} is not as declared")
    mailboxes = [parts[1] for uri in uris if (parts := report_uri.addressee(uri)) and parts[1] in hosts]
    for host in dict.fromkeys(mailboxes):
        if owner_of(look, host) is None and not await _receives(look, host):
            return question.warns(
                f"{host} has neither MX nor address", "Reports cannot be delivered there: name another address in rua."
            )
    return question.passes(f"{', '.join(hosts)} agreed")


async def _agrees(look: Look, domain: str, host: str) -> tuple[str, str]:
    """Return the name of the record by which a host agrees (RFC 9990), and `agreed`, `missing` or `declared`.

    `*._report._dmarc.HOST` agrees for every domain: a wildcard answers for this name as well.
    """
    name = f"{domain}._report._dmarc.{host}"
    if dmarc_of((await served(look, name, "TXT")).texts):
        return name, "agreed"
    return name, "missing" if await is_as_declared(look, name, "TXT") else "declared"


async def _receives(look: Look, host: str) -> bool:
    """Tell whether a host can receive mail: it has an MX record, but not the null MX, or an address."""
    exchangers, four, six = await asyncio.gather(*(look.dns.ask(host, kind) for kind in ("MX", "A", "AAAA")))
    if exchangers.texts:
        return exchangers.texts != ["0 ."]
    return bool(four.records or six.records)
