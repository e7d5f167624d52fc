"""The machine that is to be the mail host: Docker, ports, the names of its addresses, the way out."""

import asyncio
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import preflight_world
import pytest

from preflight import docker_host, ports, reach
from preflight.stack import Stack
from verify.dns_client import Answer, DnsClient, Server
from verify.failures import Silent
from verify.probe import Probe
from verify.result import Result
from verify.run import run

OWN, OTHER = "a" * 64, "b" * 64


def rows(probes: Iterator[Probe]) -> list[Result]:
    return asyncio.run(run(probes, lambda *_: None))


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A `docker` command that says what a test wants."""

    def says(*, version: str = "", ps: str = "", complaint: str = "", code: int = 0, seconds: float = 0) -> None:
        (tmp_path / "version").write_text(version)
        (tmp_path / "ps").write_text(ps)
        (tmp_path / "complaint").write_text(complaint)
        script = tmp_path / "docker"
        script.write_text(
            "#!/bin/bash\n"
            f'cd {tmp_path}; echo "$*" >> asked; [[ $1 = --host ]] && shift 2\n'
            f'[[ {seconds} = 0 ]] || exec sleep {seconds}\ncat complaint >&2; cat "$1"; exit {code}\n'
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    says()
    return says


def at(host: str) -> Stack:
    return preflight_world.stack(lambda settings: settings["server"].update(dockerHost=host))


class TestTheDaemon:
    def test_answers_with_its_version(self, docker: Callable[..., None], tmp_path: Path) -> None:
        docker(version='{"Version": "28.1", "Os": "linux", "Arch": "amd64"}')
        [row] = rows(docker_host.probes(at("ssh://root@mail.example.org")))
        assert (row.verdict, row.found) == ("pass", "Docker 28.1 (linux/amd64)")
        assert (tmp_path / "asked").read_text().startswith("--host ssh://root@mail.example.org version ")

    def test_that_refuses_is_quoted(self, docker: Callable[..., None]) -> None:
        docker(complaint="permission denied \x1b[31m", code=1)
        [row] = rows(docker_host.probes(preflight_world.stack()))
        assert (row.verdict, row.found) == ("fail", r"permission denied \x1b[31m")
        assert "server.dockerHost" in row.mend

    def test_whose_ssh_key_is_unknown_is_told_apart(self, docker: Callable[..., None]) -> None:
        docker(complaint="error during connect: ...: stderr=Host key verification failed.\r\n", code=1)
        [row] = rows(docker_host.probes(at("ssh://root@mail.example.org")))
        assert (row.verdict, row.found) == ("fail", "its SSH host key is not known here")
        assert "docs/going-live.md" in row.mend

    def test_that_hangs_is_given_up(self, docker: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
        docker(seconds=60)
        monkeypatch.setattr(docker_host, "SECONDS", 0.2)
        [row] = rows(docker_host.probes(preflight_world.stack()))
        assert (row.verdict, row.found) == ("fail", "Docker does not answer within 0.2 s")

    def test_without_a_docker_command(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        [row] = rows(docker_host.probes(preflight_world.stack()))
        assert (row.verdict, "no `docker` command" in row.found) == ("fail", True)

    @pytest.mark.parametrize("said", ["", "{}", "null", "[1]"])
    def test_that_says_something_else_is_unknown(self, docker: Callable[..., None], said: str) -> None:
        docker(version=said)
        [row] = rows(docker_host.probes(preflight_world.stack()))
        assert row.verdict == "unknown"


@pytest.fixture
def listener() -> Iterator[int]:
    """A port of 127.0.0.1 that something listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])


def publishing(port: int, address: str = "127.0.0.1", own: str = OWN) -> Stack:
    """A stack that publishes SMTP there."""
    others = {"imap": 40143, "submissions": 40465, "submission": 40587, "imaps": 40993}

    def change(settings: dict[str, Any]) -> None:
        settings["server"].update(bindAddress=address, ports={"smtp": port} | others)
        settings["policySite"] = {"httpPort": 40080, "httpsPort": 40443}

    container = "urn:pulumi:prod::maddy-stack::maddy:mail:Server$docker:index/container:Container::server"
    return preflight_world.stack(change, {container: own})


def smtp(of: Stack) -> Result:
    found = rows(ports.probes(of))
    assert len(found) == 7
    return found[0]


class TestAPort:
    def test_that_is_free(self, docker: Callable[..., None]) -> None:
        assert smtp(publishing(free_port())).verdict == "pass"

    @pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - a setting
    def test_that_a_program_has_is_named_with_it(
        self, docker: Callable[..., None], listener: int, address: str
    ) -> None:
        row = smtp(publishing(listener, address))
        assert (row.verdict, row.subject) == ("fail", f"{listener} on {address}")
        assert row.found.startswith("taken by ")
        assert "server.ports.smtp" in row.mend

    def test_that_a_program_has_on_another_address_is_free(self, docker: Callable[..., None], listener: int) -> None:
        assert smtp(publishing(listener, "127.0.0.9")).verdict == "pass"

    def test_of_the_stacks_own_container_passes(self, docker: Callable[..., None], listener: int) -> None:
        docker(ps=f'{{"ID": "{OWN}", "Names": "maddy-prod", "Ports": "127.0.0.1:{listener}->25/tcp, 80/tcp"}}')
        row = smtp(publishing(listener))
        assert (row.verdict, row.found) == ("pass", "the stack's own: container maddy-prod")

    def test_of_another_container_is_named_also_where_nothing_listens(self, docker: Callable[..., None]) -> None:
        port = free_port()
        docker(ps=f'{{"ID": "{OTHER}", "Names": "postfix", "Ports": "0.0.0.0:{port}->25/tcp, [::]:{port}->25/tcp"}}')
        row = smtp(publishing(port))
        assert (row.verdict, row.found) == ("fail", "taken by the container postfix")

    def test_of_a_range_of_ports_is_seen(self, docker: Callable[..., None]) -> None:
        docker(ps=f'{{"ID": "{OTHER}", "Names": "x", "Ports": "127.0.0.1:30024-30026->24-26/tcp"}}')
        assert smtp(publishing(30025)).verdict == "fail"

    def test_on_an_address_that_is_not_here(self, docker: Callable[..., None]) -> None:
        row = smtp(publishing(40025, "203.0.113.77"))
        assert (row.verdict, row.found) == ("fail", "this machine has no address 203.0.113.77")
        assert "bindAddress" in row.mend

    def test_on_another_machine_is_not_looked_at(self, docker: Callable[..., None]) -> None:
        row = rows(ports.probes(at("ssh://root@mail.example.org")))[0]
        assert (row.verdict, "another machine" in row.mend) == ("skipped", True)

    @pytest.mark.parametrize(
        ("text", "verdict", "found"),
        [
            (
                'LISTEN 0 128 0.0.0.0:40025 0.0.0.0:* users:(("master",pid=12,fd=3))',
                "fail",
                "taken by master (process 12)",
            ),
            ("LISTEN 0 128 *:40025 *:*", "fail", "taken by a program that only root can see"),
            ("LISTEN 0 128 127.0.0.53%lo:40025 0.0.0.0:*", "pass", "free"),
            (None, "unknown", "ports below 1024 can be tried by root only"),
        ],
    )
    def test_that_only_root_may_try_is_judged_by_what_listens(
        self,
        docker: Callable[..., None],
        monkeypatch: pytest.MonkeyPatch,
        text: str | None,
        verdict: str,
        found: str,
    ) -> None:
        async def listeners() -> Any:
            return None if text is None else [*ports._read(text)]

        monkeypatch.setattr(ports, "_listeners", listeners)
        monkeypatch.setattr(ports, "_try", lambda *_: "unknown")
        row = smtp(publishing(40025))
        assert (row.verdict, row.found) == (verdict, found)

    def test_that_is_published_is_one_for_each_address(self) -> None:
        of = preflight_world.stack(lambda settings: settings["server"].update(metrics={}))
        wanted = ports.wanted(of.settings)
        assert len(wanted) == 2 * 7 + 1
        assert {str(address) for key, address, _ in wanted if key == "server.ports.smtp"} == {"0.0.0.0", "::"}  # noqa: S104 - settings


def dns_that_answers(records: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch) -> DnsClient:
    """A DNS client that knows these records; any other question is not answered."""

    async def ask(_: DnsClient, name: str, kind: str, *__: Any, **___: Any) -> Answer:
        if (name, kind) not in records:
            raise Silent("no DNS server answers")
        question = dns.message.make_query(name, kind)
        message = dns.message.make_response(question)
        if records[name, kind]:
            message.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", kind, records[name, kind]))
        message = dns.message.from_wire(message.to_wire())
        return Answer(message=message, name=question.question[0].name, kind=question.question[0].rdtype)

    monkeypatch.setattr(DnsClient, "ask", ask)
    return DnsClient(Server(address="127.0.0.1"))


V4 = ("25.100.51.198.in-addr.arpa", "PTR")
V6 = ("5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.2.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR")


class TestReverseNames:
    def test_are_the_host_or_warned_of(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client = dns_that_answers({V4: "mail.example.org.", V6: "host25.provider.example."}, monkeypatch)
        four, six, _ = rows(reach.probes(preflight_world.stack(), client))
        assert (four.verdict, four.found) == ("pass", "mail.example.org")
        assert (six.verdict, six.found) == ("warn", "host25.provider.example")
        assert "2001:db8:25::25 to mail.example.org at the hosting provider" in six.mend

    def test_that_are_not_there_or_cannot_be_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        four, six, _ = rows(reach.probes(preflight_world.stack(), dns_that_answers({V4: ""}, monkeypatch)))
        assert (four.verdict, four.found) == ("warn", "no PTR record")
        assert (six.verdict, six.found) == ("unknown", "no DNS server answers")


def way_out(of: Stack, client: DnsClient) -> Result:
    return next(row for row in rows(reach.probes(of, client)) if row.check == "outbound-25")


def relayed_by(port: int) -> Stack:
    return preflight_world.stack(
        lambda settings: settings["server"].update(smartHost={"host": "relay.example", "port": port})
    )


class TestTheWayOut:
    def test_is_the_smart_hosts_port(self, listener: int, monkeypatch: pytest.MonkeyPatch) -> None:
        relay = {("relay.example", "A"): "127.0.0.1", ("relay.example", "AAAA"): ""}
        client = dns_that_answers(relay, monkeypatch)
        assert way_out(relayed_by(listener), client).verdict == "pass"
        row = way_out(relayed_by(free_port()), client)
        assert (row.verdict, "server.smartHost" in row.mend) == ("fail", True)
        assert "is closed" in row.found

    def test_is_nowhere_for_a_smart_host_without_an_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        relay = {("relay.example", "A"): "", ("relay.example", "AAAA"): ""}
        row = way_out(relayed_by(587), dns_that_answers(relay, monkeypatch))
        assert (row.verdict, row.found) == ("fail", "relay.example has no address")

    def test_is_looked_at_as_the_checker_does_where_there_is_no_smart_host(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("verify.checks.outbound.is_here", lambda _: True)
        client = dns_that_answers({}, monkeypatch)
        lab = way_out(preflight_world.stack(), client)
        assert (lab.verdict, lab.domain) == ("skipped", "mail.example.org")
        of = preflight_world.stack(lambda settings: settings["server"].update(ipv4="8.8.8.8", ipv6="2606:4700::1"))
        assert way_out(of, client).verdict == "unknown"
