"""The command line of the checker: what it looks at, what it refuses, and how it ends."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from recorder import PROGRAM
from verify_runs import MX, OUTPUTS, Command, World, question

from mail import certificates
from verify import arguments, cli
from verify.dns_client import Server
from verify.source import from_stack

ROOT = PROGRAM.parent


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ("pass", 0),
        ("pass warn skipped", 0),
        ("skipped", 0),
        ("pass unknown warn", 2),
        ("pass fail unknown", 1),
        ("fail", 1),
        ("", 2),
    ],
)
def test_exit_code(verify: Command, world: World, verdicts: str, code: int) -> None:
    made = {
        "pass": lambda: question().passes("it"),
        "warn": lambda: question().warns("it", "Mend it."),
        "fail": lambda: question().fails("it", "Mend it."),
        "unknown": lambda: question().unknown("it", "Try again."),
        "skipped": lambda: question().skipped("There is none."),
    }
    world.rows = [made[verdict]() for verdict in verdicts.split()]
    assert verify()[0] == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stack", "dev"], "either --stack NAME or --outputs FILE"),
        (["--wat"], "Unrecognized arguments: --wat"),
        (["--only", "alpa"], "--only alpa: there is no such check or group; did you mean alpha?"),
        (["--only", "alpha,recrods"], "--only recrods: there is no such check or group; did you mean records?"),
        (["--skip", "zzz"], "the groups are records, policy, transport, delivery, reach"),
        (["--only", ","], "--only: name a group or a check"),
        (["--domain", "three.test"], "--domain three.test: the stack has no such domain; it has one.test, two.test"),
        (["--domain", "a b"], "--domain: 'a b' is no domain name: it has a space in it"),
        (["--resolver", "ns1.one.test"], "--resolver ns1.one.test: write an IP address"),
        (["--resolver", "192.0.2.53:0"], "--resolver 192.0.2.53:0: write an IP address"),
        (["--resolver", "192.0.2.53:65536"], "write an IP address"),
        (["--connect", f"{MX}=elsewhere"], "write HOST=IP"),
        (["--connect", "mial.one.test=192.0.2.1"], f"the stack has no such host; did you mean {MX}?"),
        (["--ca", "/nowhere/ca.pem"], "--ca /nowhere/ca.pem: No such file"),
        (["--ca", str(Path(__file__))], "no certificate in PEM"),
        (["--send-to", "somebody"], "--send-to: 'somebody' is no mail address"),
        (["--wait", "5"], "--wait 5: write a number with its unit"),
        (["--wait", "0m"], "--wait 0m: write a number"),
        (["--junit", "/nowhere/report.xml"], "--junit /nowhere/report.xml: there is no such directory"),
        (["--junit", "report/"], "--junit report/: there is no such directory"),
        (["--explain", "alhpa"], "--explain alhpa: there is no such check; did you mean alpha?"),
        (["--explain", "ALPHA"], "did you mean alpha?"),
        (["--resolver", ""], "--resolver : write an IP address"),
        (["--resolver", "192.0.2.53:\u0665\u0663"], "write an IP address"),
        (["--wait", ""], "--wait : write a number with its unit"),
        (["--wait", "\u0665s"], "write a number with its unit"),
        (["--send-to", ""], "--send-to: '' is no mail address"),
        (["--junit", ""], "--junit : there is no such directory"),
        (["--explain", ""], "--explain : there is no such check"),
    ],
)
def test_wrong_usage_is_a_sentence(verify: Command, world: World, arguments: list[str], said: str) -> None:
    code, out, err = verify(*arguments)
    assert code == 64
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert out == ""
    assert world.rounds == []


def test_needs_a_stack(verify: Command) -> None:
    code, _, err = verify.plain()
    assert code == 64
    assert "--stack NAME or --outputs FILE" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("hello", "no JSON object"),
        ("[1]", "no JSON object"),
        ('{"account_passwords": {"a": "hush"}}', "not the outputs of a maddy-stack"),
    ],
)
def test_outputs_that_are_none(verify: Command, content: str, said: str) -> None:
    verify.file.write_text(content)
    code, out, err = verify()
    assert code == 2
    assert said in err
    assert "hush" not in out + err


def broken(change: Callable[[dict[str, Any]], object]) -> str:
    outputs = json.loads(json.dumps(OUTPUTS))
    change(outputs)
    return json.dumps(outputs)


def record(**fields: Any) -> dict[str, Any]:
    made = {
        "key": "mx",
        "name": "one.test",
        "type": "MX",
        "content": MX,
        "priority": 10,
        "need": "required",
        "why": "x",
    }
    return {**made, **fields}


def with_records(*records: Any) -> str:
    return broken(lambda outputs: outputs["domains"]["one.test"].update(records=records))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, "no JSON object"),
        ('{"a":' * 100_000, "no JSON object"),
        (
            broken(lambda outputs: outputs.update(mail_host="\x1b[31mmail")),
            "mail_host: '\\x1b[31mmail' is no",
        ),
        (broken(lambda outputs: outputs.update(mail_host="\ud800")), "mail_host: '\\ud800' is no domain name"),
        (
            broken(lambda outputs: outputs.update(mail_host="Mail.One.test")),
            "not written in A-labels: 'mail.one.test'",
        ),
        (broken(lambda outputs: outputs.update(mail_host="../../etc")), "mail_host: '../../etc' is no domain name"),
        (broken(lambda outputs: outputs.update(endpoints={})), "endpoints: there is none"),
        (broken(lambda outputs: outputs.update(domains={})), "domains: there is none"),
        (broken(lambda outputs: outputs["domains"].update({"a..b": {}})), "domains.a..b: 'a..b' is no domain name"),
        (broken(lambda outputs: outputs["domains"]["one.test"].update(records=None)), "no list of records"),
        (broken(lambda outputs: outputs["domains"]["one.test"].update(records="[secret]")), "no list of records"),
        (
            broken(lambda outputs: outputs.update(ca_certificate="hello")),
            "ca_certificate: this is no certificate",
        ),
        (broken(lambda outputs: outputs.update(ca_certificate="ü")), "ca_certificate: this is no certificate"),
        (with_records(7), "records: this is no list of records"),
        (with_records(record(type="A")), "the record one.test A is not as this program writes it"),
        (with_records(record(type="AAAA", content="192.0.2.1")), "the record one.test AAAA is not as"),
        (with_records(record(priority=None)), "the record one.test MX is not as this program writes it"),
        (with_records(record(password="hush")), "the record one.test MX is not as this program writes it"),
        (with_records(record(content=5)), "the record one.test MX is not as this program writes it"),
        (with_records({}), "the record None None is not as this program writes it"),
    ],
)
def test_outputs_that_are_broken_are_a_sentence(verify: Command, world: World, content: str, said: str) -> None:
    verify.file.write_text(content)
    code, out, err = verify()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert "hush" not in err
    assert world.rounds == []


def test_outputs_that_swell(verify: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.source.MOST_BYTES", 1024**2)
    code, _, err = verify.plain("--outputs", "/dev/zero")
    assert (code, err) == (2, "error: There is more than 1 MiB in /dev/zero: these are no stack's outputs.\n")


def test_outputs_that_are_not_there(verify: Command) -> None:
    code, _, err = verify.plain("--outputs", "/nowhere/outputs.json")
    assert (code, err) == (
        2,
        "error: The outputs cannot be read from /nowhere/outputs.json: No such file or directory.\n",
    )


class TestPulumi:
    @pytest.fixture
    def pulumi(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        def script(text: str) -> None:
            command = tmp_path / "bin" / "pulumi"
            command.parent.mkdir(exist_ok=True)
            command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n{text}\n')
            command.chmod(0o755)
            monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")

        return script

    def test_is_asked_for_the_outputs(self, pulumi: Any, verify: Command, tmp_path: Path) -> None:
        pulumi(f"cat {verify.file}")
        code, out, err = verify.plain("--stack", "prod", "--resolver", "192.0.2.53")
        assert (code, err) == (0, "")
        asked = (tmp_path / "asked").read_text()
        assert asked.startswith("stack output --json --show-secrets --stack prod")
        assert f"--cwd {ROOT}" in asked
        assert "the-password" not in out + asked

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("echo \"error: no stack named 'prod' found\" >&2; exit 6", "There is no stack prod here"),
            ("echo 'error: failed to decrypt: incorrect passphrase' >&2; exit 1", "PULUMI_CONFIG_PASSPHRASE"),
            ("echo 'error: PULUMI_ACCESS_TOKEN must be set' >&2; exit 3", "Pulumi is not logged in"),
            ("printf 'warning\\nerror: \\033[31mthe moon is down\\n' >&2; exit 255", r"\x1b[31mthe moon is down"),
            ("echo '{}'", "The stack prod has no outputs, since nothing is up"),
            ("echo nonsense", "no JSON object in what pulumi printed"),
            ("kill -9 $$", "Pulumi cannot read the stack prod: it ended with status -9 and said nothing"),
        ],
    )
    def test_failure_is_a_sentence(self, pulumi: Any, verify: Command, script: str, said: str) -> None:
        pulumi(script)
        code, out, err = verify.plain("--stack", "prod")
        assert code == 2
        assert said in err
        assert "\x1b" not in err
        assert out == ""

    def test_is_missing(self, verify: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        code, _, err = verify.plain("--stack", "prod")
        assert code == 2
        assert "no pulumi command" in err

    def test_hangs(self, pulumi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        pulumi("exec sleep 30")
        monkeypatch.setattr("verify.source.PULUMI_SECONDS", 0.2)
        with pytest.raises(Exception, match=r"gave no answer within 0\.2 s"):
            from_stack("prod")


class TestSelection:
    @pytest.fixture(autouse=True)
    def _rows(self, world: World) -> None:
        rows = (("alpha", "one.test"), ("beta", "one.test"), ("gamma", MX), ("alpha", "two.test"))
        world.rows = [question(*row).passes("it") for row in (*rows, ("alpha", "xn--bcher-kva.test"))]

    @pytest.mark.parametrize(
        ("arguments", "ran"),
        [
            (["--only", "transport"], [f"gamma {MX}"]),
            (["--only", "beta,gamma"], ["beta one.test", f"gamma {MX}"]),
            (["--only", "beta", "--only", "transport"], ["beta one.test", f"gamma {MX}"]),
            (["--only", "records", "--skip", "alpha"], ["beta one.test"]),
            (["--skip", "records"], [f"gamma {MX}"]),
            (["--domain", "two.test"], [f"gamma {MX}", "alpha two.test"]),
            (["--domain", "BÜCHER.test", "--only", "alpha"], ["alpha xn--bcher-kva.test"]),
        ],
    )
    def test_only_what_is_wanted_runs(
        self, verify: Command, world: World, arguments: list[str], ran: list[str]
    ) -> None:
        code, out, _ = verify("--json", *arguments)
        assert code == 0
        assert world.rounds == [ran]
        assert [f"{row['check']} {row['domain']}" for row in json.loads(out)["results"]] == ran

    def test_nothing_left_is_not_a_pass(self, verify: Command) -> None:
        code, out, _ = verify("--only", "delivery")
        assert code == 2
        assert "Nothing was looked at" in out


class TestHowItLooks:
    @pytest.mark.parametrize(
        ("text", "server"),
        [
            ("192.0.2.1", Server(address="192.0.2.1")),
            ("192.0.2.1:5353", Server(address="192.0.2.1", port=5353)),
            ("2001:db8::1", Server(address="2001:db8::1")),
            ("[2001:db8::1]:5353", Server(address="2001:db8::1", port=5353)),
            ("[2001:db8::1]", Server(address="2001:db8::1")),
        ],
    )
    def test_resolver(self, verify: Command, world: World, text: str, server: Server) -> None:
        verify("--resolver", text)
        assert world.looks[0].dns.resolver == server

    def test_authority_address_and_recipient(self, verify: Command, world: World, tmp_path: Path) -> None:
        authority = certificates.issue_ca("somebody's CA", now=datetime.now(UTC)).certificate
        (tmp_path / "ca.pem").write_text(authority)
        connect = ["--connect", f"{MX}=192.0.2.25", "--connect", f"{MX}=[2001:db8::25]"]
        code, _, _ = verify("--ca", str(tmp_path / "ca.pem"), *connect, "--send-to", "Somebody@Bücher.example")
        assert code == 0
        assert world.looks[0].trusted == [authority]
        assert world.looks[0].connect == {MX: ["192.0.2.25", "2001:db8::25"]}
        assert world.looks[0].send_to == "somebody@xn--bcher-kva.example"

    def test_authorities_with_names_between_them(self, verify: Command, world: World, tmp_path: Path) -> None:
        authorities = [certificates.issue_ca(name, now=datetime.now(UTC)).certificate for name in ("one", "two")]
        bundle = "".join(f"# Főtanúsítvány\n{authority}" for authority in authorities)
        (tmp_path / "ca.pem").write_text(bundle, encoding="utf-8")
        assert verify("--ca", str(tmp_path / "ca.pem"))[0] == 0
        assert world.looks[0].trusted == ["".join(authorities)]

    def test_authority_that_swells(self, verify: Command) -> None:
        code, _, err = verify("--ca", "/dev/zero")
        assert (code, "no certificate in PEM" in err) == (64, True)


def test_nearest_is_also_found_by_a_word_of_it() -> None:
    assert arguments.nearest("mx", ["mx-target", "policy-mx", "ptr"], "none") == "did you mean mx-target or policy-mx?"


def test_the_report_of_a_ci_server_is_there_though_nobody_reads_the_table(
    verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("verify.report.table.write", stop)
    with pytest.raises(BrokenPipeError):
        verify("--junit", str(tmp_path / "report.xml"))
    assert "<testsuites" in (tmp_path / "report.xml").read_text()


def test_no_scores_of_a_run_that_was_interrupted(verify: Command, world: World) -> None:
    world.rows = [question().passes("it"), question("gamma").passes("it")]
    world.meanwhile = lambda: signal.raise_signal(signal.SIGINT)
    assert "MECSA" not in verify()[1]


def test_ctrl_c_shows_what_was_found(verify: Command, world: World) -> None:
    world.rows = [question().fails("nothing", "Mend it."), question("gamma").passes("it")]
    world.meanwhile = lambda: signal.raise_signal(signal.SIGINT)
    code, out, _ = verify()
    assert code == 130
    assert "Mend it." in out
    assert "Interrupted: this is what was found so far." in out


def test_the_process_ends_at_once_though_a_thread_hangs() -> None:
    program = (
        "import asyncio, os, signal, threading, time\n"
        "from verify import event_loop\n"
        "async def main():\n"
        "    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()\n"
        "    await asyncio.to_thread(time.sleep, 30)\n"
        "try:\n"
        "    event_loop.run(main())\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
        "    os._exit(130)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=10, check=False)
    assert (done.returncode, done.stdout) == (130, b"interrupted\n")


def test_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "verify", "--outputs", "-", "--only", "alpha"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(OUTPUTS), capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert "there is no such check" in done.stderr


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    assert "64 wrong usage" in " ".join(capsys.readouterr().out.split())
