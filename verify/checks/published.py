"""Every declared record, as each authoritative server answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

from mail.records import Record
from verify.checks.declared import policy_hosts, zones
from verify.dns_client import Answer, Server
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

MENDS = {
    "none": "Run `pulumi up`: it makes the record again.",
    "other": "Run `pulumi up --refresh`: it puts back what was changed by hand.",
    "address": (
        "Is it proxied (the orange cloud at Cloudflare)? Mail and its policy cannot pass a web proxy: turn that "
        "off, or run `pulumi up --refresh`, which puts back what was changed by hand."
    ),
}


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for owner, records in zones(look).items():
        questions = tuple(question_on(owner, record) for record in records)
        yield Probe(group="records", about=questions, look=partial(_published, look, owner, records))


def question_on(owner: str, record: Record) -> Question:
    """Return the question whether a record is served as declared."""
    return Question(check="published", domain=owner, subject=f"{record.name} {record.type}", expected=record.value)


async def _published(look: Look, owner: str, records: Sequence[Record]) -> list[Result]:
    servers = await look.dns.authoritative(owner)
    return list(await asyncio.gather(*(_one(look, question_on(owner, record), record, servers) for record in records)))


async def _one(look: Look, question: Question, record: Record, servers: Sequence[Server]) -> Result:
    answers = await asyncio.gather(
        *(look.dns.ask(record.name, record.type, server) for server in servers), return_exceptions=True
    )
    said = {server: answer for server, answer in zip(servers, answers, strict=True) if isinstance(answer, Answer)}
    if not said:
        failure = next((answer for answer in answers if isinstance(answer, Failure)), Failure("no server answers"))
        return question.unknown(str(failure), failure.mend)
    for server, answer in said.items():
        if record.value not in answer.texts:
            found = f"{server} answers: {', '.join(answer.texts) or 'nothing'}"
            return question.fails(found, MENDS[_reason(look, record, answer)])
    silent = ", ".join(str(server) for server in servers if server not in said)
    return question.passes(f"{record.value}{f' (no answer from {silent})' if silent else ''}")


def _reason(look: Look, record: Record, answer: Answer) -> str:
    if not answer.texts:
        return "none"
    hosts = {look.expected.mail_host, *policy_hosts(look).values()}
    return "address" if record.type in ("A", "AAAA") and record.name in hosts else "other"
