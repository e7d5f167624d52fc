"""`python -m preflight`: what it reads with pulumi, what it prints, and its exit codes."""

import asyncio
import dataclasses
import io
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import preflight_world
import pytest
import stacks

from preflight import cli as command
from preflight import report, stack
from preflight.ways import Ways
from settings import SettingsError
from verify.report.outcome import Outcome
from verify.report.page import Page
from verify.result import Question, Result

URN = "urn:pulumi:prod::maddy-stack::maddy:mail:Domain$cloudflare:index/dnsRecord:DnsRecord::example.org-mx"


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A `pulumi` command that says what a test wants."""

    def says(*, config: Any = None, state: Any = None, complaint: str = "", code: int = 0, seconds: float = 0) -> None:
        (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config or {}))
        (tmp_path / "stack.json").write_text(state if isinstance(state, str) else json.dumps(state or {}))
        (tmp_path / "complaint").write_text(complaint)
        script = tmp_path / "pulumi"
        script.write_text(
            f'#!/bin/bash\necho "$*" >> {tmp_path}/asked\n[[ {seconds} = 0 ]] || exec sleep {seconds}\n'
            f"cat {tmp_path}/complaint >&2; cat {tmp_path}/$1.json; exit {code}\n"
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return says


def config(change: Callable[[dict[str, Any]], object] = lambda settings: None) -> dict[str, Any]:
    """What `pulumi config --json --show-secrets` prints for a stack with every default."""
    settings = stacks.minimal()
    change(settings)
    return {
        f"maddy-stack:{key}": {"value": json.dumps(value), "objectValue": value, "secret": key == "cloudflare"}
        for key, value in settings.items()
    } | {"cloudflare:apiToken": {"value": "of another program", "secret": True}}


class TestTheStack:
    def test_is_read_with_its_settings_and_what_it_has_made(self, pulumi: Callable[..., None], tmp_path: Path) -> None:
        resources = [
            {"urn": URN, "id": "1" * 32},
            {"urn": "urn:pulumi:prod::maddy-stack::maddy:mail:Domain::example.org"},
        ]
        pulumi(config=config(), state={"version": 3, "deployment": {"resources": resources}})
        found = asyncio.run(stack.read("prod", "Pulumi.other.yaml"))
        assert found.settings.cloudflare.api_token.get_secret_value() == stacks.TOKEN
        assert found.own_records == {"1" * 32}
        assert found.project == "maddy-stack"
        assert found.options == ("--stack", "prod", "--config-file", "Pulumi.other.yaml")
        assert sorted((tmp_path / "asked").read_text().splitlines()) == [
            "config --json --show-secrets --stack prod --config-file Pulumi.other.yaml --non-interactive --color never",
            "stack export --stack prod --non-interactive --color never",
        ]

    def test_may_have_never_been_up(self, pulumi: Callable[..., None]) -> None:
        pulumi(config=config(), state={"version": 3, "deployment": {"manifest": {}}})
        assert asyncio.run(stack.read("prod")).resources == {}

    def test_of_an_organisation_has_its_own_name_in_urns(self) -> None:
        found = preflight_world.stack()
        assert dataclasses.replace(found, name="acme/maddy-stack/prod").provider == found.provider

    def test_that_has_wrong_settings_says_what_up_says(self, pulumi: Callable[..., None]) -> None:
        pulumi(config=config(lambda settings: settings["server"].update(memry=1)))
        with pytest.raises(SettingsError, match=r"server\.memry: is no setting: did you mean memory\?"):
            asyncio.run(stack.read("prod"))

    def test_with_a_secret_in_plain_text_is_refused(self, pulumi: Callable[..., None]) -> None:
        said = config()
        said["maddy-stack:cloudflare"]["secret"] = False
        pulumi(config=said)
        with pytest.raises(SettingsError, match=r"cloudflare\.apiToken: is in plain text"):
            asyncio.run(stack.read("prod"))

    def test_with_the_name_of_anothers_container_is_refused_as_by_the_program(self) -> None:
        with pytest.raises(SettingsError, match=r"the stack's name: 'prod-policy' ends in -policy"):
            asyncio.run(stack.read("acme/maddy-stack/prod-policy"))


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command.main(["--stack", "prod", "--resolver", "127.0.0.1", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


class TestWhatCannotBeRead:
    def test_is_quoted_and_ends_with_2(self, pulumi: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
        pulumi(complaint="error: the moon is down\x1b[2J", code=255)
        code, out, error = printed(capsys)
        assert (code, out) == (2, "")
        assert r"Pulumi cannot read the stack prod: the moon is down\x1b[2J" in error

    @pytest.mark.parametrize("text", ["", "[]", "{"])
    def test_is_no_json(self, pulumi: Callable[..., None], capsys: pytest.CaptureFixture[str], text: str) -> None:
        pulumi(config=text or " ")
        assert printed(capsys)[0] == 2

    @pytest.mark.parametrize(
        ("told", "state"),
        [
            ({"maddy-stack:domains": 7}, {}),
            ("[" * 100_000, {}),
            (None, {"deployment": 7}),
            (None, {"deployment": {"resources": [{}]}}),
            (None, {"deployment": {"resources": [{"urn": "short"}]}}),
            (None, "[" * 100_000),
        ],
    )
    def test_is_of_another_shape(
        self, pulumi: Callable[..., None], capsys: pytest.CaptureFixture[str], told: Any, state: Any
    ) -> None:
        pulumi(config=config() if told is None else told, state=state)
        code, out, error = printed(capsys)
        assert (code, out, error.count("\n")) == (2, "", 1)
        assert "printed something unexpected" in error or "printed no JSON" in error

    def test_for_want_of_a_passphrase_says_how_to_give_it(
        self, pulumi: Callable[..., None], capsys: pytest.CaptureFixture[str]
    ) -> None:
        pulumi(complaint="error: failed to decrypt: incorrect passphrase", code=1)
        code, _, error = printed(capsys)
        assert (code, "Set PULUMI_CONFIG_PASSPHRASE" in error, error.count("\n")) == (2, True, 1)

    def test_hangs(
        self, pulumi: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stack, "SECONDS", 0.2)
        pulumi(seconds=60)
        code, _, error = printed(capsys)
        assert (code, "was not done within 0.2 s" in error) == (2, True)

    def test_for_want_of_pulumi(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        code, _, error = printed(capsys)
        assert (code, "no `pulumi` command" in error) == (2, True)

    def test_wrong_settings_end_with_1(self, pulumi: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
        pulumi(config=config(lambda settings: settings.pop("tls")))
        code, out, error = printed(capsys)
        assert (code, out) == (1, "")
        assert error.startswith("error: the stack's settings have errors:\n  tls: is missing")


class TestWrongUsage:
    @pytest.mark.parametrize(
        "arguments", [[], ["--stack"], ["--stack", "x", "--bogus"], ["--stack", "x", "--resolver", "dns.example"]]
    )
    def test_ends_with_64(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            command.main(arguments)
        assert ended.value.code == 64
        assert "python -m preflight: " in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("text", "address", "port"),
        [
            ("192.0.2.53", "192.0.2.53", 53),
            ("192.0.2.53:5353", "192.0.2.53", 5353),
            ("2001:db8::53", "2001:db8::53", 53),
            ("[2001:db8::53]:5353", "2001:db8::53", 5353),
        ],
    )
    def test_of_the_resolver_is_not(self, text: str, address: str, port: int) -> None:
        found = command._server(text)
        assert (found.address, found.port) == (address, port)


def row(verdict: str, **fields: Any) -> Result:
    given = {"check": "zone", "domain": "example.org", "expected": "e", "found": "f"} | fields
    return Result(verdict=verdict, mend="" if verdict == "pass" else "do it", **given)  # type: ignore[arg-type]


class TestTheReport:
    @pytest.fixture
    def found(self, pulumi: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        pulumi(config=config())

        def finds(results: list[Result], ways: list[Ways] | None = None) -> None:
            async def look(*_: Any) -> tuple[list[Result], list[Ways]]:
                return results, ways or []

            monkeypatch.setattr(command, "look", look)

        return finds

    @pytest.mark.parametrize(
        ("verdicts", "code"),
        [(["pass", "warn", "skipped"], 0), (["pass", "unknown"], 2), (["unknown", "fail"], 1), (["skipped"], 0)],
    )
    def test_decides_the_exit_code(
        self, found: Callable[..., None], capsys: pytest.CaptureFixture[str], verdicts: list[str], code: int
    ) -> None:
        found([row(verdict, subject=verdict) for verdict in verdicts])
        assert printed(capsys)[0] == code
        assert printed(capsys, "--json")[0] == code

    def test_has_each_command_on_a_line_of_its_own(
        self, found: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "60")
        there = preflight_world.there
        ways = preflight_world.ways_out(
            preflight_world.stack(),
            there("MX", "mx.old.example", priority=5),
            there("TXT", '"v=spf1 [bold]-all"', number=2),
            there("CNAME", "o.example", "_mta-sts.example.org", number=3),
        )
        found([row("fail")], ways)
        code, out, _ = printed(capsys)
        lines = [line.strip() for line in out.splitlines()]
        assert code == 1
        assert [line for line in lines if line.startswith("pulumi up ")] == [f"{ways[0].prepare}  # once, first"]
        assert [line for line in lines if line.startswith("pulumi import ")] == [ways[0].adopt, ways[1].adopt]
        assert ways[2].setting in lines
        assert next(iter(ways[0].remove.values())).replace(f"{1:032x}", "ID") in lines
        assert f"{2:032x}  example.org TXT v=spf1 [bold]-all" in lines

    def test_is_json_with_the_ways_out(self, found: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
        ways = preflight_world.ways_out(preflight_world.stack(), preflight_world.there("MX", "o.example", priority=5))
        found([row("fail", subject="s")], ways)
        code, out, _ = printed(capsys, "--json")
        said = json.loads(out)
        assert (code, said["exit_code"], said["stack"], said["summary"]["fail"]) == (1, 1, "prod", 1)
        assert said["results"] == [
            {
                "check": "zone",
                "domain": "example.org",
                "subject": "s",
                "expected": "e",
                "found": "f",
                "verdict": "fail",
                "mend": "do it",
            }
        ]
        [way] = said["ways"]
        assert way["adopt"] == ways[0].adopt
        assert list(way["existing"]) == list(way["remove"]) == [way["adopted"]]


@pytest.mark.parametrize("resolver", ["192.0.2.53:99999", "192.0.2.53:0", "", "ns1.example.org"])
def test_a_resolver_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str], resolver: str) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--stack", "prod", "--resolver", resolver])
    assert ended.value.code == 64
    assert "write an IP address" in capsys.readouterr().err


def test_many_domains_are_told_in_short_unless_all_is_asked_for() -> None:
    domains = [f"d{number:02}.test" for number in range(12)]
    asked = [Question(check="zone", domain=domain, subject=domain, expected="active") for domain in domains]
    told = Outcome(
        name="prod",
        mail_host="mail.example.org",
        domains=domains,
        results=[question.fails(f"{question.domain} is moved", "Look at the zone's overview.") for question in asked],
        started=datetime.now(UTC),
        seconds=1,
        complete=True,
        scores={},
    )
    short, long = io.StringIO(), io.StringIO()
    report.write(told, [], Page(short))
    report.write(told, [], Page(long), every_row=True)
    assert short.getvalue().count("✗ fail") == 1
    assert "found     * is moved\n" in short.getvalue()
    assert long.getvalue().count("✗ fail") == 12
