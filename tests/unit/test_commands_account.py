"""Accounts are made to be what is declared, and never believed to be: Maddy's exit codes lie."""

import base64
import io
import json
import socketserver
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_docker import CONTAINER, Docker
from recorder import PROGRAM

from components.commands import account, docker_exec
from components.commands.account import Account
from components.commands.docker_exec import CommandError

ADDRESS = "mail@bücher.example"
PASSWORD = 'päss "word" 1'
HOST = "mail.example.org"

Run = Callable[..., str]


class ImapServer(socketserver.StreamRequestHandler):
    """Just enough of IMAP to log in, by one password."""

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, command, *_ = line.split()
            match command.upper():
                case b"CAPABILITY":
                    self.wfile.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
                case b"AUTHENTICATE":
                    self.wfile.write(b"+ \r\n")
                    given = base64.b64decode(self.rfile.readline()).decode()
                    if given != f"\0{ADDRESS}\0{PASSWORD}":
                        self.wfile.write(tag + b" NO not you\r\n")
                        continue
            self.wfile.write(tag + b" OK done\r\n")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(account.time, "sleep", lambda _: None)
    monkeypatch.setattr(account, "TRIES", 1)
    return Docker(tmp_path)


@pytest.fixture
def run(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `set` or `remove` as Pulumi does."""

    def run(action: str, *, password: str = PASSWORD, delete_mailbox: str = "no") -> str:
        monkeypatch.setenv("MADDY_CONTAINER", CONTAINER)
        monkeypatch.setenv("MADDY_HOSTNAME", HOST)
        monkeypatch.setenv("MADDY_ACCOUNT", ADDRESS)
        monkeypatch.setenv("MADDY_DELETE_MAILBOX", delete_mailbox)
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"password": password})))
        try:
            return account.main(action)
        finally:
            if (docker.home / "calls").exists():
                assert password not in (docker.home / "calls").read_text(encoding="utf-8")

    return run


class TestAnAccountThatIsThere:
    def test_is_proven_by_list_and_login_and_left_alone(self, docker: Docker, run: Run) -> None:
        docker.lists("creds", "other@example.org", ADDRESS)
        docker.lists("imap-acct", ADDRESS)
        with docker.serving(993, ImapServer, HOST):
            assert run("set") == f"{ADDRESS}: logs in"
        assert docker.changes == set()

    def test_gets_the_password_when_it_has_another_and_is_not_believed_to_have_it(
        self, docker: Docker, run: Run
    ) -> None:
        docker.lists("creds", ADDRESS)
        docker.lists("imap-acct", ADDRESS)
        with docker.serving(993, ImapServer, HOST), pytest.raises(CommandError) as caught:
            run("set", password="another password")
        assert str(caught.value) == f"{ADDRESS} does not log in; `docker logs {CONTAINER}` tells more"
        assert docker.changes == {f"maddy creds password {ADDRESS}"}
        assert docker.password == "another password"

    def test_is_looked_for_again_when_it_takes_a_while(
        self, docker: Docker, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        docker.lists("imap-acct", ADDRESS)
        monkeypatch.setattr(account, "TRIES", 2)
        monkeypatch.setattr(account.time, "sleep", lambda seconds: seconds and docker.lists("creds", ADDRESS))
        with docker.serving(993, ImapServer, HOST):
            assert run("set") == f"{ADDRESS}: logs in"

    def test_is_not_proven_by_a_server_of_another_name(self, docker: Docker, run: Run) -> None:
        docker.lists("creds", ADDRESS)
        docker.lists("imap-acct", ADDRESS)
        with docker.serving(993, ImapServer, "other.example.org"), pytest.raises(CommandError) as caught:
            run("set")
        assert "no IMAP session" in str(caught.value)
        assert "certificate" in str(caught.value)


class TestAnAccountThatMaddyOnlyPretendsToMake:
    @pytest.mark.parametrize("listed", [[], [f"x{ADDRESS}", f"{ADDRESS}.org"]], ids=["none", "only like it"])
    def test_is_a_failure_that_does_not_tell_the_password(self, docker: Docker, run: Run, listed: list[str]) -> None:
        docker.lists("creds", *listed)
        docker.lists("imap-acct", *listed)
        with docker.serving(993, ImapServer, HOST), pytest.raises(CommandError) as caught:
            run("set")
        assert str(caught.value) == f"{ADDRESS} does not log in; `docker logs {CONTAINER}` tells more"
        assert docker.changes == {f"maddy imap-acct create {ADDRESS}", f"maddy creds password {ADDRESS}"}
        assert docker.password == PASSWORD

    def test_without_a_mailbox_is_one_too(self, docker: Docker, run: Run) -> None:
        docker.lists("creds", ADDRESS)
        with docker.serving(993, ImapServer, HOST), pytest.raises(CommandError, match="does not log in"):
            run("set")


class TestRemoval:
    def test_takes_the_login_and_keeps_the_mailbox(self, docker: Docker, run: Run) -> None:
        docker.lists("imap-acct", ADDRESS)
        with docker.serving(993, ImapServer, HOST):
            assert run("remove", password="old one") == f"{ADDRESS}: no longer logs in; its mailbox is kept"
        assert docker.changes == {f"maddy creds remove --yes {ADDRESS}"}

    def test_takes_the_mailbox_too_when_told_so(self, docker: Docker, run: Run) -> None:
        docker.lists("imap-acct", ADDRESS)
        with docker.serving(993, ImapServer, HOST), pytest.raises(CommandError) as caught:
            run("remove", password="old one", delete_mailbox="yes")
        assert docker.changes == {f"maddy creds remove --yes {ADDRESS}", f"maddy imap-acct remove --yes {ADDRESS}"}
        assert f"{ADDRESS} could not be removed" in str(caught.value)

    def test_is_not_believed_while_the_password_still_works(self, docker: Docker, run: Run) -> None:
        with docker.serving(993, ImapServer, HOST), pytest.raises(CommandError) as caught:
            run("remove")
        assert f"{ADDRESS} could not be removed" in str(caught.value)
        assert PASSWORD not in str(caught.value)

    def test_works_when_the_certificate_is_already_one_for_another_host(self, docker: Docker, run: Run) -> None:
        with docker.serving(993, ImapServer, "new.example.org"):
            assert "no longer logs in" in run("remove", password="old one")

    def test_from_a_server_that_is_gone_is_done(self, docker: Docker, run: Run) -> None:
        docker.refuses(f"Error response from daemon: No such container: {CONTAINER}")
        assert run("remove") == f"{ADDRESS}: there is no server {CONTAINER} any more to log in to"


class TestWithoutAServer:
    def test_setting_fails_at_once(self, docker: Docker, run: Run) -> None:
        docker.refuses(f"Error response from daemon: No such container: {CONTAINER}")
        with pytest.raises(CommandError, match=f"^there is no container {CONTAINER}$"):
            run("set")
        assert len(docker.calls) == 1

    def test_dockers_last_word_is_in_the_error(self, docker: Docker, run: Run) -> None:
        docker.refuses("a warning\nError response from daemon: container is not running")
        with pytest.raises(CommandError) as caught:
            run("set")
        assert str(caught.value) == (
            f"{ADDRESS} does not log in: `docker exec {CONTAINER} maddy imap-acct list` failed: "
            f"Error response from daemon: container is not running; `docker logs {CONTAINER}` tells more"
        )

    def test_a_docker_that_hangs_is_given_up(self, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
        (docker.home / "docker").write_text("#!/bin/sh\nexec /bin/sleep 10\n")
        monkeypatch.setattr(docker_exec, "TIMEOUT", 0.1)
        with pytest.raises(CommandError, match=r"`docker exec maddy-test maddy` gave no answer within 0 s"):
            Account(CONTAINER, HOST, ADDRESS).has_login()

    def test_no_docker_command(self, docker: Docker, run: Run) -> None:
        (docker.home / "docker").unlink()
        with pytest.raises(CommandError, match="the docker command is not on the PATH: install Docker's"):
            run("set")


@pytest.mark.parametrize("program", ["account", "served_policy"])
def test_nothing_but_python_is_needed(program: str, tmp_path: Path) -> None:
    environment: dict[str, Any] = {
        "PATH": str(tmp_path),
        "MADDY_CONTAINER": CONTAINER,
        "MADDY_HOSTNAME": HOST,
        "MADDY_ACCOUNT": ADDRESS,
        "MADDY_DELETE_MAILBOX": "no",
    }
    done = subprocess.run(
        [sys.executable, "-S", "-m", f"components.commands.{program}", "set"],
        cwd=PROGRAM.parent,
        env=environment,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ModuleNotFoundError" not in done.stderr
    assert "JSONDecodeError" in done.stderr or "KeyError: 'POLICY_CONTAINER'" in done.stderr
