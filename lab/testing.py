"""`make test`: the tests with everything there that they need, and nothing left running that they started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from lab import bootstrap, docker_engine
from lab.settings import ROOT
from lab.terminal import LabError, say

WITHOUT_DOCKER = "MADDY_LAB_WITHOUT_DOCKER"
"""Tells the tests (lab/pytest_plugin.py) why there is no Docker."""


def run_tests(arguments: Sequence[str]) -> int:
    """Prepare, run pytest, tidy up.

    Args:
        arguments: For pytest.

    Returns:
        pytest's exit code.

    Raises:
        LabError: What the tests need can't be had; in CI that includes Docker.
    """
    environment = dict(os.environ)
    try:
        client = docker_engine.ensure()
    except LabError as problem:
        if os.environ.get("CI") == "true":
            raise LabError(f"In CI no test may be left out, but: {problem}") from problem
        say(f"{problem}\nThe tests that need Docker are left out.")
        client, environment[WITHOUT_DOCKER] = None, str(problem)
    try:
        bootstrap.ensure_parts(client)
        command = [sys.executable, "-m", "pytest", "-p", "lab.pytest_plugin", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    finally:
        docker_engine.release()
