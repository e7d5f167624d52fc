"""What a run found: the checker's table with the ways out below it, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from preflight.ways import Ways
from verify.report import as_json, table
from verify.report.outcome import Outcome
from verify.report.page import STYLES, Page

MOST_IN_FULL = 10
"""Up to this many domains, what is as it should be is shown row by row."""


def document(outcome: Outcome, ways: Sequence[Ways]) -> str:
    """Return the run as JSON, as docs/preflight.md describes it."""
    told = as_json.document(outcome)
    results = [{key: value for key, value in row.items() if key not in ("group", "title")} for row in told["results"]]
    kept = {key: value for key, value in told.items() if key not in ("scores", "changes")}
    return json.dumps(kept | {"results": results, "ways": [asdict(way) for way in ways]}, indent=2)


def write(outcome: Outcome, ways: Sequence[Ways], page: Page, *, every_row: bool = False) -> None:
    """Write the table, the ways out of each conflict, and a summary line.

    Args:
        outcome: of the run.
        ways: the ways out.
        page: where to.
        every_row: show each row, however many domains there are.
    """
    table.write(outcome, page, every_row=every_row or len(outcome.domains) <= MOST_IN_FULL)
    for line in _ways_out(ways):
        page.console.print(line, soft_wrap=True)  # not folded, so that a command can be copied
    counts: list[str | tuple[str, str]] = []
    for verdict, count in outcome.counts.items():
        if count:
            counts += [", " if counts else "", (f"{count} {verdict}", STYLES[verdict])]
    page.line(*counts, f" in {outcome.seconds:.1f} s")


def _ways_out(ways: Sequence[Ways]) -> Iterator[str]:
    """Yield the ways out of each conflict; commands on lines of their own."""
    prepared: set[str] = set()
    if ways:
        yield "The ways out, before `pulumi up`:"
    for way in ways:
        yield f"\n{way.record}, where the zone has:"
        yield from (f"  {key}  {text}" for key, text in way.existing.items())
        if way.adopt:
            others = f"; remove the others ({', '.join(way.left)})" if way.left else ""
            yield f"  - adopt {way.adopted}: `pulumi up` then changes it in place{others}"
            if way.prepare and way.prepare not in prepared:
                yield f"      {way.prepare}  # once, first"
                prepared.add(way.prepare)
            yield f"      {way.adopt}"
        yield f"  - keep: {way.keep}"
        if way.setting:
            yield f"      {way.setting}"
        yield "  - remove: see below"
    for removal in dict.fromkeys(_with_any_id(way) for way in ways):
        yield "\nTo remove a record: at Cloudflare, under DNS > Records; or with its id in place of ID:"
        yield f"      {removal}"
    if ways:
        yield ""


def _with_any_id(way: Ways) -> str:
    identifier, command = next(iter(way.remove.items()))
    return command.replace(f"/{identifier}", "/ID")
