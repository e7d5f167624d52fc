"""What differs from the last run of the same stack, and the file that the last run is kept in."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from verify.result import VERDICTS, Result

VERSION = 1
MOST_BYTES = 64 * 1024 * 1024
_BADNESS = {"pass": 0, "skipped": 0, "warn": 1, "unknown": 2, "fail": 3}

Key = tuple[str, str, str]
"""Domain, check, subject."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One row that differs; `before` or `now` is None where there was or is no such row."""

    domain: str
    check: str
    subject: str
    before: str | None
    now: str | None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What differs from the last run.

    Attributes:
        since: when the last run was; None where there was none.
        worse: rows whose verdict is worse than it was.
        better: rows whose verdict is better.
        appeared: rows that were not there.
        gone: rows that are no longer there.
    """

    since: datetime | None
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    appeared: tuple[Change, ...] = ()
    gone: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """What was found last; of rows that a partial run did not look at, what was found before that.

    Attributes:
        at: when; None where there is no last run.
        verdicts: by row.
    """

    at: datetime | None = None
    verdicts: dict[Key, str]

    def compared_with(self, results: Sequence[Result], *, looked_at: Callable[[str, str], bool]) -> Changes:
        """Return what differs.

        Args:
            results: of this run.
            looked_at: tells for a check and a domain whether this run has looked at it.
        """
        if self.at is None:
            return Changes(since=None)
        now = {result.key: result.verdict for result in results}
        both = [_change(key, self.verdicts[key], verdict) for key, verdict in now.items() if key in self.verdicts]
        return Changes(
            since=self.at,
            worse=tuple(row for row in both if _worsening(row) > 0),
            better=tuple(row for row in both if _worsening(row) < 0),
            appeared=tuple(_change(key, None, verdict) for key, verdict in now.items() if key not in self.verdicts),
            gone=tuple(_change(key, self.verdicts[key], None) for key in self._gone(now, looked_at)),
        )

    def followed_by(self, results: Sequence[Result], at: datetime, *, looked_at: Callable[[str, str], bool]) -> LastRun:
        """Return what is to be kept after a run; the arguments are those of `compared_with`."""
        now = {result.key: str(result.verdict) for result in results}
        gone = set(self._gone(now, looked_at))
        return LastRun(at=at, verdicts={key: it for key, it in self.verdicts.items() if key not in gone} | now)

    def _gone(self, now: Iterable[Key], looked_at: Callable[[str, str], bool]) -> list[Key]:
        there = set(now)
        return [key for key in self.verdicts if key not in there and looked_at(key[1], key[0])]


def file_of(name: str) -> Path:
    """Return where the last run of a stack is kept.

    Raises:
        OSError: this user has no home directory.
    """
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():  # which the XDG specification says to pass over
        try:
            base = Path.home() / ".local" / "state"
        except RuntimeError:
            raise OSError(errno.ENOENT, "this user has no home directory: set XDG_STATE_HOME") from None
    return base / "maddy-stack" / "verify" / f"{quote(name, safe='')}.json"


def load(file: Path) -> LastRun:
    """Read the last run; a file that is missing, broken or of another version is none."""
    try:
        if not file.is_file() or file.stat().st_size > MOST_BYTES:
            return LastRun(verdicts={})
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["version"] != VERSION:
            return LastRun(verdicts={})
        rows = [(tuple(map(str, row[:3])), row[3]) for row in kept["rows"]]
        verdicts = {(key[0], key[1], key[2]): verdict for key, verdict in rows if verdict in VERDICTS}
        return LastRun(at=datetime.fromisoformat(kept["at"]).astimezone(UTC), verdicts=verdicts)
    except (OSError, ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return LastRun(verdicts={})


def save(file: Path, run: LastRun) -> None:
    """Keep a run, readable to its owner alone; who reads the file meanwhile sees the old one or the new one.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {
        "version": VERSION,
        "at": run.at.isoformat() if run.at else None,
        "rows": [[*key, verdict] for key, verdict in run.verdicts.items()],
    }
    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=".")  # with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            json.dump(kept, output)
        Path(part).replace(file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _change(key: Key, before: str | None, now: str | None) -> Change:
    domain, check, subject = key
    return Change(domain=domain, check=check, subject=subject, before=before, now=now)


def _worsening(change: Change) -> int:
    return _BADNESS[change.now or "pass"] - _BADNESS[change.before or "pass"]
