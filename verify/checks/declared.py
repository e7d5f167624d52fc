"""What a stack declares, by the domain that it is listed under, and what DNS serves of it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from mail import mta_sts
from mail.records import Record
from verify.dns_client import Answer
from verify.failures import Failure
from verify.look import Look
from verify.result import Question, Result

SEE_PUBLISHED = "see `published`: "


def zones(look: Look) -> dict[str, Sequence[Record]]:
    """Return what is declared, by the domain (or MX host) that it is listed under."""
    declared: dict[str, Sequence[Record]] = {}
    if look.expected.host_records:
        declared[look.expected.mail_host] = look.expected.host_records
    return declared | {name: domain.records for name, domain in look.expected.domains.items()}


def owner_of(look: Look, name: str) -> str | None:
    """Return the domain (or MX host) whose records a name belongs to, None where that is somebody else's."""
    labels = name.split(".")
    for start in range(len(labels)):
        parent = ".".join(labels[start:])
        if parent in look.expected.domains or (look.expected.host_records and parent == look.expected.mail_host):
            return parent
    return None


async def served(look: Look, name: str, kind: str) -> Answer:
    """Return what authoritative servers answer for the stack's own names, and the resolver for those of others.

    Raises:
        Failure: there is no answer.
    """
    owner = owner_of(look, name)
    return await (look.dns.ask(name, kind) if owner is None else look.dns.served(name, kind, owner))


async def is_as_declared(look: Look, name: str, kind: str) -> bool:
    """Tell whether all that is declared for a name and type is served.

    Raises:
        Failure: there is no answer.
    """
    declared = {
        record.value
        for records in zones(look).values()
        for record in records
        if record.name == name and record.type == kind
    }
    return declared <= set((await served(look, name, kind)).texts)


def policy_hosts(look: Look) -> dict[str, str]:
    """Return the hosts of the policies, by domain."""
    return {
        name: mta_sts.policy_host(name) for name, domain in look.expected.domains.items() if domain.mta_sts is not None
    }


async def or_unknown(question: Question, judging: Awaitable[Result]) -> Result:
    """Return the result, *unknown* where it could not be looked at."""
    try:
        return await judging
    except Failure as failure:
        return question.unknown(str(failure), failure.mend)
