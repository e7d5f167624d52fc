"""The `pulumi` command: official if it can be had, else the real engine built from source.

The official Python language host is not on the Go module proxy; where it is missing, lab/language_host.py
serves.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

from lab import toolchain
from lab.settings import cache
from lab.terminal import progress, say

OLDEST = (3, 200)
"""The oldest official command that is known to run this project."""

_PROGRAMS = {
    "pulumi-language-python": "lab.language_host",
    "pulumi-resource-pulumi-python": "pulumi.dynamic",
}


def find() -> Path | None:
    """The pulumi command that is there: new enough on PATH, else downloaded or built earlier."""
    on_path = shutil.which("pulumi")
    if on_path and not Path(on_path).is_relative_to(cache()) and version(on_path) >= OLDEST:
        return Path(on_path)
    for candidate in (_downloaded(), toolchain.PULUMI.binary):
        if candidate.exists():
            return candidate
    return None


def ensure(*, official: bool = False) -> Path:
    """The pulumi command, downloaded or built first if need be, with a language host for Python.

    Args:
        official: Try the download again although there is a built one.

    Raises:
        LabError: It could neither be found nor downloaded nor built.
    """
    found = find()
    if found is None or (official and found == toolchain.PULUMI.binary):
        found = _download() or toolchain.ensure(toolchain.PULUMI)
    for name, module in _PROGRAMS.items():
        if not (found.parent / name).exists() or found == toolchain.PULUMI.binary:
            write_launcher(launcher_directory(found) / name, module)
    return found


@functools.cache
def version(pulumi: str) -> tuple[int, int]:
    """Major and minor version of a pulumi command; (0, 0) when it does not say."""
    said = subprocess.run([pulumi, "version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v?(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def write_launcher(path: Path, module: str) -> None:
    """Write an executable that runs a Python module as a plugin; who starts it never sees half of it.

    The checkout is known only when it runs, since the cache is shared between checkouts.
    """
    text = (
        "#!/bin/sh\n"
        ': "${MADDY_LAB_ROOT:?is not set: see python -m lab env}"\n'
        'export PYTHONPATH="$MADDY_LAB_ROOT${PYTHONPATH:+:$PYTHONPATH}"\n'
        f'exec python -u -m lab.plugin_process {module} "$@"\n'
    )
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    part.chmod(0o755)
    part.replace(path)


def launcher_directory(pulumi: Path) -> Path:
    """Beside the built command, where Pulumi looks first; else in a directory of the lab's own on PATH."""
    return pulumi.parent if pulumi == toolchain.PULUMI.binary else cache() / "tools" / "language-host"


def _downloaded() -> Path:
    return cache() / "tools" / "pulumi-official" / "bin" / "pulumi"


def _download() -> Path | None:
    try:
        urllib.request.urlopen("https://get.pulumi.com/install.sh", timeout=5).close()
    except OSError:
        say("get.pulumi.com can't be reached: building Pulumi instead")
        return None
    from pulumi.automation import PulumiCommand  # here, since it takes half a second to import

    root = _downloaded().parent.parent
    with progress("downloading Pulumi"):
        try:
            PulumiCommand.install(root=str(root))
        except Exception as problem:  # noqa: BLE001 - the SDK raises whatever its installer does
            say(f"Pulumi could not be downloaded ({problem}): building it instead")
            return None
    return _downloaded()
