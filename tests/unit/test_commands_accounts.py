"""Accounts are made to be what is declared, and never believed to be: Maddy's exit codes lie."""

import base64
import io
import json
import socketserver
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_docker import CONTAINER, Docker
from recorder import PROGRAM

from components.commands import account, accounts, docker_exec, maddy
from components.commands.docker_exec import CommandError
from components.commands.maddy import Maddy

ADDRESS = "mail@bücher.example"
OTHER = "other@example.org"
PASSWORD = 'päss "word" `$HOME` \\1'
HOST = "mail.example.org"

Run = Callable[..., str]


def imap_server(docker: Docker) -> type[socketserver.StreamRequestHandler]:
    """Just enough of IMAP to log in, by the passwords that were set and those that were there before."""

    class ImapServer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            while line := self.rfile.readline():
                tag, command, *_ = line.split()
                match command.upper():
                    case b"CAPABILITY":
                        self.wfile.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
                    case b"AUTHENTICATE":
                        self.wfile.write(b"+ \r\n")
                        _, address, given = base64.b64decode(self.rfile.readline()).decode().split("\0")
                        (docker.home / "tried").open("a", encoding="utf-8").write(f"{address}\n")
                        if given != docker.passwords.get(address):
                            self.wfile.write(tag + b" NO not you\r\n")
                            continue
                self.wfile.write(tag + b" OK done\r\n")

    return ImapServer


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Docker]:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(accounts.time, "sleep", lambda _: None)
    monkeypatch.setattr(accounts, "TRIES", 1)
    monkeypatch.setenv("MADDY_CONTAINER", CONTAINER)
    monkeypatch.setenv("MADDY_HOSTNAME", HOST)
    docker = Docker(tmp_path)
    with docker.serving(993, imap_server(docker), HOST):
        yield docker


@pytest.fixture
def run(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program as Pulumi does."""

    def run(passwords: dict[str, str], *, delete_mailbox: bool = False) -> str:
        declared = {
            address: {"password": password, "delete_mailbox": delete_mailbox} for address, password in passwords.items()
        }
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(declared)))
        try:
            return accounts.main()
        finally:
            called = "".join(docker.calls) if (docker.home / "calls").exists() else ""
            assert not [password for password in passwords.values() if password in called]

    return run


def has(docker: Docker, address: str, password: str) -> None:
    """Have an account there already."""
    for kind in ("creds", "imap-acct"):
        docker.lists(kind, *docker.listed(kind), address)
    with (docker.home / "passwords").open("a", encoding="utf-8") as passwords:
        passwords.write(f"{address}\t{password}\n")


class TestDeclaredAccounts:
    def test_are_made_and_proven(self, docker: Docker, run: Run) -> None:
        assert run({ADDRESS: PASSWORD, OTHER: "12345678"}) == "accounts that log in: 2"
        assert docker.listed("creds") == docker.listed("imap-acct") == [ADDRESS, OTHER]
        assert docker.passwords == {ADDRESS: PASSWORD, OTHER: "12345678"}

    def test_are_left_alone_where_they_are_there(self, docker: Docker, run: Run) -> None:
        has(docker, ADDRESS, PASSWORD)
        has(docker, OTHER, "12345678")
        assert run({ADDRESS: PASSWORD, OTHER: "12345678"}) == "accounts that log in: 2"
        assert docker.changes == []

    def test_alone_are_changed_beside_others(self, docker: Docker, run: Run) -> None:
        has(docker, ADDRESS, PASSWORD)
        has(docker, OTHER, "12345678")
        has(docker, "byhand@example.org", "12345678")
        run({ADDRESS: PASSWORD, OTHER: "another password", "new@example.org": "123456789"})
        assert sorted(docker.changes) == [
            "creds password new@example.org",
            f"creds password {OTHER}",
            "imap-acct create new@example.org",
        ]
        assert "byhand@example.org" in docker.listed("creds")

    def test_get_a_mailbox_where_they_have_a_login_alone(self, docker: Docker, run: Run) -> None:
        has(docker, ADDRESS, PASSWORD)
        docker.lists("imap-acct", f"{ADDRESS}x", f"x{ADDRESS}")
        run({ADDRESS: PASSWORD})
        assert f"imap-acct create {ADDRESS}" in docker.changes

    def test_are_all_made_and_each_proven_when_there_are_many(
        self, docker: Docker, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maddy, "PER_CALL", 3)
        many = {f"user{number}@example.org": f"password {number}" for number in range(7)}
        assert run(many) == f"accounts that log in: {len(many)}"
        assert docker.passwords == many
        assert sorted((docker.home / "tried").read_text().splitlines()) == sorted(many)
        changing = [call for call in docker.calls if "imap-acct create" in call or "creds password" in call]
        assert len(changing) == 6

    def test_may_be_none(self, docker: Docker, run: Run) -> None:
        assert run({}) == "accounts that log in: 0"
        assert docker.changes == []


class TestWhatMaddyOnlyPretendsToDo:
    def test_is_a_failure_that_does_not_tell_the_password(self, docker: Docker, run: Run) -> None:
        docker.pretends()
        has(docker, OTHER, "12345678")
        with pytest.raises(CommandError) as caught:
            run({ADDRESS: PASSWORD, OTHER: "12345678"})
        assert (
            str(caught.value)
            == f"accounts: {ADDRESS} could not be made to log in; `docker logs {CONTAINER}` tells more"
        )
        assert docker.changes == [f"imap-acct create {ADDRESS}", f"creds password {ADDRESS}"]

    def test_is_one_for_a_login_without_a_mailbox_too(self, docker: Docker, run: Run) -> None:
        has(docker, ADDRESS, PASSWORD)
        docker.lists("imap-acct")
        docker.pretends()
        with pytest.raises(CommandError, match="could not be made to log in"):
            run({ADDRESS: PASSWORD})

    def test_is_one_for_a_password_that_is_not_accepted(
        self, docker: Docker, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Docker, "passwords", {ADDRESS: "the old one"})
        with pytest.raises(CommandError, match="could not be made to log in"):
            run({ADDRESS: PASSWORD})
        assert docker.listed("creds") == docker.listed("imap-acct") == [ADDRESS]

    def test_is_looked_for_again_when_it_takes_a_while(
        self, docker: Docker, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        docker.pretends()
        monkeypatch.setattr(accounts, "TRIES", 2)
        monkeypatch.setattr(
            accounts.time, "sleep", lambda attempt: attempt and (docker.home / "pretends").unlink(missing_ok=True)
        )
        assert run({ADDRESS: PASSWORD}) == "accounts that log in: 1"

    def test_names_a_few_of_many(self, docker: Docker, run: Run) -> None:
        docker.pretends()
        with pytest.raises(CommandError) as caught:
            run({f"u{number}@example.org": "12345678" for number in range(7)})
        named = ", ".join(f"u{number}@example.org" for number in range(5))
        assert str(caught.value).startswith(f"accounts: {named} and 2 more could not be made to log in; ")

    def test_is_a_failure_for_a_removal_too(self, docker: Docker, run: Run) -> None:
        has(docker, OTHER, "12345678")
        docker.declares({OTHER: False})
        docker.pretends()
        with pytest.raises(CommandError, match=f"^accounts: {OTHER} could not be removed; "):
            run({})
        assert json.loads(docker.declared.read_text()) == {OTHER: False}


class TestAccountsThatAreDeclaredNoMore:
    def test_lose_their_login_and_keep_their_mailbox(self, docker: Docker, run: Run) -> None:
        run({ADDRESS: PASSWORD, OTHER: "12345678"})
        run({ADDRESS: PASSWORD})
        assert docker.listed("creds") == [ADDRESS]
        assert docker.listed("imap-acct") == [ADDRESS, OTHER]

    def test_lose_their_mailbox_when_that_was_said_before(self, docker: Docker, run: Run) -> None:
        run({ADDRESS: PASSWORD, OTHER: "12345678"}, delete_mailbox=True)
        run({ADDRESS: PASSWORD})
        assert docker.listed("creds") == docker.listed("imap-acct") == [ADDRESS]

    def test_keep_it_when_that_was_taken_back(self, docker: Docker, run: Run) -> None:
        run({OTHER: "12345678"}, delete_mailbox=True)
        run({OTHER: "12345678"}, delete_mailbox=False)
        run({})
        assert docker.listed("imap-acct") == [OTHER]

    def test_keep_it_when_the_update_that_says_it_fails(self, docker: Docker, run: Run) -> None:
        run({OTHER: "12345678"})
        docker.pretends()
        with pytest.raises(CommandError):
            run({OTHER: "12345678", ADDRESS: PASSWORD}, delete_mailbox=True)
        (docker.home / "pretends").unlink()
        run({})
        assert docker.listed("creds") == []
        assert OTHER in docker.listed("imap-acct")

    def test_are_known_also_when_the_update_that_made_them_failed(
        self, docker: Docker, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(Maddy, "that_can_log_in", lambda *_: set())
            with pytest.raises(CommandError):
                run({OTHER: "12345678"})
        assert docker.listed("creds") == [OTHER]
        run({})
        assert docker.listed("creds") == []

    def test_and_were_removed_already_are_no_failure(self, docker: Docker, run: Run) -> None:
        docker.declares({OTHER: True})
        run({})
        assert docker.changes == []

    def test_are_not_guessed_from_a_list_that_is_none(self, docker: Docker, run: Run) -> None:
        has(docker, OTHER, "12345678")
        for text in ('{"cut', "[1]", "null"):
            docker.declared.write_text(text)
            with pytest.raises(CommandError, match=r"^/data/declared-accounts.json in maddy-test is not the list"):
                run({ADDRESS: PASSWORD})
        assert docker.changes == []

    def test_are_listed_for_nobody_else_to_read(self, docker: Docker, run: Run) -> None:
        run({ADDRESS: PASSWORD})
        assert docker.declared.stat().st_mode & 0o777 == 0o600
        assert PASSWORD not in docker.declared.read_text(encoding="utf-8")


class TestAnAccountThatHadItsOwnCommand:
    """In the state of a stack from before accounts were made together."""

    @pytest.fixture
    def remove(self, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Run:
        def remove(address: str, delete_mailbox: str = "no") -> str:
            monkeypatch.setenv("MADDY_ACCOUNT", address)
            monkeypatch.setenv("MADDY_DELETE_MAILBOX", delete_mailbox)
            return account.main()

        return remove

    def test_stays_while_it_is_declared(self, docker: Docker, run: Run, remove: Run) -> None:
        run({ADDRESS: PASSWORD})
        assert remove(ADDRESS, "yes") == f"{ADDRESS}: is declared, and stays"
        assert docker.listed("creds") == docker.listed("imap-acct") == [ADDRESS]

    @pytest.mark.parametrize(("delete_mailbox", "kept"), [("no", [OTHER]), ("yes", [])])
    def test_goes_when_it_is_not(
        self, docker: Docker, run: Run, remove: Run, delete_mailbox: str, kept: list[str]
    ) -> None:
        has(docker, OTHER, "12345678")
        run({})
        assert remove(OTHER, delete_mailbox) == f"{OTHER}: no longer logs in"
        assert docker.listed("creds") == []
        assert docker.listed("imap-acct") == kept

    def test_is_not_believed_to_be_gone(self, docker: Docker, remove: Run) -> None:
        has(docker, OTHER, "12345678")
        docker.pretends()
        with pytest.raises(CommandError, match=f"^{OTHER} could not be removed"):
            remove(OTHER)

    def test_from_a_server_that_is_gone_is_done(self, docker: Docker, remove: Run) -> None:
        docker.refuses(f"Error response from daemon: No such container: {CONTAINER}")
        assert remove(ADDRESS) == f"{ADDRESS}: there is no server {CONTAINER} any more to log in to"


class TestWithoutAServer:
    def test_it_fails_at_once(self, docker: Docker, run: Run) -> None:
        docker.refuses(f"Error response from daemon: No such container: {CONTAINER}")
        with pytest.raises(CommandError, match=f"^there is no container {CONTAINER}$"):
            run({ADDRESS: PASSWORD})
        assert len(docker.calls) == 1

    def test_of_the_right_name_nothing_is_proven(self, docker: Docker, run: Run) -> None:
        has(docker, ADDRESS, PASSWORD)
        with docker.serving(993, imap_server(docker), "other.example.org"), pytest.raises(CommandError) as caught:
            run({ADDRESS: PASSWORD})
        assert "no IMAP session" in str(caught.value)
        assert "certificate" in str(caught.value)

    def test_dockers_last_word_is_in_the_error(self, docker: Docker, run: Run) -> None:
        docker.refuses("a warning\nError response from daemon: container is not running")
        with pytest.raises(CommandError) as caught:
            run({ADDRESS: PASSWORD})
        said = str(caught.value)
        assert said.startswith(f"accounts: `docker exec {CONTAINER} sh -c [ ! -e /data/declared-accounts.json ]")
        assert said.endswith(
            f"failed: Error response from daemon: container is not running; `docker logs {CONTAINER}` tells more"
        )

    def test_that_comes_up_late_it_is_waited_for(
        self, docker: Docker, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        docker.refuses("Error response from daemon: container is not running")
        monkeypatch.setattr(accounts, "TRIES", 2)
        monkeypatch.setattr(
            accounts.time, "sleep", lambda attempt: attempt and (docker.home / "refusal").unlink(missing_ok=True)
        )
        assert run({ADDRESS: PASSWORD}) == "accounts that log in: 1"

    def test_a_docker_that_hangs_is_given_up(self, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
        (docker.home / "docker").write_text("#!/bin/sh\nexec /bin/sleep 10\n")
        monkeypatch.setattr(docker_exec, "TIMEOUT", 0.1)
        with pytest.raises(CommandError, match=r"`docker exec maddy-test maddy` gave no answer within 0 s"):
            Maddy(CONTAINER, HOST).logins()

    def test_no_docker_command(self, docker: Docker, run: Run) -> None:
        (docker.home / "docker").unlink()
        with pytest.raises(CommandError, match="the docker command is not on the PATH: install Docker's"):
            run({ADDRESS: PASSWORD})


@pytest.mark.parametrize("program", ["account", "accounts", "served_policy"])
def test_nothing_but_python_is_needed(program: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", f"components.commands.{program}"],
        cwd=PROGRAM.parent,
        env={"PATH": str(tmp_path)},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ModuleNotFoundError" not in done.stderr
    assert "KeyError: '" in done.stderr
