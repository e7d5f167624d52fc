"""The change of a stack as Markdown, for a terminal and for the comment of a pull request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from changes import acknowledgement, records
from changes.acknowledgement import Acknowledgement
from changes.change import Area, Change
from changes.markdown import block, code, sentence, table
from mail.record_changes import RecordChange

MARK = "⚠️"

_HEADINGS = ("", "what", "before", "after", "what it means")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What there is to say about one stack.

    Attributes:
        stack: its name.
        file: the name of its file.
        changes: what differs.
        records: the records that differ.
        acknowledgement: what is acknowledged.
        errors: what is wrong with the stack file, a line each; nothing is compared then.
        notes: what else to know, as Markdown.
    """

    stack: str
    file: str
    changes: Sequence[Change] = ()
    records: Sequence[RecordChange] = ()
    acknowledgement: Acknowledgement = field(default_factory=lambda: Acknowledgement(open=[], unused=[], old=[]))
    errors: Sequence[str] = ()
    notes: Sequence[str] = ()


def render(reports: Sequence[Report], compared: str) -> str:
    """Return the whole text.

    Args:
        reports: one for each stack.
        compared: what was compared, as Markdown.
    """
    quiet = [report for report in reports if not _has_something(report)]
    parts = [f"# The change in words\n\n{compared}"]
    parts += [_stack(report) for report in reports if _has_something(report)]
    if quiet:
        names = ", ".join(code(report.stack) for report in quiet)
        parts.append(f"No change: {names}.")
    if not reports:
        parts.append("There is no stack file (`Pulumi.STACK.yaml`) on either side.")
    return "\n\n".join(parts) + "\n"


def _has_something(report: Report) -> bool:
    return bool(report.changes or report.records or report.errors or report.notes or report.acknowledgement.unused)


def _stack(report: Report) -> str:
    title = f"## Stack {code(report.stack)}"
    if report.errors:
        return "\n\n".join(
            [title, f"**{code(report.file)} is not valid, so that nothing is compared:**", block(report.errors)]
        )
    parts = [title, _summary(report), *report.notes]
    for area in get_args(Area):
        rows = [_row(change, report.acknowledgement) for change in report.changes if change.area == area]
        if rows:
            parts += [f"### {area}", table(_HEADINGS, rows)]
    parts += _acknowledging(report)
    if report.records:
        parts += [f"### DNS records: {_counts(report.records)}", table(_HEADINGS[1:], map(_record_row, report.records))]
    return "\n\n".join(parts)


def _summary(report: Report) -> str:
    count, hurting = len(report.changes), sum(change.can_hurt for change in report.changes)
    if not count and not report.records:
        return "No change."
    text = f"{count} change{'' if count == 1 else 's'}"
    if not hurting:
        return f"**{text}, none of which is known to hurt.**"
    left = len(report.acknowledgement.open)
    said = f"{left} not acknowledged" if left else "acknowledged"
    return f"**{text}; {hurting} can hurt ({MARK}), {said}.**"


def _row(change: Change, judged: Acknowledgement) -> list[str]:
    mark = ""
    if change.can_hurt:
        mark = MARK if acknowledgement.token(change) in judged.open else f"{MARK} acknowledged"
    return [
        mark,
        f"{sentence(change.subject)} {change.kind}",
        code(change.before),
        code(change.after),
        sentence(change.meaning),
    ]


def _record_row(change: RecordChange) -> list[str]:
    what = "added" if change.before is None else "removed" if change.after is None else "changed"
    return [
        f"{code(change.record.name)} {change.record.type} {what}",
        code(records.value(change.before)),
        code(records.value(change.after)),
        sentence(records.meaning(change)),
    ]


def _counts(changes: Sequence[RecordChange]) -> str:
    added = sum(change.before is None for change in changes)
    removed = sum(change.after is None for change in changes)
    return f"{added} added, {len(changes) - added - removed} changed, {removed} removed"


def _acknowledging(report: Report) -> list[str]:
    judged = report.acknowledgement
    parts = []
    if judged.open:
        entries = [f"    - {json.dumps(text, ensure_ascii=False)}" for text in judged.open]
        parts += [
            "### To acknowledge",
            f"Each of these can hurt. Those that are meant and prepared for go into {code(report.file)}, and can be "
            "deleted after the merge:",
            block(["config:", "  maddy-stack:acknowledged:", *entries], "yaml"),
        ]
        if again := [entry for entry in judged.old if acknowledgement.without_remark(entry) in judged.open]:
            parts.append(
                f"{_list(again)} {_is(again)} there from an earlier change and {'do' if len(again) > 1 else 'does'} "
                "not count: put a remark after it, such as `(once more, 2026-11)`."
            )
    if judged.unused:
        parts.append(
            f"{MARK} {_list(judged.unused)} under `acknowledged` {_is(judged.unused)} no change that can hurt here."
        )
    return parts


def _list(texts: Sequence[str]) -> str:
    return ", ".join(map(code, texts))


def _is(texts: Sequence[str]) -> str:
    return "is" if len(texts) == 1 else "are"
