"""Processes that outlive the command that started them, and the files that remember them.

A pid alone proves nothing: after a crash or a reboot it may belong to a stranger. A pid file therefore also
holds the process's start time and command line, and a process is signalled only when all of it still fits.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

EXEC_SECONDS = 5.0


@dataclass(frozen=True)
class Identity:
    """What tells one process from a later one that got the same pid.

    Args:
        pid: The process id.
        started: When it started, as the system words it; only ever compared.
        command: Its command line, arguments separated by spaces.
    """

    pid: int
    started: str
    command: str


@dataclass(frozen=True)
class PidFile:
    """A file that remembers a detached process."""

    path: Path

    def read(self) -> tuple[Identity, str] | None:
        """The process it names, if that very process still runs, and the fingerprint it was started with."""
        try:
            record = json.loads(self.path.read_text())
            fingerprint = str(record.pop("fingerprint"))
            remembered = Identity(**record)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return (remembered, fingerprint) if identify(remembered.pid) == remembered else None

    def running(self) -> Identity | None:
        """The process it names, if that very process still runs."""
        record = self.read()
        return record[0] if record else None

    def start(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        fingerprint: str = "",
    ) -> subprocess.Popen[bytes]:
        """Start a process that does not end with this one, and remember it.

        Args:
            command: Program and arguments.
            log: Takes the process's output, from the start.
            env: Its environment; this process's own when left out.
            cwd: Its working directory.
            fingerprint: Handed back by `read`, to tell a process started from other code or settings.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        identity = _once_executing(process, command)
        if identity is not None:
            self.path.write_text(json.dumps(asdict(identity) | {"fingerprint": fingerprint}))
        return process

    def stop(self, *, seconds: float = 15.0) -> bool:
        """End the process if it is still the one remembered: asked first, killed after `seconds`.

        Returns:
            True when there was one to end.
        """
        identity = self.running()
        if identity is not None:
            _signal(identity, signal.SIGTERM)
            deadline = time.monotonic() + seconds
            while identify(identity.pid) == identity:
                if time.monotonic() > deadline:
                    _signal(identity, signal.SIGKILL)
                time.sleep(0.05)
        self.path.unlink(missing_ok=True)
        return identity is not None


def identify(pid: int) -> Identity | None:
    """The process with that id, or None if it has ended (a zombie has)."""
    proc = Path("/proc") / str(pid)
    if not Path("/proc/self/stat").exists():
        return _identify_with_ps(pid)
    try:
        # The second field, the name, may itself hold spaces and brackets: split after its last bracket.
        fields = (proc / "stat").read_text().rpartition(")")[2].split()
        command = (proc / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, ValueError):
        return None
    state, ticks_since_boot = fields[0], fields[19]
    return None if state in "ZX" else Identity(pid, f"{boot} {ticks_since_boot}", command)


def _identify_with_ps(pid: int) -> Identity | None:
    ps = subprocess.run(
        ["ps", "-ww", "-o", "stat=,lstart=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    words = ps.stdout.split()
    if ps.returncode != 0 or len(words) < 7 or words[0].startswith("Z"):
        return None
    return Identity(pid, " ".join(words[1:6]), " ".join(words[6:]))


def _once_executing(process: subprocess.Popen[bytes], command: Sequence[str]) -> Identity | None:
    """The new process, once the system shows its own command line (a script's begins with its interpreter)."""
    expected = " ".join(command)
    deadline = time.monotonic() + EXEC_SECONDS
    identity = identify(process.pid)
    while process.poll() is None and time.monotonic() < deadline:
        if identity is not None and f" {identity.command}".endswith(f" {expected}"):
            break
        time.sleep(0.005)
        identity = identify(process.pid)
    return identity


def _signal(identity: Identity, number: signal.Signals) -> None:
    if identify(identity.pid) == identity:
        try:
            os.kill(identity.pid, number)
        except ProcessLookupError:
            return
