"""The table that a person reads: what is wrong first, and what to do about it; what is right in a few lines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from mail import names
from verify.catalogue import CHECKS, GROUPS
from verify.printable import printable
from verify.report.outcome import Outcome, group_of
from verify.report.page import STYLES, Page
from verify.result import Result

ALIKE = 4
"""From this many rows on that say the same, they are shown as one."""
NAMED = 3
"""How many of them are named."""
MOST_CLEAN = 10
"""Up to this many domains without a fault have lines of their own."""

_RANK = {"fail": 0, "unknown": 1, "warn": 2, "pass": 3, "skipped": 4}
_ORDER = {check: number for number, check in enumerate(CHECKS)}
_INDENT = 12
_LONG_WORD = re.compile(r"(\S{40})\S{20,}(\S{12})")


def write(outcome: Outcome, page: Page, *, every_row: bool = False) -> None:
    """Write the table.

    Args:
        outcome: of the run.
        page: where to.
        every_row: show each row, also each that passes.
    """
    by_domain: dict[str, list[Result]] = {domain: [] for domain in (outcome.mail_host, *outcome.domains)}
    for result in outcome.results:
        by_domain.setdefault(result.domain, []).append(result)
    hidden = () if every_row else ("skipped",)
    filled = {domain: rows for domain, rows in by_domain.items() if any(row.verdict not in hidden for row in rows)}
    clean = [] if every_row else _clean(filled, outcome.mail_host)
    for domain, rows in filled.items():
        if domain not in clean:
            _heading(page, domain, " (mail host)" if domain == outcome.mail_host else "")
            _rows(page, rows, every_row=every_row)
            page.line()
    if clean:
        page.line((f"{len(clean)} more domains", "bold"))
        rows = [row for domain in clean for row in filled[domain]]
        _passes(page, rows)
        page.line(" " * _INDENT, ", ".join(_shown(domain) for domain in clean), hang=_INDENT)
        page.line()
    if not every_row:
        _skipped(page, outcome.results)


def _clean(by_domain: dict[str, list[Result]], mail_host: str) -> list[str]:
    """Return the domains without a fault, where there are so many that they would hide the others."""
    clean = [
        domain
        for domain, rows in by_domain.items()
        if domain != mail_host and all(row.verdict in ("pass", "skipped") for row in rows)
    ]
    return clean if len(clean) > MOST_CLEAN else []


def _heading(page: Page, domain: str, remark: str) -> None:
    page.line((_shown(domain), "bold"), remark)


def _shown(domain: str) -> str:
    """Return a domain as it is written and, where that differs, as a person reads it."""
    try:
        read = names.to_unicode(domain)
    except UnicodeError:
        read = domain
    return printable(domain if read == domain else f"{domain} ({read})")


def _rows(page: Page, rows: Sequence[Result], *, every_row: bool) -> None:
    ordered = sorted(rows, key=lambda row: (_RANK[row.verdict], _ORDER.get(row.check, len(_ORDER))))
    shown = [row for row in ordered if every_row or row.verdict not in ("pass", "skipped")]
    width = max((len(row.check) for row in shown), default=0)
    for alike in _bundles(shown, every_row=every_row):
        _bundle(page, alike, width)
    if not every_row:
        _passes(page, rows)


def _bundles(rows: Iterable[Result], *, every_row: bool) -> Iterator[list[Result]]:
    """Give the rows one by one, or together where many say the same."""
    for _, same in groupby(rows, key=lambda row: (row.verdict, row.check, row.found, row.mend)):
        alike = list(same)
        if every_row or len(alike) < ALIKE:
            yield from ([row] for row in alike)
        else:
            yield alike


def _bundle(page: Page, alike: Sequence[Result], width: int) -> None:
    first = alike[0]
    subject = first.subject
    if len(alike) > 1:
        named = ", ".join(row.subject for row in alike[:NAMED])
        subject = f"{len(alike)} alike (--all: each): {named}, ..."
    parts: list[str | tuple[str, str]] = [
        "  ",
        page.mark(first.verdict),
        " ",
        (f"{first.check:<{width}}", STYLES.get(first.verdict, "")),
    ]
    if first.verdict == "pass":
        page.line(*parts, "  ", subject, (f"  {first.found}", "dim"), hang=_INDENT)
    elif first.verdict == "skipped":
        page.line(*parts, "  ", subject, (f"  {first.mend}", "dim"), hang=_INDENT)
    else:
        page.line(*parts, "  ", subject, hang=_INDENT)
        if len({row.expected for row in alike}) == 1:
            expected = _brief(first.expected, first.found, page)
            page.line(" " * _INDENT, ("expected  ", "dim"), expected, hang=_INDENT + 10)
        found = _brief(first.found, first.expected, page)
        page.line(" " * _INDENT, ("found     ", "dim"), found, hang=_INDENT + 10)
        page.line(" " * _INDENT, ("to do     ", "dim"), (first.mend, "bold"), hang=_INDENT + 10)


def _passes(page: Page, rows: Iterable[Result]) -> None:
    counted = Counter(group_of(row.check) for row in rows if row.verdict == "pass")
    if counted:
        known = [group for group in (*GROUPS, "other") if counted[group]]
        said = ", ".join(f"{group} {counted[group]}" for group in known)
        page.line("  ", page.mark("pass"), f" {said}", hang=_INDENT)


def _skipped(page: Page, results: Iterable[Result]) -> None:
    """Write a line for each reason, whatever the number of rows and domains that it holds for."""
    alike: dict[str, list[Result]] = defaultdict(list)
    for row in results:
        if row.verdict == "skipped":
            alike[row.mend.replace(row.domain, "*")].append(row)
    for rows in alike.values():
        counted = Counter(row.check for row in rows)
        said = ", ".join(check if count == 1 else f"{check} ({count} rows)" for check, count in counted.items())
        page.line("  ", page.mark("skipped"), (f" {said}: {rows[0].mend}", "dim"), hang=_INDENT)
    if alike:
        page.line()


def _brief(text: str, other: str, page: Page) -> str:
    """Return a text for a terminal with its longest words, which are keys, shortened if that hides no difference."""
    if not page.is_terminal:
        return text
    short, short_other = (_LONG_WORD.sub(r"\1…\2", whole) for whole in (text, other))
    return text if (short in short_other or short_other in short) and text not in other else short
