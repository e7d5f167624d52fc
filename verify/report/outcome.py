"""All that there is to tell of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from verify.catalogue import CHECKS
from verify.changes import Changes
from verify.process import INTERRUPTED, NOT_JUDGED
from verify.result import VERDICTS, Result, Verdict
from verify.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One run.

    Attributes:
        name: the stack's name, or the file that the outputs came from.
        mail_host: the MX host.
        domains: the mail domains looked at.
        results: what was found.
        started: when, aware.
        seconds: how long it took.
        complete: whether it came to its end; false after Ctrl-C.
        scores: by domain.
        changes: what differs from the last run; None where that was not asked for.
    """

    name: str
    mail_host: str
    domains: Sequence[str]
    results: Sequence[Result]
    started: datetime
    seconds: float
    complete: bool
    scores: Mapping[str, Scores]
    changes: Changes | None = None

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many results there are of each verdict."""
        counted = Counter(result.verdict for result in self.results)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    @property
    def exit_code(self) -> int:
        """0 where nothing is wrong, 1 where something fails, 2 where it could not be judged, 130 after Ctrl-C."""
        if not self.complete:
            return INTERRUPTED
        if self.counts["fail"]:
            return 1
        return NOT_JUDGED if self.counts["unknown"] or not self.results else 0


def group_of(check: str) -> str:
    """Return the group of a check."""
    return CHECKS[check].group if check in CHECKS else "other"
