"""An update that is killed, at one moment or another, and accounts that are made anew."""

import os
import random
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab import pulumi_cli, pulumi_install, stack
from lab.settings import ROOT
from lab.terminal import say
from tests.live.settings import BASE, LAB, SMALL
from tests.live.stack import MailStack

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lab_dns")]

MAILBOX = "mail@example.test"


class TestAKilledUpdate:
    def test_can_be_run_again_to_a_clean_end(self, mail_stack: MailStack) -> None:
        server = mail_stack.container().id
        wanted = mail_stack.changed(lambda settings: settings["server"].update(maxMessageSize="20M"))
        mail_stack.write(wanted)
        self.kill_when_the_server_is_replaced(mail_stack, server)
        assert mail_stack.state.get("pending_operations")
        # As the kill leaves it that comes while this is written.
        LAB.stack_file.with_suffix(".json.attrs").write_text("")

        stack.up(LAB, config_file=mail_stack.config_file)

        assert not mail_stack.state.get("pending_operations")
        assert mail_stack.container().id != server
        assert mail_stack.client_of(MAILBOX).can_log_in()
        assert set(mail_stack.up().counts) == {"unchanged"}

    @staticmethod
    def kill_when_the_server_is_replaced(mail_stack: MailStack, server: str | None) -> None:
        with _updating(mail_stack) as process:
            deadline = time.monotonic() + 60
            while not _is_another(mail_stack, server):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)


class TestAnUpdateKilledAtTenMoments:
    def test_can_be_run_again_to_a_clean_end(self, small_stack: MailStack) -> None:
        seed = os.environ.get("KILL_SEED") or secrets.token_hex(4)
        say(f"KILL_SEED={seed} has it killed at the same moments")
        moments = random.Random(seed)  # noqa: S311 - moments are no secret
        small_stack.have(SMALL)
        begun = time.monotonic()
        small_stack.have(wanted(small_stack, 0))
        length = time.monotonic() - begun
        killed = 0
        for number in range(1, 11):
            small_stack.write(wanted(small_stack, number))
            stack.make_ready(small_stack.lab, config_file=small_stack.config_file)
            moment = moments.uniform(0.2, 0.65) * length
            with _updating(small_stack) as process:
                try:
                    process.wait(moment)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    killed += 1
            say(f"killed after {moment:.2f} s of {length:.2f} s, beginning {_begun(small_stack)}")
        assert killed >= 5

        small_stack.up()
        assert set(small_stack.up("--refresh").counts) == {"unchanged"}
        assert not small_stack.state.get("pending_operations")
        assert self.records_there(small_stack) == self.records_in_state(small_stack)
        assert {container.name for container in small_stack.containers()} == self.containers_there(small_stack)
        assert small_stack.maddy("creds", "list").split() == ["postmaster@small.example"]

    @staticmethod
    def records_there(small_stack: MailStack) -> list[str]:
        zone = small_stack.zone_id("small.example")
        return sorted(record.id for record in small_stack.cloudflare.dns.records.list(zone_id=zone))

    @staticmethod
    def records_in_state(small_stack: MailStack) -> list[str]:
        return sorted(key for urn, key in small_stack.ids().items() if "dnsRecord" in urn)

    @staticmethod
    def containers_there(small_stack: MailStack) -> set[str | None]:
        found = small_stack.client.containers.list(all=True, filters={"name": f"^/{small_stack.name}"})
        return {container.name for container in found}


def wanted(small_stack: MailStack, number: int) -> dict[str, Any]:
    """Settings of which each number has records and an account made or removed, and each third the server replaced."""

    def change(settings: dict[str, Any]) -> None:
        settings["server"]["maxMessageSize"] = f"{20 + (number + 2) // 3}M"
        settings["domains"][0]["dmarc"] = {"policy": ("none", "quarantine")[number % 2]}
        settings["domains"][0]["apex"] = number % 2 == 0
        if number % 2:
            settings["domains"][0]["accounts"].append("sometimes")

    return small_stack.changed(change, SMALL)


def _begun(mail_stack: MailStack) -> list[str]:
    operations = mail_stack.state.get("pending_operations") or []
    return [f"{operation['type']} {operation['resource']['urn'].rpartition('::')[2]}" for operation in operations]


@contextmanager
def _updating(mail_stack: MailStack) -> Iterator[subprocess.Popen[bytes]]:
    """A `pulumi up` at work."""
    command = [str(pulumi_install.find()), "up", "--yes", "--skip-preview", "--non-interactive"]
    command += ["--cwd", str(ROOT), "--config-file", str(mail_stack.config_file)]
    environment = {**os.environ, **pulumi_cli.environment(mail_stack.lab)}
    mail_stack.applied = ""
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield process


def _is_another(mail_stack: MailStack, server: str | None) -> bool:
    found = mail_stack.client.containers.list(all=True, filters={"name": f"^/{mail_stack.name}$"}, ignore_removed=True)
    return bool(found) and found[0].id != server


class TestAnAccountThatIsMadeAnew:
    def test_logs_in_afterwards(self, mail_stack: MailStack) -> None:
        # Somebody took the login away by hand, which Pulumi sees at a refresh alone.
        mail_stack.maddy("creds", "remove", "--yes", MAILBOX)
        assert not mail_stack.client_of(MAILBOX).can_log_in()
        assert set(mail_stack.up().counts) == {"unchanged"}
        assert not mail_stack.client_of(MAILBOX).can_log_in()

        mail_stack.up("--replace", mail_stack.urn("accounts", "command:local:Command"))
        try:
            assert mail_stack.client_of(MAILBOX).can_log_in()
        finally:
            mail_stack.applied = ""
            mail_stack.have(BASE)
