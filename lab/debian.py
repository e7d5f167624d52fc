"""Packages from Debian or Ubuntu, where this runs as root on one of them."""

from __future__ import annotations

import os
import shutil
import subprocess

from lab.terminal import progress


def can_install() -> bool:
    """Whether `install` can be tried here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> str:
    """Install packages with apt-get.

    Returns:
        The end of apt-get's complaint, or nothing when all are installed.
    """
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with progress(f"installing {', '.join(packages)} with apt-get"):
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            # A fresh machine or image knows no package lists yet.
            subprocess.run(["apt-get", "update", "-qq"], env=env, capture_output=True, check=False)
            run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stderr.strip()[-600:]
