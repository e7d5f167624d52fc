"""The table that a person reads: what is wrong first, and what to do about it; what is right in a few lines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mail import names
from verify.catalogue import GROUPS
from verify.printable import printable
from verify.report.alike import bundles, in_common, pattern, rank, shared
from verify.report.outcome import Outcome, group_of
from verify.report.page import STYLES, Page
from verify.result import Result

NAMED = 3
"""How many of the rows that are shown as one are named."""
MOST_DOMAINS = 10
"""Up to this many domains are named where something is shown once for several, or where they are without a fault."""

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
    host = by_domain.pop(outcome.mail_host)
    if every_row:
        _domain(page, outcome.mail_host, host, " (mail host)", every_row=True)
        for domain, rows in by_domain.items():
            _domain(page, domain, rows, every_row=True)
        return
    _domain(page, outcome.mail_host, host, " (mail host)")
    common = shared(by_domain)
    _common(page, common, by_domain)
    told = {id(row) for rows in common for row in rows}
    left = {domain: [row for row in rows if id(row) not in told] for domain, rows in by_domain.items()}
    left = {domain: rows for domain, rows in left.items() if rows}
    clean = {domain for domain, rows in left.items() if _is_clean(rows)}
    clean = clean if len(clean) > MOST_DOMAINS else set()
    for domain in sorted(left, key=lambda domain: min(map(rank, left[domain]))):
        if domain not in clean:
            _domain(page, domain, left[domain], " (more above)" if len(left[domain]) < len(by_domain[domain]) else "")
    if clean:
        page.line((f"{len(clean)} domains without {'any other' if common else 'a'} fault", "bold"))
        _passes(page, [row for domain in clean for row in left[domain]])
        page.line(" " * _INDENT, ", ".join(_shown(domain) for domain in left if domain in clean), hang=_INDENT)
        page.line()
    _skipped(page, outcome.results)


def _is_clean(rows: Iterable[Result]) -> bool:
    return all(row.verdict in ("pass", "skipped") for row in rows)


def _domain(page: Page, domain: str, rows: Sequence[Result], remark: str = "", *, every_row: bool = False) -> None:
    if every_row:
        told = [[row] for row in sorted(rows, key=rank)]
    else:
        rows = [row for row in rows if row.verdict != "skipped"]
        told = bundles(row for row in rows if row.verdict != "pass")
    if rows:
        _heading(page, domain, remark)
        _bundles(page, told)
        if not every_row:
            _passes(page, rows)
        page.line()


def _common(page: Page, common: Sequence[Sequence[Result]], by_domain: Mapping[str, Sequence[Result]]) -> None:
    """Write what many domains have in common."""
    if common:
        _heading(page, "several domains", "")
        _bundles(page, common, sum(1 for rows in by_domain.values() if rows))
        page.line()


def _heading(page: Page, domain: str, remark: str) -> None:
    page.line((_shown(domain), "bold"), remark)


def _shown(domain: str) -> str:
    """Return a domain as it is written and, where that differs, as a person reads it."""
    try:
        read = names.to_unicode(domain)
    except UnicodeError:
        read = domain
    return printable(domain if read == domain else f"{domain} ({read})")


def _bundles(page: Page, told: Sequence[Sequence[Result]], domains: int = 0) -> None:
    """Write what is alike as one; `domains` is how many there are, where it is told for several."""
    names_ = [_checks(alike) for alike in told]
    width = max(map(len, names_), default=0)
    for name, alike in zip(names_, told, strict=True):
        _bundle(page, alike, f"{name:<{width}}", _where(alike, domains), several=bool(domains))


def _checks(alike: Sequence[Result]) -> str:
    checks = {row.check for row in alike}
    return alike[0].check if len(checks) == 1 else f"{len(checks)} checks"


def _where(alike: Sequence[Result], domains: int) -> str:
    """Say what rows that are shown as one are about."""
    if domains:
        of = list(dict.fromkeys(row.domain for row in alike))
        if len(of) == domains:
            return f"in all {domains} domains (--all: each)"
        named = [_shown(domain) for domain in of[:MOST_DOMAINS]]
        return f"in {len(of)} domains (--all: each): {', '.join(named)}{', ...' * (len(of) > len(named))}"
    if len(alike) == 1:
        return alike[0].subject
    subjects = list(dict.fromkeys(filter(None, (row.subject for row in alike))))
    named = [*subjects[:NAMED], *["..."][: len(subjects) > NAMED]]
    return f"{len(alike)} alike (--all: each){': ' * bool(named)}{', '.join(named)}"


def _bundle(page: Page, alike: Sequence[Result], name: str, where: str, *, several: bool) -> None:
    first = alike[0]
    head: list[str | tuple[str, str]] = [
        "  ",
        page.mark(first.verdict),
        " ",
        (name, STYLES.get(first.verdict, "")),
        f"  {where}" if where else "",
    ]
    if first.verdict in ("pass", "skipped"):
        said = first.found if first.verdict == "pass" else first.mend
        page.line(*head, (f"  {said}", "dim"), hang=_INDENT)
        return
    page.line(*head, hang=_INDENT)
    checks = list(dict.fromkeys(row.check for row in sorted(alike, key=rank)))
    expected, found, mend = (in_common(alike, field) for field in ("expected", "found", "mend"))
    if len(checks) > 1:
        _labelled(page, "checks", ", ".join(checks))
    elif expected is not None:
        _labelled(page, "expected", _brief(expected, found or "", page))
    abouts = list(dict.fromkeys(pattern(row.subject, replace(row, subject="")) for row in alike))
    if several and len(checks) == 1 and len(abouts) > 1:
        _labelled(page, "about", ", ".join([*abouts[:MOST_DOMAINS], *["..."][: len(abouts) > MOST_DOMAINS]]))
    _labelled(page, "found", _brief(found or first.found, expected or "", page))
    _labelled(page, "to do", (mend or first.mend, "bold"))


def _labelled(page: Page, label: str, text: str | tuple[str, str]) -> None:
    page.line(" " * _INDENT, (f"{label:<10}", "dim"), text, hang=_INDENT + 10)


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
            alike[row.see or pattern(row.mend, row)].append(row)
    for rows in alike.values():
        counted = Counter(row.check for row in rows)
        said = ", ".join(check if count == 1 else f"{check} ({count} rows)" for check, count in counted.items())
        reason = in_common(rows, "mend") or f"see `{rows[0].see}`"
        page.line("  ", page.mark("skipped"), (f" {said}: {reason}", "dim"), hang=_INDENT)
    if alike:
        page.line()


def _brief(text: str, other: str, page: Page) -> str:
    """Return a text for a terminal with its longest words, which are keys, shortened if that hides no difference."""
    if not page.is_terminal:
        return text
    short, short_other = (_LONG_WORD.sub(r"\1…\2", whole) for whole in (text, other))
    return text if (short in short_other or short_other in short) and text not in other else short
