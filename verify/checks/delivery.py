"""Mail that really comes and goes, with the stack's own accounts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from verify.catalogue.delivery import DELIVERY
from verify.checks import login, outside, round_trip
from verify.checks.access import Access
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

NO_PASSWORDS = "the outputs have no passwords: give what `pulumi stack output --json --show-secrets` prints"
PROBE_SECONDS = 50.0
SECONDS_A_DOMAIN = 0.5
"""For the wait until it is a domain's turn."""


def probes(look: Look) -> Iterator[Probe]:
    """Give the probes of the group; without passwords, one that says so for each check."""
    access = Access(look)
    if not access.passwords:
        questions = tuple(
            Question(check=check.id, domain=look.expected.mail_host, expected=check.title)
            for check in DELIVERY
            if check.id != "outside" or look.send_to
        )
        yield Probe(group="delivery", about=questions, look=partial(_without_passwords, questions))
        return
    seconds = PROBE_SECONDS + SECONDS_A_DOMAIN * len(look.expected.domains)
    yield from round_trip.probes(access, seconds)
    yield from login.probes(access, seconds)
    yield from outside.probes(access, seconds)


async def _without_passwords(questions: tuple[Question, ...]) -> list[Result]:
    return [question.skipped(NO_PASSWORDS) for question in questions]
