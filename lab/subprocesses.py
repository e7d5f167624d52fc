"""Commands that run for minutes: their output goes into a log, and none outlives an interrupted lab."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.terminal import LabError, last_lines

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


def run_logged(
    command: Sequence[str], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a command to its end, its output appended to a log.

    Raises:
        LabError: It failed; the text has the end of the log and where the rest is.
    """
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    with _lock:
        _running.add(process)
    try:
        code = process.wait()
    finally:
        with _lock:
            _running.discard(process)
    if code != 0:
        name = " ".join(command[:2])
        raise LabError(f"`{name} ...` failed (exit code {code}). All of it: {log}\n{last_lines(log)}")


def end_all() -> None:
    """End every command that still runs, for an interrupted lab."""
    with _lock:
        for process in _running:
            process.terminate()
