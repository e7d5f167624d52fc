"""Text of a stack file in Markdown: shown as it is, and never read as Markdown or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from verify.printable import printable

LONGEST = 20_000
"""Characters kept of one text; a whole TXT record has 4,096."""

_SPECIAL = re.compile(r"[^A-Za-z0-9 .,:;()/=-]")


def plain(text: str) -> str:
    """Return text to stand in a sentence or a table cell, anything special in it as an entity."""
    return _SPECIAL.sub(_entity, printable(text, LONGEST))


def code(text: str | None) -> str:
    """Return text as code; nothing for None.

    A text with a backtick, a backslash or a pipe is written as HTML, since a table cell has no safe way to have those
    in backticks.
    """
    if text is None:
        return ""
    safe = printable(text, LONGEST)
    if safe and not re.search(r"[`|\\]", safe) and safe == safe.strip():
        return f"`{safe}`"
    return f"<code>{plain(safe)}</code>"


def sentence(text: str) -> str:
    """Return a sentence whose values stand in backticks: those as code, the rest as plain text."""
    return "".join(code(part) if index % 2 else _with_entities(part) for index, part in enumerate(text.split(QUOTE)))


QUOTE = "\x00"
"""What `value` puts around a value, until `sentence` makes code of it; no stack file can hold it."""


def value(text: str) -> str:
    """Return a value as it stands in a sentence."""
    return f"{QUOTE}{text.replace(QUOTE, '')}{QUOTE}"


def block(lines: Iterable[str], language: str = "") -> str:
    """Return lines as a block of code that none of them can end."""
    body = [line[: len(line) - len(line.lstrip(" "))] + printable(line, LONGEST) for line in lines]
    longest = max((len(run) for line in body for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *body, fence])


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells are Markdown already."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _with_entities(text: str) -> str:
    return re.sub(r"[&<>`|*_\[\]\\~#@!]", _entity, text)


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
