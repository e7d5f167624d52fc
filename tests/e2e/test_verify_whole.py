"""The checker as a person runs it, on a stack with three domains in which nothing is wrong."""

import json
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from lab.settings import ROOT
from tests.live.settings import BASE, LAB
from tests.live.stack import MailStack
from tests.live.verdicts import DOMAIN
from tests.live.zone import by_hand
from verify.catalogue import CHECKS

pytestmark = pytest.mark.e2e

NOT_IN_A_LAB = {"caa", "dnssec", "tlsa", "block-list", "outbound-25"}
ON_DEMAND = {"outside"}


def verify(stack: MailStack, *options: str, **changed: Any) -> subprocess.CompletedProcess[str]:
    """Run the command, with the stack's outputs on its standard input."""
    command = [sys.executable, "-m", "verify", "--outputs", "-", "--resolver", LAB.dns4, *options]
    outputs = json.dumps(stack.outputs | changed)
    return subprocess.run(command, cwd=ROOT, input=outputs, text=True, capture_output=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def told(live_stack: MailStack) -> dict[str, Any]:
    """What the checker says of the stack."""
    live_stack.have(BASE)
    done = verify(live_stack, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class TestHealthyStack:
    def test_nothing_is_wrong_and_nothing_unknown(self, told: dict[str, Any]) -> None:
        assert [row for row in told["results"] if row["verdict"] not in ("pass", "skipped")] == []
        assert told["summary"]["pass"] > 250

    def test_every_check_there_is_was_made(self, told: dict[str, Any]) -> None:
        assert {row["check"] for row in told["results"]} == set(CHECKS) - ON_DEMAND

    def test_nothing_is_skipped_but_what_a_lab_cannot_show(self, told: dict[str, Any]) -> None:
        skipped = [row for row in told["results"] if row["verdict"] == "skipped"]
        assert {row["check"] for row in skipped} == NOT_IN_A_LAB
        assert all(row["mend"] for row in skipped)

    def test_every_domain_is_looked_at(self, told: dict[str, Any], live_stack: MailStack) -> None:
        assert set(told["domains"]) == set(live_stack.outputs["domains"])
        for domain in told["domains"]:
            own = {row["check"] for row in told["results"] if row["domain"] == domain}
            assert {"published", "policy-mx", "signature", "incoming", "postmaster"} <= own

    def test_leaves_no_message_behind(self, told: dict[str, Any], live_stack: MailStack) -> None:
        del told
        for address in live_stack.outputs["accounts"]:
            assert live_stack.client_of(address).find("maddy-stack check") is None

    def test_takes_seconds(self, told: dict[str, Any]) -> None:
        assert told["seconds"] < 30


def test_exit_code_and_table_tell_what_is_wrong(mail_stack: MailStack) -> None:
    with by_hand(mail_stack, DOMAIN) as zone:
        zone.add("TXT", DOMAIN, "v=spf1 -all")
        done = verify(mail_stack, "--only", "records", "--domain", DOMAIN)
    assert done.returncode == 1
    first = done.stdout.split(f"\n{DOMAIN}\n")[1].splitlines()[0]
    assert "spf-single" in first
    assert "\x1b" not in done.stdout


def test_waits_until_the_record_is_there(mail_stack: MailStack) -> None:
    with by_hand(mail_stack, DOMAIN) as zone:
        zone.edit("TXT", f"_dmarc.{DOMAIN}", name=f"moved.{DOMAIN}")
        mend = threading.Timer(4, zone.undo)
        mend.start()
        started = time.monotonic()
        done = verify(mail_stack, "--only", "published", "--wait", "60s")
        mend.join()
    assert done.returncode == 0, done.stdout
    assert time.monotonic() - started > 4


def test_secrets_are_in_no_output(mail_stack: MailStack) -> None:
    for password in mail_stack.outputs["account_passwords"].values():
        mail_stack.leaks.add(password)
    for options in (["--all"], ["--json"], ["--all", "--connect", f"{mail_stack.outputs['mail_host']}=127.0.0.1"]):
        done = verify(mail_stack, *options)
        mail_stack.leaks.look(f"what the checker prints with {options}", done.stdout + done.stderr)


def test_without_passwords_no_mail_is_sent_and_it_says_so(mail_stack: MailStack) -> None:
    done = verify(mail_stack, "--json", account_passwords="[secret]")
    rows = [row for row in json.loads(done.stdout)["results"] if row["group"] == "delivery"]
    assert {row["verdict"] for row in rows} == {"skipped"}
