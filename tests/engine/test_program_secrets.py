"""Secrets are nowhere in the open; what is printed and what is on a command line is watched in every test."""

import json

import pytest

from lab import pulumi_cli
from tests.live.settings import GIVEN_PASSWORD, Secret, domain
from tests.live.stack import MailStack

pytestmark = pytest.mark.engine

PROMISED = 14
"""At least so many: 4 DKIM keys, the CA's and the certificate's, 6 passwords, the adopted key, the API token."""


@pytest.fixture(autouse=True)
def _known(mail_stack: MailStack) -> None:
    mail_stack.learn_secrets()
    assert GIVEN_PASSWORD in mail_stack.leaks.secrets
    assert len(mail_stack.leaks.secrets) >= PROMISED


class TestNoSecretIsInTheOpen:
    def test_in_the_state_and_its_history(self, mail_stack: MailStack) -> None:
        files = [path for path in mail_stack.lab.state.rglob("*") if path.is_file()]
        assert mail_stack.lab.stack_file in files
        assert "ciphertext" in mail_stack.lab.stack_file.read_text()
        for path in files:
            assert not mail_stack.leaks.within(path.read_text(errors="replace")), path

    def test_in_the_outputs(self, mail_stack: MailStack) -> None:
        shown = pulumi_cli.run(mail_stack.lab, ["stack", "output", "--json"], capture=True).stdout
        assert json.loads(shown)["account_passwords"] == "[secret]"
        assert not mail_stack.leaks.within(shown)

    def test_in_what_docker_tells_about_the_containers(self, mail_stack: MailStack) -> None:
        for container in mail_stack.containers():
            assert not mail_stack.leaks.within(json.dumps(container.attrs)), container.name

    def test_in_the_containers_logs(self, mail_stack: MailStack) -> None:
        for container in mail_stack.containers():
            assert not mail_stack.leaks.within(container.logs().decode()), container.name

    def test_in_a_preview_of_changed_secrets_with_all_details(self, mail_stack: MailStack) -> None:
        def change(settings: dict[str, object]) -> None:
            domain(settings)["accounts"][0]["password"] = Secret("a password, only previewed")

        mail_stack.write(mail_stack.changed(change))
        assert "[secret] => [secret]" in mail_stack.preview("--show-sames").text

    def test_in_a_file_that_others_may_read(self, mail_stack: MailStack) -> None:
        readable = mail_stack.inside("find", "/data", "-type", "f", "-perm", "-004", "-exec", "cat", "{}", ";")
        assert "BEGIN CERTIFICATE" in readable
        assert not mail_stack.leaks.within(readable)

    def test_in_anything_that_was_printed_or_on_a_command_line_so_far(self, mail_stack: MailStack) -> None:
        assert not mail_stack.leaks.found
