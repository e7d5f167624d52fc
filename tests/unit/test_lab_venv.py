"""A Python that can't serve is named in one sentence, with the way out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import venv


def test_an_old_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    complaint = venv.main(tmp_path / "venv" / "stamp", ["requirements.txt"])

    assert complaint.startswith("Python 3.11 or newer is needed")
    assert "make PYTHON=" in complaint
    assert not (tmp_path / "venv").exists()


def test_a_missing_venv_module_for_an_ordinary_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_ensurepip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, returncode=1)

    monkeypatch.setattr(subprocess, "run", no_ensurepip)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    complaint = venv.main(tmp_path / "venv" / "stamp", ["requirements.txt"])

    assert "Python's venv module is missing" in complaint
    assert "apt install python3." in complaint
