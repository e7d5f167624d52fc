"""A Docker host that is not reached: it is said in a person's words, before anything is declared."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import stacks
from recorder import record

from components import docker_host
from components.docker_host import DockerHostError
from lab.plugins.docker import ssh

HOST = "ssh://root@mail.example.org"
CONNECTING = (
    'error during connect: Get "http://docker.example.com/v1.50/version": command [ssh -l root -- mail.example.org '
    "docker system dial-stdio] has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later "
    "is installed on the remote host: stderr="
)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A `docker` command that complains, or does not."""
    command = tmp_path / "docker"

    def says(complaint: str) -> None:
        (tmp_path / "complaint").write_text(complaint)
        command.write_text(
            f'#!/bin/sh\ncd {tmp_path}; echo "$*" > asked; cat complaint >&2; exec test ! -s complaint\n'
        )
        command.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return says


def refusal() -> str:
    with pytest.raises(DockerHostError) as refused:
        docker_host.require(HOST)
    return str(refused.value)


def test_an_answer_is_enough(docker: Callable[[str], None], tmp_path: Path) -> None:
    docker("")
    docker_host.require(HOST)
    assert (tmp_path / "asked").read_text().startswith(f"--host {HOST} version")


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("Host key verification failed.\r\n", "its SSH host key is not known here. Nothing was changed. Compare"),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.\r\n",
            "it shows another SSH host key than the one that is known here. Nothing was changed. Somebody may be in",
        ),
        ("root@mail.example.org: Permission denied (publickey).\r\n", "it accepts no SSH key of this user. Nothing"),
        ("ssh: connect to host x port 22: Connection \x1brefused\r\n", ": ssh: connect to host x port 22: Connection"),
    ],
)
def test_a_refusal_is_said(docker: Callable[[str], None], complaint: str, words: str) -> None:
    docker(CONNECTING + complaint)
    text = refusal()
    assert text.startswith(f"server.dockerHost: no Docker at {HOST}: ")
    assert words in text
    assert text.isprintable()


def test_a_daemon_that_is_not_there_is_said(docker: Callable[[str], None]) -> None:
    docker(f"Cannot connect to the Docker daemon at {HOST}. Is the docker daemon running?\n")
    assert f"Cannot connect to the Docker daemon at {HOST}. Nothing was changed. `docker --host HOST" in refusal()


def test_silence_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(docker_host, "TIMEOUT", 0.2)
    assert "within 0 s" in refusal()


def test_a_missing_command_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install Docker's command line client" in refusal()


def test_nothing_is_declared(docker: Callable[[str], None]) -> None:
    docker(CONNECTING + "Host key verification failed.")
    settings = stacks.changed(stacks.repeatable(), server__dockerHost=HOST)
    with pytest.raises(DockerHostError):
        record(settings, secrets=stacks.SECRET_KEYS)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("ssh://mail.example.org", ["--", "mail.example.org"]),
        ("ssh://root@mail.example.org:2222", ["-l", "root", "-p", "2222", "--", "mail.example.org"]),
        ("ssh://root@[2001:db8::25]:22", ["-l", "root", "-p", "22", "--", "2001:db8::25"]),
    ],
)
def test_the_labs_plugin_calls_ssh_as_docker_does(host: str, words: list[str]) -> None:
    start = ["ssh", "-T", "-o", "ConnectTimeout=30"]
    assert ssh.command(host) == [*start, *words, "docker system dial-stdio"]
