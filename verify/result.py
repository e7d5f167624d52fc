"""What a check found, and how it is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from verify.printable import printable

Verdict = Literal["pass", "warn", "fail", "unknown", "skipped"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_SEE = re.compile(r"see `([a-z0-9-]+)`")


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the table.

    Attributes:
        check: id in the catalogue.
        domain: the mail domain, or the MX host, that it is about.
        subject: what exactly was looked at, such as a record's name or `25 on 198.51.100.25`; with `check` and
            `domain` it names the row.
        expected: what should be.
        found: what is; text from the network is made printable here.
        verdict: `unknown` where it could not be looked at, `skipped` where there is nothing to look at from here.
        mend: one sentence saying what to do (for `skipped`: why); empty exactly where the verdict is pass.
    """

    check: str
    domain: str
    subject: str = ""
    expected: str
    found: str
    verdict: Verdict
    mend: str = ""

    def __post_init__(self) -> None:
        """Make all texts printable.

        Raises:
            ValueError: a verdict other than pass has no sentence, or a pass has one.
        """
        if (self.verdict == "pass") == bool(self.mend):
            raise ValueError(f"{self.check}: the verdict {self.verdict} with the sentence {self.mend!r}")
        for field in ("subject", "expected", "found", "mend"):
            object.__setattr__(self, field, printable(getattr(self, field)))

    @property
    def see(self) -> str:
        """For `skipped` the check whose finding is the reason; "" where there is another reason."""
        named = _SEE.match(self.mend) if self.verdict == "skipped" else None
        return named[1] if named else ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same from run to run."""
        return self.domain, self.check, self.subject


@dataclass(frozen=True, kw_only=True)
class Question:
    """A check that is about to be judged: its methods make the `Result`."""

    check: str
    domain: str
    subject: str = ""
    expected: str

    def passes(self, found: str) -> Result:
        """It is as it should be."""
        return self._result("pass", found, "")

    def warns(self, found: str, mend: str) -> Result:
        """It works, and could be better."""
        return self._result("warn", found, mend)

    def fails(self, found: str, mend: str) -> Result:
        """It is wrong."""
        return self._result("fail", found, mend)

    def unknown(self, found: str, mend: str) -> Result:
        """It could not be looked at."""
        return self._result("unknown", found, mend)

    def skipped(self, reason: str) -> Result:
        """There is nothing to look at, or not from here."""
        return self._result("skipped", "", reason)

    def _result(self, verdict: Verdict, found: str, mend: str) -> Result:
        return Result(
            check=self.check,
            domain=self.domain,
            subject=self.subject,
            expected=self.expected,
            found=found,
            verdict=verdict,
            mend=mend,
        )
