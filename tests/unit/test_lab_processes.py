"""A pid file's process is ended when it is that process, and a stranger with its pid never is."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.processes import PidFile, identify

SLEEPER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEPER, stdout=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def remember(path: Path, **changes: object) -> PidFile:
    path.write_text(json.dumps({"fingerprint": "", **changes}))
    return PidFile(path)


class TestStartedProcess:
    def test_is_found_and_ended(self, tmp_path: Path) -> None:
        pid_file = PidFile(tmp_path / "home" / "sleeper.json")
        log = tmp_path / "log"
        process = pid_file.start(SLEEPER, log=log, fingerprint="v1")

        identity = pid_file.running()
        assert identity is not None
        assert identity.pid == process.pid
        assert pid_file.read() == (identity, "v1")

        assert pid_file.stop()
        assert process.wait(timeout=5) != 0
        assert not pid_file.path.exists()

    def test_is_killed_when_it_does_not_listen(self, tmp_path: Path) -> None:
        deaf = (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            "print('deaf', flush=True); time.sleep(60)"
        )
        log = tmp_path / "log"
        pid_file = PidFile(tmp_path / "deaf.json")
        process = pid_file.start([sys.executable, "-c", deaf], log=log)
        while not log.read_text():
            time.sleep(0.01)

        assert pid_file.stop(seconds=0.2)
        assert process.wait(timeout=5) == -9

    def test_that_has_ended_is_nothing_to_end(self, tmp_path: Path) -> None:
        pid_file = PidFile(tmp_path / "short.json")
        pid_file.start([sys.executable, "-c", ""], log=tmp_path / "log").wait()

        assert pid_file.running() is None
        assert not pid_file.stop()


class TestStranger:
    def test_with_the_same_pid_is_left_alone(self, tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
        identity = identify(stranger.pid)
        assert identity is not None
        started_earlier = remember(tmp_path / "a.json", pid=stranger.pid, started="long ago", command=identity.command)
        other_program = remember(tmp_path / "b.json", pid=stranger.pid, started=identity.started, command="dockerd")

        assert not started_earlier.stop()
        assert not other_program.stop()
        assert stranger.poll() is None

    @pytest.mark.parametrize("text", ["", "123", "[]", "{}", '{"pid": 1}'])
    def test_is_not_what_an_unreadable_file_means(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "pid.json"
        path.write_text(text)

        assert PidFile(path).running() is None
        assert not PidFile(path).stop()
