"""A run as JSON; the shape is described in docs/verify.md and changes with its version alone."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from verify.catalogue import CHECKS
from verify.changes import Changes
from verify.printable import printable
from verify.report.outcome import Outcome, group_of
from verify.result import Result
from verify.scores import Score, Scores, lowest

VERSION = 1


def text(outcome: Outcome) -> str:
    """Return the JSON of a run, in ASCII."""
    return json.dumps(document(outcome), indent=2)


def document(outcome: Outcome) -> dict[str, Any]:
    """Return what the JSON says."""
    least = lowest(outcome.scores)
    return {
        "version": VERSION,
        "stack": printable(outcome.name),
        "mail_host": printable(outcome.mail_host),
        "domains": [printable(domain) for domain in outcome.domains],
        "started": outcome.started.isoformat(timespec="seconds"),
        "seconds": round(outcome.seconds, 3),
        "complete": outcome.complete,
        "exit_code": outcome.exit_code,
        "summary": outcome.counts,
        "results": [_result(result) for result in outcome.results],
        "scores": {
            "lowest": _scores(least) if least else None,
            "domains": {printable(domain): _scores(scores) for domain, scores in outcome.scores.items()},
        },
        "changes": _changes(outcome.changes) if outcome.changes else None,
    }


def _result(result: Result) -> dict[str, str]:
    return {
        "check": result.check,
        "group": group_of(result.check),
        "title": CHECKS[result.check].title if result.check in CHECKS else "",
        "domain": printable(result.domain),
        "subject": result.subject,
        "expected": result.expected,
        "found": result.found,
        "verdict": result.verdict,
        "mend": result.mend,
    }


def _scores(scores: Scores) -> dict[str, Any]:
    return {
        "mecsa_style": {name: _score(score) for name, score in scores.mecsa.items()},
        "internet_nl_style": {
            "total": _score(scores.internet_nl_total),
            "categories": {name: _score(score) for name, score in scores.internet_nl.items()},
        },
    }


def _score(score: Score) -> dict[str, str | int | None]:
    return {"percent": score.percent, "judged": score.judged, "of": score.of, "domain": printable(score.domain)}


def _changes(changes: Changes) -> dict[str, Any]:
    kinds = {kind: getattr(changes, kind) for kind in ("worse", "better", "appeared", "gone")}
    return {
        "since": changes.since.isoformat(timespec="seconds") if changes.since else None,
        **{kind: [_change(row) for row in rows] for kind, rows in kinds.items()},
    }


def _change(row: Any) -> dict[str, str | None]:
    fields = dataclasses.asdict(row)
    return {name: value and printable(value) for name, value in fields.items()}
