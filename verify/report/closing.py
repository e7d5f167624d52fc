"""What follows the table: what has changed, the count, the scores, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verify.changes import Change, Changes
from verify.printable import printable
from verify.report.outcome import Outcome
from verify.report.page import STYLES, Page
from verify.result import VERDICTS
from verify.scores import Score, lowest

_WORDS = {"pass": "passed", "warn": "warning", "fail": "failed", "unknown": "unknown", "skipped": "skipped"}
_LABEL = 19


def write(outcome: Outcome, page: Page, *, with_scores: bool) -> None:
    """Write it.

    Args:
        outcome: of the run.
        page: where to.
        with_scores: whether all that the scores rest on was looked at.
    """
    if outcome.changes:
        _changes(page, outcome.changes)
    _summary(page, outcome)
    if with_scores and outcome.results:
        _scores(page, outcome)
    worst = next(
        (row for verdict in ("fail", "unknown", "warn") for row in outcome.results if row.verdict == verdict), None
    )
    if worst:
        page.line(("What a check means: ", "dim"), f".venv/bin/python -m verify --explain {worst.check}")


def _summary(page: Page, outcome: Outcome) -> None:
    parts: list[str | tuple[str, str]] = []
    for verdict in VERDICTS:
        count = outcome.counts[verdict]
        word = f"{_WORDS[verdict]}s" if verdict == "warn" and count != 1 else _WORDS[verdict]
        parts += [", " if parts else "", (f"{count} {word}", STYLES[verdict] if count else "")]
    page.line(*parts, f" in {outcome.seconds:.1f} s")
    if not outcome.complete:
        page.line(("Interrupted: this is what was found so far.", "yellow"))
    elif not outcome.results:
        page.line(("Nothing was looked at: no check is left of what was asked for.", "yellow"))


def _scores(page: Page, outcome: Outcome) -> None:
    least = lowest(outcome.scores)
    if least is None:
        return
    several = len(outcome.scores) > 1
    page.line((f"{'MECSA-style':<{_LABEL}}", "dim"), _listed(least.mecsa, several=several), hang=_LABEL)
    total = least.internet_nl_total
    said = "" if total.percent is None else f"{_judged('in all', total, several=several)}: "
    page.line((f"{'internet.nl-style':<{_LABEL}}", "dim"), said, _listed(least.internet_nl), hang=_LABEL)
    remark = "These resemble the scores of those sites and are not their results."
    page.line(" " * _LABEL, (remark, "dim"), hang=_LABEL)


def _listed(scores: Mapping[Any, Score], *, several: bool = False) -> str:
    """Return the scores with what they rest on, then what has none."""
    judged = ", ".join(
        _judged(name, score, several=several) for name, score in scores.items() if score.percent is not None
    )
    others = ", ".join(str(name) for name, score in scores.items() if score.percent is None)
    return "; ".join(part for part in (judged, others and f"not judged: {others}") if part)


def _judged(name: str, score: Score, *, several: bool) -> str:
    whose = f", {printable(score.domain)}" if several else ""
    return f"{name} {score.percent} % ({score.judged} of {score.of} judged{whose})"


def _changes(page: Page, changes: Changes) -> None:
    if changes.since is None:
        page.line("There is no earlier run of this stack to compare with.")
        page.line()
        return
    page.line((f"Since the last run, {changes.since:%Y-%m-%d %H:%M:%S %Z}", "bold"))
    kinds = [("worse", changes.worse), ("better", changes.better), ("new", changes.appeared), ("gone", changes.gone)]
    if not any(rows for _, rows in kinds):
        page.line("  nothing differs")
    for word, rows in kinds:
        _kind(page, word, rows)
    page.line()


def _kind(page: Page, word: str, rows: Sequence[Change]) -> None:
    for row in rows:
        what = " ".join(part for part in (row.domain, row.check, row.subject) if part)
        how = " → ".join(verdict for verdict in (row.before, row.now) if verdict)
        page.line(f"  {word:<7}", (f"{how:<14} ", STYLES.get(row.now or "", "dim")), printable(what), hang=9)
