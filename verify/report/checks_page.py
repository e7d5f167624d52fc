"""Prints docs/checks.md, the page of all checks, from the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from verify.catalogue import CHECKS, GROUPS, Check
from verify.scores import INTERNET_NL, MECSA

_ABOUT = {
    "records": "What DNS answers, from every authoritative server and from a recursive one.",
    "policy": "The site that serves the MTA-STS policy.",
    "transport": "The ports of the mail server, as other servers and mail clients meet them.",
    "delivery": "Mail that is really sent and read.",
    "reach": "Whether mail from here reaches others, and what others say of the address.",
}
_HEAD = """# Checks

Made from the catalogue (`verify/catalogue/`) by `make docs`. On the terminal: `python -m verify --explain ID`.

Verdicts: **pass**; **warn**, it works and could be better; **fail**, it is wrong and mail suffers; **unknown**, it
could not be looked at; **skipped**, there is nothing to look at, or not from here.
"""
_SCORES = """
## What the scores rest on

The two scores of [`make verify`](verify.md#scores) count the checks that look at something like what those sites look
at. They are not the sites' results.
"""


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for group in GROUPS:
        parts.append(f"\n## {group}\n\n{_ABOUT[group]}\n")
        parts += [_check(check) for check in CHECKS.values() if check.group == group]
    parts.append(_SCORES)
    parts.append("\n| score of MECSA | checks |\n| --- | --- |\n")
    parts += [
        f"| {name} | {_listed(check.id for check in CHECKS.values() if name in check.mecsa)} |\n" for name in MECSA
    ]
    parts.append("\n| category of internet.nl | checks |\n| --- | --- |\n")
    parts += [
        f"| {name} | {_listed(check.id for check in CHECKS.values() if check.internet_nl == name)} |\n"
        for name in INTERNET_NL
    ]
    return "".join(parts)


def _check(check: Check) -> str:
    return f"\n### {check.id}\n\n{check.title[:1].upper()}{check.title[1:]}. {check.means} Source: {check.source}.\n"


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(f"[{name}](#{name})" for name in ids) or "none: not judged"


if __name__ == "__main__":
    sys.stdout.write(page())
