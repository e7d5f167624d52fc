"""How the lab talks to the person at the terminal: short lines on stderr, one sentence for a failure."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HEARTBEAT_SECONDS = 15.0


class LabError(Exception):
    """Something that the person has to know or mend. Its text says what failed, why, and what to do."""


def say(line: str) -> None:
    """Print one line of progress."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def progress(doing: str, *, hint: str = "") -> Iterator[None]:
    """Say what is being done, that it still is every 15 seconds, and how long it took if that was long.

    Args:
        doing: A phrase such as "building caddy 2.11.9 from source".
        hint: What to expect, said once, such as "the first time takes about a minute".
    """
    say(f"{doing} ({hint}) ..." if hint else f"{doing} ...")
    started = time.monotonic()
    finished = threading.Event()

    def beat() -> None:
        while not finished.wait(HEARTBEAT_SECONDS):
            say(f"  still {doing} ({time.monotonic() - started:.0f} s)")

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        finished.set()
    seconds = time.monotonic() - started
    if seconds > HEARTBEAT_SECONDS:
        say(f"  done: {doing} ({seconds:.0f} s)")


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log file, indented; empty when there is none."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])
