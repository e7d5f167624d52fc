"""The command `python -m verify` as a test runs it."""

import json
import signal
import sys
from pathlib import Path

import pytest
from verify_runs import CATALOGUE, OUTPUTS, Command, World

from verify.catalogue import CHECKS


@pytest.fixture(autouse=True, scope="session")
def _interrupts() -> None:
    """Have interrupts taken, here and in all that is started: a shell has them ignored by what it runs behind it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _ways_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tracebacks whole again after a test that had them cut."""
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the last run is kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "maddy-stack" / "verify"


@pytest.fixture
def world(state: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """What the checks of `verify_runs.CATALOGUE` find."""
    world = World()
    for check in CATALOGUE:
        monkeypatch.setitem(CHECKS, check.id, check)
    monkeypatch.setattr("verify.checks.probes", world.probes)
    return world


@pytest.fixture
def verify(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, on a stack of three domains."""
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    return Command(file, capsys)
