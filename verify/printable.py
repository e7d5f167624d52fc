"""Text from the network, made fit for a terminal, a report and one table cell."""

from __future__ import annotations

LONGEST = 400
"""Characters kept of one text."""


def printable(text: str | bytes, longest: int = LONGEST) -> str:
    r"""Return text without anything that a terminal could act on.

    Control characters, ANSI escapes, direction marks and undecodable bytes come out as `\x1b` and the like, line ends
    as spaces. What is over `longest` characters ends in an ellipsis.
    """
    if isinstance(text, bytes):
        text = text[: 4 * longest].decode("utf-8", errors="backslashreplace")
    words = " ".join(text[: 4 * longest].split())
    safe = "".join(character if character.isprintable() else _escaped(character) for character in words)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
