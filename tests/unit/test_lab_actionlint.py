"""The linter of the workflows, as `make lint` runs it."""

from pathlib import Path

import pytest

from lab import actionlint, toolchain
from lab.terminal import LabError


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for the built one."""
    program = tmp_path / "actionlint"
    program.write_text('#!/bin/sh\necho "$@" > "$0.arguments"\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setattr(toolchain, "ensure", lambda tool: program)
    return program


def test_its_exit_code_is_the_result(program: Path) -> None:
    assert actionlint.main(["some.yml"]) == 3


def test_says_the_same_with_and_without_shellcheck(program: Path) -> None:
    actionlint.main(["some.yml"])
    assert Path(f"{program}.arguments").read_text() == "-shellcheck= -pyflakes= some.yml\n"


def test_missing_go_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(tool: toolchain.Tool) -> Path:
        assert tool is toolchain.ACTIONLINT
        raise LabError("Go is missing.")

    monkeypatch.setattr(toolchain, "ensure", refuse)
    assert actionlint.main([]) == 1
    assert capsys.readouterr().err == "error: Go is missing.\n"
