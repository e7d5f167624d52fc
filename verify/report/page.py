"""Lines on a terminal, where they wrap below themselves, or in a file, where they stay whole and without codes."""

from __future__ import annotations

from io import TextIOWrapper
from typing import TextIO

from rich.console import Console
from rich.text import Text

STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "unknown": "magenta", "skipped": "dim"}
_MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "unknown": "?", "skipped": "·"}
_ASCII_MARKS = {"pass": "+", "warn": "!", "fail": "x", "unknown": "?", "skipped": "-"}
_IN_ASCII = str.maketrans({"…": "...", "→": "->"})
_NARROWEST = 40
"""Columns below which a wrapped line hangs by less."""
_LEAST_HANG = 4


class _Console(Console):
    """A console that lets a reader's end be known; rich's own would end with the code of a failed check."""

    def on_broken_pipe(self) -> None:
        """Say so to whoever has called, which is what this is called in the middle of."""
        raise  # the BrokenPipeError that rich is handling


class Page:
    """What is written to.

    Args:
        file: where it goes.
        color: whether colours are welcome; there are none where `file` is no terminal, or NO_COLOR is set.
    """

    def __init__(self, file: TextIO, *, color: bool = True) -> None:
        self.is_terminal = file.isatty()
        self.console = _Console(
            file=file,
            force_terminal=self.is_terminal,
            color_system="auto" if color and self.is_terminal else None,
            no_color=None if color else True,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._is_unicode = (file.encoding or "utf-8").lower().startswith("utf")
        if isinstance(file, TextIOWrapper):
            file.reconfigure(errors="backslashreplace")  # a name in letters that the terminal has not

    def line(self, *parts: str | Text | tuple[str, str], hang: int = 0) -> None:
        """Write one line.

        Args:
            parts: texts, or pairs of a text and its style.
            hang: columns that the rest of a wrapped line is indented by.
        """
        text = Text.assemble(*map(self._spelled, parts))
        width = self.console.width
        hang = hang if width - hang >= _NARROWEST else min(hang, _LEAST_HANG)
        if not self.is_terminal or text.cell_len <= width or width < 2 * _LEAST_HANG:
            self.console.print(text, soft_wrap=True)
            return
        head, rest = text.divide([hang])
        for number, part in enumerate(rest.wrap(self.console, width - hang)):
            start = head if number == 0 else Text(" " * hang)
            self.console.print(Text.assemble(start, part), soft_wrap=True)

    def _spelled(self, part: str | Text | tuple[str, str]) -> str | Text | tuple[str, str]:
        """Return a part of a line in letters that the file has."""
        if self._is_unicode or isinstance(part, Text):
            return part
        return part.translate(_IN_ASCII) if isinstance(part, str) else (part[0].translate(_IN_ASCII), part[1])

    def mark(self, verdict: str) -> tuple[str, str]:
        """Return a sign and a word for a verdict, never the colour alone."""
        return f"{self.sign(verdict)} {verdict:<7}", STYLES[verdict]

    def sign(self, verdict: str) -> str:
        """Return the sign of a verdict."""
        return (_MARKS if self._is_unicode else _ASCII_MARKS)[verdict]
