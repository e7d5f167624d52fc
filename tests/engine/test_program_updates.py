"""An ordinary day: many changes in one update, all of it taken back in the next, and then nothing left to do."""

import json
import smtplib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from lab import pulumi_cli
from mail import certificates, dkim
from tests.live.dns import LabDns
from tests.live.mail import Client, exchange, letter
from tests.live.settings import ADOPTED_KEY, BASE, LAB, Secret, domain
from tests.live.stack import MailStack, Outcome
from tests.live.tls import tls_to

pytestmark = pytest.mark.engine

MAIL, POSTMASTER, LEAVER, DOOMED = (f"{name}@example.test" for name in ("mail", "postmaster", "leaver", "doomed"))
DOMAINS = ("example.test", "second.example", "xn--bcher-kva.example")
NEW_PASSWORD = "another password, 2"
ANOTHER_KEY = dkim.generate("rsa2048")


def changes(settings: dict[str, Any]) -> None:
    """What is asked for on that day."""
    settings["server"]["maxMessageSize"] = "20M"
    first = domain(settings)
    first["accounts"][0]["password"] = Secret(NEW_PASSWORD)
    first["accounts"].remove("leaver")
    first["accounts"].append({"name": "doomed", "deleteMailbox": True})
    first["aliases"]["sales"] = "mail"
    first["mtaSts"] = {"mode": "enforce"}
    domain(settings, "second.example")["dkim"]["selectors"][0]["privateKey"] = Secret(ANOTHER_KEY)


@dataclass(frozen=True)
class Before:
    """How it was."""

    clients: dict[str, Client]
    outputs: dict[str, Any]
    policy_ids: dict[str, str | None]


@dataclass(frozen=True)
class Day:
    """What came of the changes."""

    before: Before
    preview: Outcome
    up: Outcome


def age_certificate(stack: MailStack, scratch: Path) -> str:
    """Have a certificate in the state with less than a third of its life left, and return the serial number of it."""
    exported = json.loads(pulumi_cli.run(LAB, ["stack", "export"], capture=True).stdout)
    [made] = [found for found in exported["deployment"]["resources"] if found["type"].endswith("SelfSignedCertificate")]
    months_ago = datetime.now(UTC) - timedelta(days=300)
    ca = certificates.issue_ca("an authority", now=months_ago)
    made["outputs"]["certificate"] = certificates.issue_leaf(ca, ["mail.example.test"], now=months_ago).certificate
    scratch.write_text(json.dumps(exported))
    pulumi_cli.run(LAB, ["stack", "import", "--file", str(scratch)], capture=True)
    return served_serial(stack)


def served_serial(stack: MailStack) -> str:
    """The serial number of the certificate that the server shows."""
    with tls_to("mail.example.test", 993, stack.client_of(MAIL).tls) as connection:
        shown = connection.getpeercert(binary_form=True)
    assert shown is not None
    return str(x509.load_der_x509_certificate(shown).serial_number)


@pytest.fixture(scope="module")
def old_certificate(live_stack: MailStack, tmp_path_factory: pytest.TempPathFactory) -> str:
    live_stack.have(BASE)
    return age_certificate(live_stack, tmp_path_factory.mktemp("state") / "state.json")


@pytest.fixture(scope="module")
def day(live_stack: MailStack, old_certificate: str) -> Day:
    clients = {address: live_stack.client_of(address) for address in (MAIL, POSTMASTER, LEAVER)}
    exchange(clients[POSTMASTER], clients[MAIL], "before the change")
    exchange(clients[POSTMASTER], clients[LEAVER], "kept for later")
    policy_ids = {name: live_stack.dns.text(f"_mta-sts.{name}") for name in DOMAINS}
    before = Before(clients, live_stack.outputs, policy_ids)
    live_stack.write(live_stack.changed(changes))
    return Day(before, live_stack.preview(), live_stack.up())


class TestThePreview:
    def test_replaces_the_containers_whose_files_change_and_nothing_else(self, day: Day) -> None:
        replaced = {name for name, step in day.preview.steps.items() if step == "replace"}
        assert replaced == {
            f"docker:index/container:Container::{name}" for name in ("data-seed", "server", "site-seed", "policy-site")
        }

    def test_names_the_files(self, day: Day) -> None:
        assert day.preview.changed_files == {
            "maddy.conf",
            "aliases",
            "tls/fullchain.pem",
            "tls/privkey.pem",
            "dkim_keys/second.example_s2026.key",
            "example.test/.well-known/mta-sts.txt",
        }

    def test_leaves_volumes_images_and_networks_alone(self, day: Day) -> None:
        assert not [name for name in day.preview.steps if "olume:" in name or "mage:" in name or "etwork:" in name]

    def test_changes_the_two_records_that_follow_and_no_others(self, day: Day) -> None:
        changed = {name.rpartition("::")[2]: step for name, step in day.preview.steps.items() if "DnsRecord" in name}
        assert changed == {
            "_mta-sts.example.test-mta-sts-txt": "update",
            "s2026._domainkey.second.example-dkim-s2026": "update",
        }

    def test_makes_no_key_anew(self, day: Day) -> None:
        keys = {name.rpartition("::")[2]: step for name, step in day.preview.steps.items() if "mail:DkimKey::" in name}
        assert keys == {"second.example-s2026": "update"}


class TestMail:
    def test_survives_the_change(self, live_stack: MailStack, day: Day) -> None:
        assert live_stack.client_of(MAIL).find("before the change")

    def test_to_the_new_alias_arrives(self, live_stack: MailStack, day: Day) -> None:
        client = live_stack.client_of(POSTMASTER)
        client.send(letter(client.address, "sales@example.test", "to the new alias"))
        live_stack.client_of(MAIL).wait_for("to the new alias")


class TestTheCertificate:
    def test_is_renewed_when_less_than_a_third_of_its_life_is_left(
        self, live_stack: MailStack, old_certificate: str, day: Day
    ) -> None:
        assert day.before.outputs["ca_certificate"] == live_stack.outputs["ca_certificate"]
        assert served_serial(live_stack) != old_certificate


class TestDkimKeys:
    def test_an_adopted_key_is_published(self, live_stack: MailStack, lab_dns: LabDns, day: Day) -> None:
        assert day.before.outputs["domains"]["second.example"]["dkim"]["s2026"]["public_key"] == dkim.public_key(
            ADOPTED_KEY
        )
        key = live_stack.outputs["domains"]["second.example"]["dkim"]["s2026"]
        assert key["public_key"] == dkim.public_key(ANOTHER_KEY)
        lab_dns.wait_for(key["name"], "TXT", {in_dns(dkim.record_text("rsa2048", key["public_key"]))})

    def test_all_others_stay_what_they_were(self, live_stack: MailStack, day: Day) -> None:
        for name in ("example.test", "xn--bcher-kva.example"):
            assert live_stack.outputs["domains"][name]["dkim"] == day.before.outputs["domains"][name]["dkim"]

    def test_the_published_one_is_that_of_the_servers_file(
        self,
        live_stack: MailStack,
        lab_dns: LabDns,
        day: Day,
    ) -> None:
        for name, found in live_stack.outputs["domains"].items():
            for selector, key in found["dkim"].items():
                file = f"/data/{dkim.key_file(name, selector)}"
                pem = live_stack.container().exec_run(["cat", file]).output.decode()
                published = lab_dns.text(key["name"])
                assert published is not None
                assert published.endswith(f"; p={dkim.public_key(pem)}")
                assert live_stack.container().exec_run(["stat", "-c", "%a", file]).output == b"600\n"


def in_dns(text: str) -> str:
    """A TXT record's text as dnspython shows it."""
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


class TestThePolicyId:
    def test_changes_with_the_policy_and_for_that_domain_alone(
        self, live_stack: MailStack, lab_dns: LabDns, day: Day
    ) -> None:
        for name, found in live_stack.outputs["domains"].items():
            lab_dns.wait_for(f"_mta-sts.{name}", "TXT", {f'"v=STSv1; id={found["mta_sts"]["id"]}"'})
        now = {name: lab_dns.text(f"_mta-sts.{name}") for name in DOMAINS}
        assert [name for name in DOMAINS if now[name] != day.before.policy_ids[name]] == ["example.test"]

    def test_is_published_after_the_policy_was_seen_to_be_served(self, day: Day) -> None:
        served = day.up.text.index("example.test-policy-served updated")
        assert served < day.up.text.index("_mta-sts.example.test-mta-sts-txt updating")


class TestAccounts:
    def test_a_changed_password_takes_the_place_of_the_old_one(self, live_stack: MailStack, day: Day) -> None:
        assert live_stack.client_of(MAIL).password == NEW_PASSWORD
        assert live_stack.client_of(MAIL).can_log_in()
        assert not day.before.clients[MAIL].can_log_in()

    def test_a_generated_password_stays(self, live_stack: MailStack, day: Day) -> None:
        assert live_stack.client_of(POSTMASTER).password == day.before.clients[POSTMASTER].password
        assert live_stack.client_of(POSTMASTER).can_log_in()

    def test_a_removed_account_loses_its_login_and_keeps_its_mailbox(self, live_stack: MailStack, day: Day) -> None:
        assert not day.before.clients[LEAVER].can_log_in()
        assert LEAVER not in live_stack.maddy("creds", "list").split()
        assert LEAVER in live_stack.maddy("imap-acct", "list").split()

    def test_mail_to_a_removed_account_is_refused(self, live_stack: MailStack, day: Day) -> None:
        client = live_stack.client_of(POSTMASTER)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.send(letter(client.address, LEAVER, "too late"))

    def test_a_new_one_can_log_in(self, live_stack: MailStack, day: Day) -> None:
        assert live_stack.client_of(DOOMED).can_log_in()


@pytest.fixture(scope="module")
def undone(live_stack: MailStack, day: Day) -> Day:
    """All of it taken back, and with it a password made anew, as docs/operations.md says."""
    live_stack.write(BASE)
    live_stack.up("--replace", live_stack.urn(POSTMASTER, "GeneratedPassword"))
    return day


class TestTakenBack:
    def test_the_account_that_comes_back_has_its_mail(self, live_stack: MailStack, undone: Day) -> None:
        assert live_stack.client_of(LEAVER).find("kept for later")
        assert live_stack.client_of(LEAVER).password != undone.before.clients[LEAVER].password

    def test_the_mailbox_that_was_to_be_deleted_is(self, live_stack: MailStack, undone: Day) -> None:
        for what in ("creds", "imap-acct"):
            assert DOOMED not in live_stack.maddy(what, "list").split()

    def test_the_first_password_works_again(self, live_stack: MailStack, undone: Day) -> None:
        assert undone.before.clients[MAIL].can_log_in()
        assert live_stack.client_of(MAIL).find("before the change")

    def test_a_password_that_was_made_anew_takes_the_place_of_the_old_one(
        self, live_stack: MailStack, undone: Day
    ) -> None:
        assert live_stack.client_of(POSTMASTER).password != undone.before.clients[POSTMASTER].password
        assert live_stack.client_of(POSTMASTER).can_log_in()
        assert not undone.before.clients[POSTMASTER].can_log_in()


class TestAnotherUpdateChangesNothing:
    def test_up(self, mail_stack: MailStack) -> None:
        assert set(mail_stack.up().counts) == {"unchanged"}

    def test_after_everything_was_read_back(self, mail_stack: MailStack) -> None:
        assert mail_stack.pulumi("refresh", "--yes", "--skip-preview").succeeded
        assert set(mail_stack.preview("--expect-no-changes").counts) == {"unchanged"}
