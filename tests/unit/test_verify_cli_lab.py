"""`python -m lab verify`, which `make verify` calls for the dev stack."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import __main__ as lab_command
from lab.settings import DEV


@dataclass
class Lab:
    """A lab whose checker is a script."""

    home: Path

    def checker(self, script: str) -> None:
        """Let `python -m verify` run this."""
        package = self.home / "project" / "verify"
        package.mkdir(parents=True)
        (package / "__main__.py").write_text(script)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("MADDY_LAB_HOME", str(tmp_path))
    monkeypatch.setattr("lab.commands.ROOT", tmp_path / "project")
    monkeypatch.setattr("lab.pulumi_install.find", lambda: tmp_path / "tools" / "pulumi")
    return Lab(tmp_path)


@pytest.mark.parametrize("code", [0, 1, 2, 64])
def test_runs_the_checker_and_passes_its_exit_code_on(lab: Lab, code: int) -> None:
    DEV.stack_file.parent.mkdir(parents=True)
    DEV.stack_file.write_text("{}")
    lab.checker(
        "import json, os, sys\n"
        "seen = {'arguments': sys.argv[1:], 'stack': os.environ['PULUMI_STACK'], 'path': os.environ['PATH']}\n"
        "json.dump(seen, open('seen.json', 'w'))\n"
        f"sys.exit({code})\n"
    )
    assert lab_command.main(["verify", "--only", "records", "--json"]) == code
    seen = json.loads((lab.home / "project" / "seen.json").read_text())
    assert seen["arguments"] == ["--stack", "dev", "--resolver", DEV.dns4, "--only", "records", "--json"]
    assert seen["stack"] == "dev"
    assert str(lab.home / "tools") in seen["path"].split(":")
    assert str(Path(sys.prefix) / "bin") in seen["path"].split(":")


def test_needs_a_stack(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.checker("raise AssertionError('it must not run')")
    assert lab_command.main(["verify"]) == 1
    assert capsys.readouterr().err == "error: Nothing of the stack dev is up. Run `make up` first.\n"
