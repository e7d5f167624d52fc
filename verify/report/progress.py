"""What is being looked at right now, on standard error: live on a terminal, a line at times elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from verify.printable import printable
from verify.probe import Probe
from verify.result import Result


class Watcher:
    """Tells how far a run is; use it as a context.

    On what is no terminal, or a dumb one, it says only what is waited for.
    """

    def __init__(self) -> None:
        self._said = ""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and leave nothing behind."""

    def announce(self, probes: Sequence[Probe]) -> None:
        """Take note of the probes that are about to run."""

    def done(self, probe: Probe, _results: Sequence[Result]) -> None:
        """Take note of a probe that has ended."""

    def waiting(self, missing: Sequence[Result], seconds: float) -> None:
        """Say what is not there yet, and how long it is still waited for."""
        rows = _named(missing)
        if rows != self._said:
            self._said = rows
            print(f"waiting for {rows}; {_duration(seconds)} left", file=sys.stderr, flush=True)  # noqa: T201


class LiveWatcher(Watcher):
    """The same on a terminal: one line that goes away."""

    def __init__(self, *, color: bool) -> None:
        super().__init__()
        console = Console(stderr=True, no_color=None if color else True, highlight=False, markup=False, emoji=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("reading the stack", total=None)
        self._open: dict[int, Probe] = {}

    def __enter__(self) -> Self:
        """Begin."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and leave nothing behind."""
        self._progress.stop()

    def announce(self, probes: Sequence[Probe]) -> None:
        """Take note of the probes that are about to run."""
        self._open = {id(probe): probe for probe in probes}
        self._progress.update(self._task, total=len(probes), completed=0, description="looking")

    def done(self, probe: Probe, _results: Sequence[Result]) -> None:
        """Take note of a probe that has ended."""
        self._open.pop(id(probe), None)
        self._progress.update(self._task, advance=1, description=self._looking_at())

    def waiting(self, missing: Sequence[Result], seconds: float) -> None:
        """Say what is not there yet, and how long it is still waited for."""
        said = f"waiting for {_named(missing)}; {_duration(seconds)} left"
        self._progress.update(self._task, description=said)

    def _looking_at(self) -> str:
        if not self._open:
            return "done"
        probe = next(iter(self._open.values()))
        return printable(f"{probe.group} of {probe.about[0].domain}") if probe.about else probe.group


def watcher(*, color: bool) -> Watcher:
    """Return the one that fits standard error."""
    is_live = sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")
    return LiveWatcher(color=color) if is_live else Watcher()


def _named(missing: Sequence[Result]) -> str:
    first = missing[0]
    named = printable(" ".join(part for part in (first.check, first.subject or first.domain) if part), 60)
    return named if len(missing) == 1 else f"{named} and {len(missing) - 1} more"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
