"""What the lab reads from Pulumi's state without starting Pulumi, and a second command at the same time."""

import json
import os
import platform
from pathlib import Path
from typing import Any

import pytest

from lab import commands, docker_engine, processes, stack
from lab.__main__ import main
from lab.locks import only_one
from lab.processes import Identity
from lab.settings import DEV
from lab.terminal import LabError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MADDY_LAB_HOME", str(tmp_path / "homes"))
    monkeypatch.setenv("MADDY_STACK_CACHE", str(tmp_path / "cache"))
    return DEV.home


def write_state(**latest: Any) -> None:
    DEV.stack_file.parent.mkdir(parents=True)
    DEV.stack_file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))


STACK = {"type": "pulumi:pulumi:Stack", "custom": False}
PROVIDER = {"type": "pulumi:providers:docker", "custom": True}
VOLUME = {"type": "docker:index/volume:Volume", "custom": True, "protect": True}
CONTAINER = {"type": "docker:index/container:Container", "custom": True}


class TestSomethingToDestroy:
    def test_is_not_there_before_the_first_up(self) -> None:
        assert not stack.has_something_to_destroy(DEV)

    @pytest.mark.parametrize("resources", [[], [STACK], [STACK, PROVIDER, VOLUME]])
    def test_is_not_what_destroy_keeps(self, resources: list[dict[str, Any]]) -> None:
        write_state(resources=resources)
        assert not stack.has_something_to_destroy(DEV)

    def test_is_a_container(self) -> None:
        write_state(resources=[STACK, CONTAINER])
        assert stack.has_something_to_destroy(DEV)

    def test_is_what_an_interrupted_up_began(self) -> None:
        write_state(resources=[STACK], pending_operations=[{"type": "creating", "resource": CONTAINER}])
        assert stack.has_something_to_destroy(DEV)


class TestLockOfAPulumi:
    def test_at_work_is_respected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write_state(resources=[])
        lock = DEV.state / ".pulumi" / "locks" / "organization" / "maddy-stack" / "dev" / "1.json"
        lock.parent.mkdir(parents=True)
        lock.write_text(json.dumps({"pid": os.getpid(), "hostname": platform.node()}))
        alive = Identity(os.getpid(), "now", "pulumi up")
        monkeypatch.setattr(processes, "identify", lambda _: alive)

        with pytest.raises(LabError, match=f"process {os.getpid()}"):
            stack.preview(DEV)
        assert lock.exists()


class TestOutputs:
    def test_with_nothing_up_are_one_sentence_and_no_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["outputs"]) == 1

        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err == "error: The stack dev has no outputs, since nothing is up. Run `make up` first.\n"


class TestDown:
    def test_with_nothing_up_says_so_and_starts_no_docker(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(docker_engine, "client", lambda: None)
        monkeypatch.setattr(docker_engine, "ensure", lambda: pytest.fail("Docker is not needed"))

        assert main(["down"]) == 0
        assert capsys.readouterr().err == "nothing of the lab dev is up\n"

    def test_during_another_command_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
    ) -> None:
        monkeypatch.setattr(docker_engine, "client", lambda: None)

        with only_one(home / "lock", on_wait=lambda: None):
            assert main(["down"]) == 1
        assert "Another command is at work on the lab dev" in capsys.readouterr().err


def test_an_interrupted_command_says_so_in_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "up", interrupt)

    assert main(["up"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
