"""The program under the real engine: what an update changes, what it never changes, and what it says."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab import pulumi_cli
from mail import certificates, dkim
from tests.live.dns import LabDns
from tests.live.mail import letter
from tests.live.settings import ADOPTED_KEY, BASE, Secret
from tests.live.stack import MailStack

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lab_dns")]

MAILBOX = "mail@example.test"


def domain(settings: dict[str, Any], name: str = "example.test") -> dict[str, Any]:
    """The settings of a domain."""
    return next(domain for domain in settings["domains"] if domain["name"] == name)


def leave_a_message(mail_stack: MailStack, to: str, subject: str) -> None:
    """Have a message in a mailbox."""
    client = mail_stack.client_of(MAILBOX)
    client.send(letter(MAILBOX, to, subject))
    mail_stack.client_of(to).wait_for(subject)


class Mark:
    """A file in the volume, by which it is known to be the same volume later."""

    def __init__(self, mail_stack: MailStack) -> None:
        self._stack = mail_stack
        self._path = f"/data/mark-{uuid.uuid4().hex}"
        assert mail_stack.container().exec_run(["sh", "-c", f": > {self._path}"]).exit_code == 0

    def is_there(self) -> bool:
        return self._stack.container().exec_run(["ls", self._path]).exit_code == 0


class TestASecondUpdateChangesNothing:
    def test_up(self, mail_stack: MailStack) -> None:
        assert set(mail_stack.up().counts) == {"unchanged"}

    def test_after_everything_was_read_back(self, mail_stack: MailStack) -> None:
        assert mail_stack.pulumi("refresh", "--yes", "--skip-preview").succeeded
        preview = mail_stack.preview("--expect-no-changes")
        assert set(preview.counts) == {"unchanged"}, preview.text


class TestNoSecretIsInTheOpen:
    @pytest.fixture(autouse=True)
    def _know_them(self, mail_stack: MailStack) -> None:
        kinds = [resource["type"] for resource in mail_stack.open_state]
        assert len([kind for kind in kinds if "DkimKey" in kind]) >= 4
        assert len(mail_stack.leaks.secrets) > 20

    def test_state(self, mail_stack: MailStack) -> None:
        text = mail_stack.lab.stack_file.read_text()
        assert "ciphertext" in text
        assert not mail_stack.leaks.within(text)

    def test_outputs(self, mail_stack: MailStack) -> None:
        shown = pulumi_cli.run(mail_stack.lab, ["stack", "output", "--json"], capture=True).stdout
        assert "[secret]" in shown
        assert not mail_stack.leaks.within(shown)

    def test_containers(self, mail_stack: MailStack) -> None:
        for container in mail_stack.containers():
            assert not mail_stack.leaks.within(json.dumps(container.attrs)), container.name

    def test_preview_with_all_details(self, mail_stack: MailStack) -> None:
        mail_stack.write(mail_stack.changed(lambda settings: domain(settings)["accounts"].append("newcomer")))
        preview = mail_stack.preview("--show-sames")
        assert "newcomer@example.test" in preview.text
        assert not mail_stack.leaks.within(preview.text)

    def test_anything_that_was_printed_or_on_a_command_line_so_far(self, mail_stack: MailStack) -> None:
        assert not mail_stack.leaks.found


class TestAChangedFileReplacesTheServerAndNothingElse:
    @pytest.mark.parametrize(
        ("change", "files"),
        [
            (lambda settings: domain(settings)["aliases"].update(sales="mail"), {"aliases"}),
            (lambda settings: settings["server"].update(maxMessageSize="20M"), {"maddy.conf"}),
            (
                lambda settings: domain(settings).update(mtaSts={"enabled": False}),
                {"tls/fullchain.pem", "tls/privkey.pem"},
            ),
        ],
    )
    def test_preview_says_so_and_names_the_files(self, mail_stack: MailStack, change: Any, files: set[str]) -> None:
        mail_stack.write(mail_stack.changed(change))
        preview = mail_stack.preview()
        assert "docker:index/container:Container: (replace)" in preview.text
        assert files <= preview.changed_files
        assert not preview.changed_files & ({"aliases", "maddy.conf"} - files)
        assert "docker:index/volume:Volume: (" not in preview.text.replace("(same)", "")

    def test_mail_survives_it(self, mail_stack: MailStack) -> None:
        leave_a_message(mail_stack, MAILBOX, "before the change")
        mark, container = Mark(mail_stack), mail_stack.container().id
        mail_stack.have(mail_stack.changed(lambda settings: domain(settings)["aliases"].update(sales="mail")))
        assert mail_stack.container().id != container
        assert mark.is_there()
        assert mail_stack.client_of(MAILBOX).find("before the change")
        client = mail_stack.client_of("postmaster@example.test")
        client.send(letter(client.address, "sales@example.test", "to the new alias"))
        mail_stack.client_of(MAILBOX).wait_for("to the new alias")


class TestTheCertificateIsRenewedByAnUpdate:
    def test_when_less_than_a_third_of_its_life_is_left(self, mail_stack: MailStack, tmp_path: Path) -> None:
        exported = json.loads(pulumi_cli.run(mail_stack.lab, ["stack", "export"], capture=True).stdout)
        [resource] = [
            resource
            for resource in exported["deployment"]["resources"]
            if resource["type"].endswith("SelfSignedCertificate")
        ]
        months_ago = datetime.now(UTC) - timedelta(days=300)
        ca = certificates.issue_ca("an authority", now=months_ago)
        old = certificates.issue_leaf(ca, mail_stack.outputs["mail_host"].split(), now=months_ago).certificate
        trusted = mail_stack.outputs["ca_certificate"]
        resource["outputs"]["certificate"] = old
        file = tmp_path / "state.json"
        file.write_text(json.dumps(exported))
        pulumi_cli.run(mail_stack.lab, ["stack", "import", "--file", str(file)], capture=True)
        served = mail_stack.container().id
        mail_stack.up()
        assert mail_stack.container().id != served
        assert mail_stack.outputs["ca_certificate"] == trusted
        assert mail_stack.client_of(MAILBOX).can_log_in()
        assert set(mail_stack.up().counts) == {"unchanged"}


class TestDkimKeys:
    def test_another_algorithm_is_refused_with_the_mend_before_anything_changes(self, mail_stack: MailStack) -> None:
        before = mail_stack.ids()
        mail_stack.write(
            mail_stack.changed(
                lambda settings: domain(settings)["dkim"]["selectors"].__setitem__(
                    0, {"name": "default", "algorithm": "ed25519"}
                )
            )
        )
        refused = mail_stack.pulumi("preview")
        assert not refused.succeeded
        assert "selector default of example.test has a key of algorithm rsa2048" in refused.text
        assert "add a selector of algorithm ed25519 instead" in refused.text
        assert mail_stack.ids() == before

    def test_published_key_is_that_of_the_servers_file(self, mail_stack: MailStack, lab_dns: LabDns) -> None:
        for name, found in mail_stack.outputs["domains"].items():
            for selector, key in found["dkim"].items():
                pem = mail_stack.container().exec_run(["cat", f"/data/{dkim.key_file(name, selector)}"]).output.decode()
                assert dkim.public_key(pem) == key["public_key"]
                published = lab_dns.text(key["name"])
                assert published is not None
                assert published.endswith(f"p={key['public_key']}")

    def test_an_adopted_key_stays_what_it_was(self, mail_stack: MailStack) -> None:
        adopted = mail_stack.outputs["domains"]["second.example"]["dkim"]["s2026"]
        assert adopted["public_key"] == dkim.public_key(ADOPTED_KEY)


class TestThePolicyAndItsId:
    def test_id_changes_with_the_policy_and_for_that_domain_alone(self, mail_stack: MailStack, lab_dns: LabDns) -> None:
        before = {name: lab_dns.text(f"_mta-sts.{name}") for name in mail_stack.outputs["domains"]}
        mail_stack.have(mail_stack.changed(lambda settings: domain(settings).update(mtaSts={"mode": "enforce"})))
        identifier = mail_stack.outputs["domains"]["example.test"]["mta_sts"]["id"]
        lab_dns.wait_for("_mta-sts.example.test", "TXT", {f'"v=STSv1; id={identifier}"'})
        after = {name: lab_dns.text(f"_mta-sts.{name}") for name in before}
        assert [name for name in before if before[name] != after[name]] == ["example.test"]

    def test_id_stays_where_the_new_policy_is_not_served(self, mail_stack: MailStack, lab_dns: LabDns) -> None:
        before = lab_dns.text("_mta-sts.example.test")

        def change(settings: dict[str, Any]) -> None:
            domain(settings).update(mtaSts={"mode": "none"})
            settings["policySite"]["image"] = settings["server"].get("image", "foxcpp/maddy:0.8.2")  # no web server

        mail_stack.write(mail_stack.changed(change))
        failed = mail_stack.try_up()
        assert not failed.succeeded
        assert "maddy-e2e-policy" in failed.error
        assert lab_dns.text("_mta-sts.example.test") == before


class TestAccounts:
    def test_a_changed_password_takes_the_place_of_the_old_one(self, mail_stack: MailStack) -> None:
        old = mail_stack.client_of(MAILBOX)
        mail_stack.have(
            mail_stack.changed(
                lambda settings: domain(settings)["accounts"][0].update(password=Secret("another password 2"))
            )
        )
        assert mail_stack.client_of(MAILBOX).password == "another password 2"
        assert mail_stack.client_of(MAILBOX).can_log_in()
        assert not old.can_log_in()

    def test_a_removed_account_loses_its_login_and_keeps_its_mailbox(self, mail_stack: MailStack) -> None:
        leaver = "leaver@example.test"
        leave_a_message(mail_stack, leaver, "kept for later")
        old = mail_stack.client_of(leaver)
        mail_stack.have(mail_stack.changed(lambda settings: domain(settings)["accounts"].remove("leaver")))
        assert not old.can_log_in()
        assert leaver not in mail_stack.maddy("creds", "list").split()
        assert leaver in mail_stack.maddy("imap-acct", "list").split()
        mail_stack.have(BASE)
        assert mail_stack.client_of(leaver).find("kept for later")

    def test_a_mailbox_is_deleted_only_when_told_so(self, mail_stack: MailStack) -> None:
        doomed = {"name": "doomed", "deleteMailbox": True}
        mail_stack.have(mail_stack.changed(lambda settings: domain(settings)["accounts"].append(doomed)))
        assert mail_stack.client_of("doomed@example.test").can_log_in()
        mail_stack.have(BASE)
        assert "doomed@example.test" not in mail_stack.maddy("imap-acct", "list").split()
        assert "leaver@example.test" in mail_stack.maddy("imap-acct", "list").split()


def expired(settings: dict[str, Any]) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=900)
    ca = certificates.issue_ca("an authority", now=long_ago)
    leaf = certificates.issue_leaf(ca, ["mail.example.test"], now=long_ago)
    files = {"certificate": leaf.certificate + ca.certificate, "privateKey": Secret(leaf.private_key)}
    settings["tls"] = {"source": "files", "files": files}


class TestWrongSettingsChangeNothing:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (expired, ["tls.files.certificate", "has expired on", "renew it"]),
            (
                lambda settings: domain(settings)["accounts"].remove("postmaster"),
                ["has no postmaster", "add postmaster"],
            ),
            (
                lambda settings: settings["server"].update(image="foxcpp/maddy"),
                ["server.image", "names no exact version"],
            ),
            (lambda settings: settings["server"].update(memry=5), ["server.memry: is no setting", "memory"]),
        ],
    )
    def test_and_say_what_to_do(self, mail_stack: MailStack, change: Any, said: list[str]) -> None:
        before, server = mail_stack.ids(), mail_stack.container().id
        mail_stack.write(mail_stack.changed(change))
        failed = mail_stack.try_up()
        assert not failed.succeeded
        assert "Traceback" not in failed.text
        for words in said:
            assert words in failed.error
        assert mail_stack.ids() == before
        assert mail_stack.container().id == server

    def test_an_image_that_is_nowhere_leaves_the_old_server_running(self, mail_stack: MailStack) -> None:
        server = mail_stack.container().id
        mail_stack.write(
            mail_stack.changed(lambda settings: settings["server"].update(image="foxcpp/maddy:0.0.1-nowhere"))
        )
        failed = mail_stack.try_up()
        assert not failed.succeeded
        assert "foxcpp/maddy:0.0.1-nowhere" in failed.error
        assert mail_stack.container().id == server
        assert mail_stack.client_of(MAILBOX).can_log_in()


class TestTheMailOutlivesTheStack:
    def test_protected_data_is_not_let_go(self, mail_stack: MailStack) -> None:
        mail_stack.have(mail_stack.changed(lambda settings: settings["server"].update(protectData=True)))
        refused = mail_stack.pulumi("destroy", "--yes", "--skip-preview")
        assert not refused.succeeded
        assert "protected" in refused.text
        mail_stack.client.volumes.get(f"{mail_stack.name}-data")
        mail_stack.have(BASE)

    def test_destroyed_and_brought_up_again_the_mail_is_there_and_the_logins_are_those_declared_now(
        self, mail_stack: MailStack
    ) -> None:
        leave_a_message(mail_stack, MAILBOX, "from the last life")
        mark = Mark(mail_stack)
        mail_stack.maddy("imap-acct", "create", "byhand@example.test")
        assert mail_stack.pulumi("destroy", "--yes", "--skip-preview").succeeded
        assert not [c for c in mail_stack.client.containers.list(all=True) if c.name == mail_stack.name]
        mail_stack.have(mail_stack.changed(lambda settings: domain(settings)["accounts"].remove("leaver")))
        assert mark.is_there()
        assert mail_stack.client_of(MAILBOX).find("from the last life")
        assert "leaver@example.test" not in mail_stack.maddy("creds", "list").split()
        assert {"leaver@example.test", "byhand@example.test"} <= set(mail_stack.maddy("imap-acct", "list").split())
