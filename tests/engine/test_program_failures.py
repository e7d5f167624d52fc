"""An update that fails on the way: what it says, what was not touched, and that the next one mends it."""

import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.settings import ROOT
from tests.live.dns import LabDns
from tests.live.settings import BOUND_TO
from tests.live.stack import MailStack

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lab_dns")]

MAILBOX = "mail@example.test"
PROGRAM = ("__main__.py", "outputs.py", "plan.py", "settings.py", "wiring.py", "Pulumi.yaml")
ROOMS = ("components", "mail", "stack_file")
UNHEALTHY_SECONDS = 60.0


def altered_program(directory: Path, file: str, old: str, new: str) -> Path:
    """A copy of the program with a mistake in it."""
    for name in PROGRAM:
        shutil.copy(ROOT / name, directory / name)
    for name in ROOMS:
        shutil.copytree(ROOT / name, directory / name)
    (directory / ".venv").symlink_to(ROOT / ".venv")
    text = (directory / file).read_text()
    assert old in text
    (directory / file).write_text(text.replace(old, new))
    return directory


class TestAPolicyThatIsNotServed:
    def test_keeps_its_old_id_and_is_said(self, mail_stack: MailStack, lab_dns: LabDns, tmp_path: Path) -> None:
        before = lab_dns.text("_mta-sts.example.test")
        broken = altered_program(tmp_path, "mail/templates/Caddyfile.j2", "root * {{ root }}/", "root * {{ root }}/no/")
        mail_stack.write(mail_stack.changed(lambda settings: settings["domains"][0].update(mtaSts={"mode": "enforce"})))
        failed = mail_stack.try_up(project=broken)
        assert not failed.succeeded
        address = "https://mta-sts.example.test/.well-known/mta-sts.txt"
        assert f"{address}: status 404, expected 200; `docker logs maddy-e2e-policy` tells more" in failed.text
        time.sleep(2)  # the lab's DNS serves a change within two seconds
        assert lab_dns.text("_mta-sts.example.test") == before


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port of the Docker host's that something else listens on."""
    with socket.socket() as listener:
        listener.bind((BOUND_TO, 0))
        listener.listen()
        yield int(listener.getsockname()[1])


class TestAServerThatDoesNotStart:
    def test_for_a_port_that_is_taken(self, mail_stack: MailStack, taken_port: int) -> None:
        mail_stack.write(
            mail_stack.changed(lambda settings: settings["server"].update(ports={"submission": taken_port}))
        )
        failed = mail_stack.try_up()
        assert not failed.succeeded
        assert f"port {BOUND_TO}:{taken_port} is already in use on the Docker host" in failed.text

    def test_for_its_configuration_is_said_in_maddys_words(self, live_stack: MailStack, tmp_path: Path) -> None:
        # It comes after an update that failed, and has the server made again.
        broken = altered_program(tmp_path, "mail/templates/maddy.conf.j2", "require_mx_record", "require_mx_recrod")
        live_stack.write(live_stack.changed(nothing))
        failed = live_stack.try_up(project=broken)
        assert not failed.succeeded
        assert "it ended" in failed.text
        assert "require_mx_recrod" in failed.text

    def test_is_mended_by_the_next_update_with_its_mail(self, mail_stack: MailStack) -> None:
        assert mail_stack.client_of(MAILBOX).can_log_in()
        assert set(mail_stack.up().counts) == {"unchanged"}


def nothing(_settings: dict[str, Any]) -> None:
    """No change."""


class TestAServerThatHangs:
    def test_is_unhealthy_until_it_goes_on(self, mail_stack: MailStack) -> None:
        container = mail_stack.container()
        container.kill(signal="STOP")
        try:
            wait_for(mail_stack, "unhealthy")
        finally:
            container.kill(signal="CONT")
        wait_for(mail_stack, "healthy")


def wait_for(stack: MailStack, health: str) -> None:
    deadline = time.monotonic() + UNHEALTHY_SECONDS
    while (found := stack.container().attrs["State"]["Health"]["Status"]) != health:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
