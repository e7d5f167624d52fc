"""Runs of the command `python -m verify` with checks that find what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from verify import cli
from verify.catalogue import CHECKS, Check
from verify.changes import Changes
from verify.look import Look
from verify.probe import Probe
from verify.report.outcome import Outcome
from verify.result import Question, Result
from verify.scores import by_domain

MX = "mail.one.test"
OUTPUTS = {
    "mail_host": MX,
    "endpoints": {"smtp": {"host": MX, "port": 25}},
    "domains": {name: {"records": [], "dkim": {}} for name in ("one.test", "two.test", "xn--bcher-kva.test")},
    "account_passwords": {"mail@one.test": "the-password"},
}
CATALOGUE = (
    Check(
        id="alpha",
        group="records",
        title="first letter",
        means="It is looked at.",
        source="RFC 1",
        mecsa=("integrity",),
        internet_nl="IPv6",
    ),
    Check(
        id="beta",
        group="records",
        title="second letter",
        means="It is looked at.",
        source="RFC 2",
        mecsa=("integrity", "confidential delivery"),
    ),
    Check(
        id="gamma",
        group="transport",
        title="third letter",
        means="It is looked at.",
        source="RFC 3",
        internet_nl="STARTTLS and DANE",
    ),
)


def question(check: str = "alpha", domain: str = "one.test", subject: str = "the letter") -> Question:
    return Question(check=check, domain=domain, subject=subject, expected="a letter")


@dataclass
class World:
    """What the checks find; a test changes it.

    Attributes:
        rows: one probe for each.
        rounds: the probes of each look that was taken, as `check domain`.
        meanwhile: called before each row but the first is found.
        looks: how it was looked at.
    """

    rows: list[Result] = field(default_factory=lambda: [question().passes("it")])
    rounds: list[list[str]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    looks: list[Look] = field(default_factory=list)

    def probes(self, look: Look) -> Iterator[Probe]:
        self.looks.append(look)
        self.rounds.append([])
        ran = self.rounds[-1]
        for number, row in enumerate(self.rows):

            async def find(number: int = number) -> list[Result]:
                if number:
                    self.meanwhile()
                row = self.rows[number]
                ran.append(f"{row.check} {row.domain}")
                return [row]

            about = question(row.check, row.domain, row.subject)
            yield Probe(group=CHECKS[row.check].group, about=(about,), look=find)


@dataclass
class Command:
    """The command, with a stack's outputs in a file."""

    file: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Return its exit code and what it printed."""
        return self.plain("--outputs", str(self.file), "--resolver", "192.0.2.53", *arguments)

    def plain(self, *arguments: str) -> tuple[int, str, str]:
        """The same, without the outputs."""
        self.capture.readouterr()
        code = cli.main(arguments)
        printed = self.capture.readouterr()
        return code, printed.out, printed.err


def outcome(
    results: Sequence[Result],
    *,
    domains: Sequence[str] = ("one.test",),
    changes: Changes | None = None,
    complete: bool = True,
) -> Outcome:
    return Outcome(
        name="dev",
        mail_host=MX,
        domains=domains,
        results=results,
        started=datetime(2026, 6, 1, 12, tzinfo=UTC),
        seconds=1.4,
        complete=complete,
        scores=by_domain(results, domains, {check.id: check for check in CATALOGUE}),
        changes=changes,
    )
