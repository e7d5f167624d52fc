"""One at a time: locks that the system lets go of when their holder ends, however it ends."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one(path: Path, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file for the length of the block.

    Args:
        path: The lock file; it is left behind, empty.
        on_wait: Called once when another process holds the lock; it may say so, or raise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
