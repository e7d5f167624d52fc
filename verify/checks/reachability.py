"""Whether a port takes connections, and what it means for the checks behind where it does not."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import replace

from verify.failures import Failure, NoRoute, Refused
from verify.result import Question, Result

SMTP_PORT = 25

Because = Callable[[Question], Result]
"""Says of a check why it could not be judged."""

_WORST_FIRST = ("fail", "warn", "pass", "unknown", "skipped")


def see(check: str, why: str) -> Because:
    """Return that another check tells the reason."""
    return lambda question: question.skipped(f"see `{check}`: {why}")


def not_seen(failure: Failure) -> Because:
    """Return that it could not be looked at."""
    return lambda question: question.unknown(str(failure), failure.mend)


def judge(question: Question, address: str, port: int, failure: Failure | None) -> Result:
    """Return the result of a connection to a port."""
    if failure is None:
        return question.passes("connected")
    if isinstance(failure, Refused):
        return question.fails(str(failure), f"Start the server, or open port {port} in its host's firewall.")
    if isinstance(failure, NoRoute) and ipaddress.ip_address(address).version == 6:
        return question.unknown(str(failure), "Run this from a machine that has IPv6.")
    if port == SMTP_PORT:
        return question.unknown(
            str(failure),
            "Run this from elsewhere: many home, office and cloud networks block outgoing port 25; if it is the same "
            "there, open the port in the firewall of the server's host and at its provider.",
        )
    return question.unknown(str(failure), failure.mend)


def behind(check: str, failure: Failure) -> Because:
    """Return what a port that takes no connection means for the checks behind: they have nothing, or see nothing."""
    if isinstance(failure, Refused):
        return see(check, str(failure))
    return lambda question: question.unknown(str(failure), f"See `{check}`.")


def together(question: Question, found: Sequence[tuple[str, Result]]) -> Result:
    """Return one row of what was judged in several places: the worst of them.

    What could not be judged counts only where nothing could: it has a row of its own that says so.

    Args:
        question: of the row.
        found: place and result, at least one.
    """
    results = [replace(result, subject=question.subject) for _, result in found]
    worst = min(results, key=lambda result: _WORST_FIRST.index(result.verdict))
    if worst.verdict not in ("warn", "fail") or all(result == worst for result in results):
        return worst
    place = found[results.index(worst)][0]
    return replace(worst, found=f"{place}: {worst.found}")
