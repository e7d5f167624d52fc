"""What has been found so far, and looking again at what is not there yet, as after a change of DNS."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from verify.probe import Probe
from verify.result import Result
from verify.run import Report

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 30.0

_Identity = tuple[str, tuple[tuple[str, str, str], ...]]


class LookAgain(Protocol):
    """`verify.examine.examine` with all but these arguments given."""

    def __call__(
        self, *, report: Report, announce: Callable[[Sequence[Probe]], None], wanted: Callable[[Probe], bool]
    ) -> Awaitable[object]:
        """Look at what is wanted, with nothing remembered."""


@dataclass
class Findings:
    """The newest results of every probe that has ended; also what is there of a run that was interrupted."""

    _newest: dict[_Identity, list[Result]] = field(default_factory=dict)

    @property
    def results(self) -> list[Result]:
        """All of them, in the order of the probes."""
        return [result for results in self._newest.values() for result in results]

    @property
    def missing(self) -> list[Result]:
        """What fails or could not be looked at."""
        return [result for result in self.results if _is_missing(result)]

    def expect(self, probes: Sequence[Probe]) -> None:
        """Take down the order of the probes that are about to run."""
        for probe in probes:
            self._newest.setdefault(_identity(probe), [])

    def keep(self, round_: dict[_Identity, list[Result]], probe: Probe, results: Sequence[Result]) -> None:
        """Take down what a probe has found in this round, in place of what it found in an earlier one."""
        identity = _identity(probe)
        round_.setdefault(identity, []).extend(results)
        self._newest[identity] = round_[identity]

    def is_missing(self, probe: Probe) -> bool:
        """Tell whether a probe has to look again."""
        return any(_is_missing(result) for result in self._newest.get(_identity(probe), ()))


async def look(
    look_again: LookAgain,
    findings: Findings,
    *,
    report: Report,
    announce: Callable[[Sequence[Probe]], None],
    wait: float = 0,
    waiting: Callable[[Sequence[Result], float], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Look at everything, then again at what fails or is unknown until it passes or time is up.

    Args:
        look_again: looks, each time as if it were the first.
        findings: where the results go.
        report: called with every probe that has ended.
        announce: called with the probes of a round before it begins.
        wait: seconds from now after which no round begins any more; 0 for one round.
        waiting: called before each pause with what is missing and the seconds left.
        clock: the seconds now.
        sleep: passes the time.
    """

    async def one_round(wanted: Callable[[Probe], bool]) -> None:
        found: dict[_Identity, list[Result]] = {}

        def keep(probe: Probe, results: Sequence[Result]) -> None:
            findings.keep(found, probe, results)
            report(probe, results)

        def expect(probes: Sequence[Probe]) -> None:
            findings.expect(probes)
            announce(probes)

        await look_again(report=keep, announce=expect, wanted=wanted)

    end = clock() + wait
    await one_round(lambda _: True)
    pause = FIRST_PAUSE
    while (missing := findings.missing) and (left := end - clock()) > 0:
        waiting(missing, left)
        await sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)
        await one_round(findings.is_missing)


def _is_missing(result: Result) -> bool:
    return result.verdict in ("fail", "unknown")


def _identity(probe: Probe) -> _Identity:
    return probe.group, tuple((question.check, question.domain, question.subject) for question in probe.about)
