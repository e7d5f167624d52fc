"""What a check means, from the catalogue."""

from __future__ import annotations

from verify.catalogue import CHECKS, GROUPS
from verify.report.page import Page


def one(check_id: str, page: Page) -> None:
    """Write all that there is to know of a check."""
    check = CHECKS[check_id]
    page.line((check.id, "bold"), f": {check.title}")
    page.line()
    page.line(check.means)
    page.line()
    for label, value in (
        ("group", check.group),
        ("source", check.source),
        ("MECSA looks at something like it for", ", ".join(check.mecsa)),
        ("internet.nl looks at something like it for", check.internet_nl),
    ):
        if value:
            page.line((f"{label}: ", "dim"), value)


def every(page: Page) -> None:
    """Write a line for each check, by group."""
    width = max(map(len, CHECKS))
    for group in GROUPS:
        page.line((group, "bold"))
        for check in CHECKS.values():
            if check.group == group:
                page.line(f"  {check.id:<{width}}  {check.title}", hang=width + 4)
