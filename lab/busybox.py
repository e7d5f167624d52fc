"""A shell and the usual small commands for the lab's images: one static busybox."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import debian
from lab.terminal import LabError


def ensure() -> Path:
    """The path of a busybox that needs no library, from Debian's `busybox-static` when none is there.

    Raises:
        LabError: There is none and it can't be installed.
    """
    if found := _static():
        return found
    complaint = debian.install("busybox-static") if debian.can_install() else "it needs root and apt-get"
    if not complaint and (found := _static()):
        return found
    raise LabError(
        f"A static busybox is needed to build the lab's images and could not be installed ({complaint}). "
        "Install one (Debian: busybox-static) and run this again."
    )


def _static() -> Path | None:
    found = shutil.which("busybox")
    if found is None:
        return None
    with Path(found).open("rb") as program:
        # The dynamic loader's path follows the ELF headers of a program that needs one.
        needs_libraries = b"/ld-" in program.read(8192)
    return None if needs_libraries else Path(found)
