"""Runs `pulumi` against a lab: the plain command in the project's directory, whoever made its parts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import pulumi_install
from lab.settings import ROOT, Lab, cache
from lab.terminal import LabError


def pulumi_home() -> Path:
    """The PULUMI_HOME of every lab: plugins, and no one's credentials."""
    return cache() / "pulumi-home"


def environment(lab: Lab, *, stack: str | None = None) -> dict[str, str]:
    """The variables that make a plain `pulumi` command drive this lab, beside this process's own.

    Args:
        lab: The lab.
        stack: The stack's name, when it is not the lab's.

    Raises:
        LabError: There is no pulumi command yet.
    """
    pulumi = pulumi_install.find()
    if pulumi is None:
        raise LabError("There is no pulumi command here yet: run `make up` first.")
    directories = [
        str(Path(sys.prefix) / "bin"),
        str(pulumi.parent),
        str(pulumi_install.launcher_directory(pulumi)),
    ]
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    variables = {
        "PATH": os.pathsep.join(dict.fromkeys(directories + path)),
        "MADDY_LAB_ROOT": str(ROOT),
        "PULUMI_HOME": str(pulumi_home()),
        "PULUMI_BACKEND_URL": f"file://{lab.state}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_STACK": stack or lab.name,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PYTHON_CMD": sys.executable,
    }
    if docker_host := os.environ.get("DOCKER_HOST"):
        variables["DOCKER_HOST"] = docker_host
    return variables


def run(
    lab: Lab,
    arguments: Sequence[str],
    *,
    stack: str | None = None,
    config_file: Path | None = None,
    project: Path = ROOT,
    capture: bool = False,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run one pulumi command against the lab.

    Args:
        lab: The lab whose state it works on.
        arguments: The command and its options, such as `["up", "--yes"]`.
        stack: The stack's name, when it is not the lab's.
        config_file: The stack's settings, when they are not in `Pulumi.<stack>.yaml` of the project.
        project: The directory of Pulumi.yaml.
        capture: Keep what it prints in the result instead of showing it.
        check: Raise when it fails.

    Raises:
        LabError: It failed and `check` is set.
    """
    variables = environment(lab, stack=stack)
    lab.state.mkdir(parents=True, exist_ok=True)
    command = [str(pulumi_install.find()), *arguments, "--cwd", str(project)]
    if config_file is not None:
        command += ["--config-file", str(config_file)]
    if capture or not sys.stdout.isatty():
        command += ["--non-interactive", "--color", "never"]
    output = subprocess.PIPE if capture else None
    with subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL if capture else None,
        stdout=output,
        stderr=output,
        text=True,
    ) as process:
        stdout, stderr = _finish(process)
    if check and process.returncode != 0:
        said = f":\n{(stderr or stdout).strip()}" if capture else "; what it said is above."
        raise LabError(f"`pulumi {arguments[0]}` failed (exit code {process.returncode}){said}")
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for the end, also of an interrupted command: Pulumi then writes down what it has done so far."""
    try:
        return process.communicate()
    except KeyboardInterrupt:
        if not sys.stdin.isatty():  # a terminal has sent it to Pulumi as well, and a second one would kill it
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
        raise
