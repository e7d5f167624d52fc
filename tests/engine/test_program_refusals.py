"""What cannot be: `up` says so in a sentence, and changes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mail import certificates
from tests.live.settings import Secret
from tests.live.stack import MailStack

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lab_dns")]

Change = Callable[[dict[str, Any]], object]

NAMES = ["mail.example.test", "mta-sts.example.test", "mta-sts.second.example", "mta-sts.xn--bcher-kva.example"]


def certificate_of(names: list[str], *, other_key: bool = False) -> Change:
    """Settings with a certificate that is brought along."""

    def change(settings: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        ca = certificates.issue_ca("an authority", now=now)
        leaf = certificates.issue_leaf(ca, names, now=now)
        key = certificates.issue_leaf(ca, names, now=now) if other_key else leaf
        files = {"certificate": leaf.certificate + ca.certificate, "privateKey": Secret(key.private_key)}
        settings["tls"] = {"source": "files", "files": files}

    return change


def many_faults(settings: dict[str, Any]) -> None:
    first, second, _ = settings["domains"]
    settings["server"]["image"] = "foxcpp/maddy"
    settings["server"]["memry"] = 512
    settings["server"]["ports"] = {"imap": 993}
    first["accounts"][0]["password"] = "in plain text, for all"
    second["mtaSts"]["mode"] = "enforced"
    del second["dkim"]  # Pulumi does not tell a plain secret from an encrypted one under the same top-level key


def what_there_is(stack: MailStack) -> tuple[dict[str, Any], dict[str | None, str | None]]:
    """The resources that Pulumi knows, but for the access to Docker and Cloudflare, and the containers that run."""
    resources = {urn: resource for urn, resource in stack.known.items() if "pulumi:providers:" not in urn}
    return resources, {container.name: container.id for container in stack.containers()}


def refused(stack: MailStack, change: Change) -> str:
    """What `up` says in the end; what there was is there as it was."""
    before = what_there_is(stack)
    stack.write(stack.changed(change))
    outcome = stack.try_up()
    assert not outcome.succeeded
    assert what_there_is(stack) == before
    return outcome.text.partition("Diagnostics:")[2].partition("Outputs:")[0]


class TestWrongSettingsChangeNothing:
    def test_and_are_all_said_at_once_with_key_value_and_mend(self, mail_stack: MailStack) -> None:
        said = refused(mail_stack, many_faults)
        for key, mend in {
            "server.image: 'foxcpp/maddy' names no exact version": "give it a tag",
            "server.memry: is no setting": "did you mean memory?",
            "server.ports.imaps: 993 is the port of imap already": "give every protocol one of its own",
            "domains[1].mtaSts.mode: 'enforced' is unknown, perhaps enforce": "use testing, enforce or none",
            "domains[0].accounts[0].password: is in plain text": "pulumi config set --secret --path",
        }.items():
            assert key in said
            assert mend in said.partition(key)[2].partition("\n")[0]
        assert said.count("error:") == 1
        assert "Traceback" not in said
        assert "in plain text, for all" not in said

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            pytest.param(certificate_of(NAMES, other_key=True), "tls.files.privateKey", id="of another key"),
            pytest.param(certificate_of(NAMES[:2]), "mta-sts.second.example", id="without a policy host"),
        ],
    )
    def test_a_certificate_that_clients_would_refuse(self, mail_stack: MailStack, change: Change, said: str) -> None:
        assert said in refused(mail_stack, change)


class TestWhatIsNotThere:
    def test_a_wrong_api_token(self, mail_stack: MailStack) -> None:
        token = Secret("a-token-of-nobody-at-all")
        said = refused(mail_stack, lambda settings: settings["cloudflare"].update(apiToken=token))
        assert "'Invalid access token' (9109); check the provider's apiToken" in said

    def test_a_docker_host_that_does_not_answer(self, mail_stack: MailStack) -> None:
        host = "tcp://127.0.0.26:9"
        said = refused(mail_stack, lambda settings: settings["server"].update(dockerHost=host))
        assert f"no Docker at {host}: Cannot connect to the Docker daemon at {host}. Nothing was changed." in said


class TestProtectedData:
    def test_is_not_destroyed_nor_anything_with_it(self, live_stack: MailStack) -> None:
        live_stack.have(live_stack.changed(lambda settings: settings["server"].update(protectData=True)))
        before = what_there_is(live_stack)
        # With its preview, as people run it: `--skip-preview` removes all but the volume before it comes to that.
        destroy = live_stack.pulumi("destroy", "--yes")
        assert not destroy.succeeded
        assert "protected" in destroy.text
        assert what_there_is(live_stack) == before
