"""An update that is killed in the middle, and accounts that are made anew."""

import os
import signal
import subprocess
import time

import pytest

from lab import pulumi_cli, pulumi_install, stack
from lab.settings import ROOT
from tests.live.settings import BASE, LAB
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

        stack.up(LAB, config_file=mail_stack.config_file)

        assert not mail_stack.state.get("pending_operations")
        assert mail_stack.container().id != server
        assert mail_stack.client_of(MAILBOX).can_log_in()
        assert set(mail_stack.up().counts) == {"unchanged"}

    @staticmethod
    def kill_when_the_server_is_replaced(mail_stack: MailStack, server: str | None) -> None:
        command = [str(pulumi_install.find()), "up", "--yes", "--skip-preview", "--non-interactive"]
        command += ["--cwd", str(ROOT), "--config-file", str(mail_stack.config_file)]
        environment = {**os.environ, **pulumi_cli.environment(LAB)}
        mail_stack.applied = ""
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while not _is_another(mail_stack, server):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)


def _is_another(mail_stack: MailStack, server: str | None) -> bool:
    found = mail_stack.client.containers.list(all=True, filters={"name": f"^/{mail_stack.name}$"}, ignore_removed=True)
    return bool(found) and found[0].id != server


class TestAnAccountThatIsMadeAnew:
    def test_logs_in_afterwards(self, mail_stack: MailStack) -> None:
        # Somebody took the login away by hand, which Pulumi cannot see.
        mail_stack.maddy("creds", "remove", "--yes", MAILBOX)
        assert not mail_stack.client_of(MAILBOX).can_log_in()
        assert set(mail_stack.up("--refresh").counts) == {"unchanged"}
        assert not mail_stack.client_of(MAILBOX).can_log_in()

        mail_stack.up("--replace", mail_stack.urn(MAILBOX, "command:local:Command"))
        try:
            assert mail_stack.client_of(MAILBOX).can_log_in()
        finally:
            mail_stack.applied = ""
            mail_stack.have(BASE)
