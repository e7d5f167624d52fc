"""Without Docker there is one sentence that says what to do, and a daemon that is not the lab's is never ended."""

import os
import shutil
from pathlib import Path

import pytest

from lab import debian, docker_engine
from lab.terminal import LabError


@pytest.fixture(autouse=True)
def no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADDY_LAB_HOME", str(tmp_path / "homes"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker_engine, "client", lambda: None)


class TestSentence:
    def test_names_the_address_that_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")

        with pytest.raises(LabError, match=r"DOCKER_HOST=unix:///nowhere/docker\.sock"):
            docker_engine.ensure()

    def test_for_an_ordinary_user(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)

        with pytest.raises(LabError, match="`docker info` works for this user"):
            docker_engine.ensure()

    def test_where_it_can_not_be_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(shutil, "which", lambda _: None)

        with pytest.raises(LabError, match=r"Docker is not installed\. Install Docker"):
            docker_engine.ensure()

    def test_has_what_apt_get_complained_about(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(shutil, "which", lambda _: None)
        monkeypatch.setattr(debian, "can_install", lambda: True)
        monkeypatch.setattr(debian, "install", lambda *_: "E: Unable to locate package docker.io")

        with pytest.raises(LabError, match="Unable to locate package"):
            docker_engine.ensure()


class TestForeignDaemon:
    def test_is_not_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def look() -> None:
            pytest.fail("there is no daemon of the lab's own to look into")

        monkeypatch.setattr(docker_engine, "client", look)

        docker_engine.release()

        assert not docker_engine.started_by_lab()
