"""Pulumi's provider plugins: the official ones if they can be downloaded, else those in lab/plugins.

A plugin is a program in `PULUMI_HOME/plugins/resource-<name>-v<version>/`. The lab's own are marked by a file
beside them, so that `make up OFFICIAL=1` can replace them later.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

from lab import pulumi_cli
from lab.pulumi_install import write_launcher
from lab.settings import DEV
from lab.terminal import progress

NAMES = ("docker", "cloudflare", "command")
MARK = "made-by-the-lab"


def ensure(*, official: bool = False) -> None:
    """Have a plugin for each provider of this program, of the version that its Python package names.

    Args:
        official: Try to download those again that are the lab's own.
    """
    wanted = [name for name in NAMES if _should_download(name, again=official)]
    if wanted:
        with progress("looking for the official provider plugins"), ThreadPoolExecutor() as pool:
            list(pool.map(_download, wanted))
    for name in NAMES:
        if not _program(name).exists() or _mark(name).exists():
            write_launcher(_program(name), f"lab.plugins.{name}")
            _mark(name).touch()


def made_by_lab() -> list[str]:
    """Which plugins are the lab's own."""
    return [name for name in NAMES if _mark(name).exists()]


def _should_download(name: str, *, again: bool) -> bool:
    return not _program(name).exists() or (again and _mark(name).exists())


def _version(name: str) -> str:
    return metadata.version(f"pulumi-{name}")


def _program(name: str) -> Path:
    plugins = pulumi_cli.pulumi_home() / "plugins"
    return plugins / f"resource-{name}-v{_version(name)}" / f"pulumi-resource-{name}"


def _mark(name: str) -> Path:
    return _program(name).with_name(MARK)


def _download(name: str) -> None:
    """Download one; where that fails, what was there before stays."""
    environment = {**os.environ, **pulumi_cli.environment(DEV)}
    command = ["pulumi", "plugin", "install", "resource", name, _version(name), "--reinstall"]
    run = subprocess.run(command, env=environment, capture_output=True, check=False)
    if run.returncode == 0:
        _mark(name).unlink(missing_ok=True)
    elif not _program(name).exists():
        shutil.rmtree(_program(name).parent, ignore_errors=True)
