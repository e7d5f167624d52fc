"""The program runs as under `python`, and its errors read as it wrote them."""

import sys
from pathlib import Path

import pulumi
import pytest

from lab.language_host import run_program


@pytest.fixture(autouse=True)
def import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def write(directory: Path, **modules: str) -> None:
    for name, text in modules.items():
        (directory / f"{name}.py").write_text(text)


def test_imports_from_its_own_directory_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, __main__="import neighbour_of_main; print(neighbour_of_main.x)", neighbour_of_main="x = 'here'")

    run_program(tmp_path, ".")

    assert capsys.readouterr().out == "here\n"
    assert sys.path[0] == str(tmp_path)


def test_a_run_error_is_just_its_message(tmp_path: Path) -> None:
    write(tmp_path, __main__="import pulumi; raise pulumi.RunError('domains: none')")

    with pytest.raises(pulumi.RunError, match=r"\Adomains: none\Z"):
        run_program(tmp_path, ".")


def test_a_traceback_starts_at_the_program(tmp_path: Path) -> None:
    write(tmp_path, __main__="def divide():\n    return 1 / 0\n\ndivide()\n")

    with pytest.raises(pulumi.RunError) as raised:
        run_program(tmp_path, ".")

    lines = str(raised.value).splitlines()
    assert lines[1] == f'  File "{tmp_path}/__main__.py", line 4, in <module>'
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_a_syntax_error_shows_its_line(tmp_path: Path) -> None:
    write(tmp_path, __main__="import (\n")

    with pytest.raises(pulumi.RunError) as raised:
        run_program(tmp_path, ".")

    assert "language_host" not in str(raised.value)
    assert "import (" in str(raised.value)


def test_an_exit_code_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, __main__="import sys; sys.exit(3)")

    with pytest.raises(pulumi.RunError, match="ended itself: 3"):
        run_program(tmp_path, ".")
