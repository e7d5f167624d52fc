"""Mail that comes and goes: between our accounts, from the outside world, to the outside world."""

import smtplib
import socket
import time
import uuid

import dkim
import pytest

from tests.live.dns import LabDns
from tests.live.mail import ARRIVAL_SECONDS, Client, any_certificate, letter
from tests.live.outside import CONTAINER, DOMAIN, GATEWAY, HOST_NUMBER, Outside
from tests.live.settings import LAB, Secret
from tests.live.stack import MailStack

pytestmark = pytest.mark.e2e

MX = "mail.example.test"
OUTSIDER = f"bob@{DOMAIN}"


@pytest.fixture
def subject() -> str:
    return f"subject-{uuid.uuid4().hex[:12]}"


def deliver(sender: str, to: str, subject: str = "none", *, host: str = MX) -> None:
    """Deliver as another server does: to the MX host's port 25, without a login."""
    with smtplib.SMTP(host, 25, local_hostname=DOMAIN, timeout=20) as smtp:
        smtp.starttls(context=any_certificate())
        smtp.sendmail(sender, [to], letter(sender or f"postmaster@{DOMAIN}", to, subject).as_bytes())


def verified(message: bytes, sender: str, lab_dns: LabDns) -> set[tuple[str, str]]:
    """Selector and algorithm of the signatures, each of which is the sender's domain's and verifies."""
    checked = dkim.DKIM(message)
    found = set()
    headers = [value for name, value in checked.headers if name.lower() == b"dkim-signature"]
    for index, _ in enumerate(headers):
        assert checked.verify(index, dnsfunc=lab_dns.for_dkimpy), headers[index]
        fields = checked.signature_fields
        assert fields[b"d"] == sender.rpartition("@")[2].encode()
        found.add((fields[b"s"].decode(), fields[b"a"].decode()))
    return found


@pytest.mark.usefixtures("outside")
class TestMailFromOutside:
    @pytest.mark.parametrize(
        ("to", "mailbox"),
        [
            ("mail@example.test", "mail@example.test"),
            ("MAIL@Example.Test", "mail@example.test"),
            ("mail+news@example.test", "mail@example.test"),
            ("info@example.test", "mail@example.test"),
            ("office@second.example", "office@second.example"),
            ("postmaster@second.example", "office@second.example"),
            ("leser@xn--bcher-kva.example", "leser@xn--bcher-kva.example"),
        ],
    )
    @pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
    def test_arrives(
        self,
        mail_stack: MailStack,
        lab_dns: LabDns,
        subject: str,
        to: str,
        mailbox: str,
        family: socket.AddressFamily,
    ) -> None:
        with lab_dns.only(family):
            deliver(OUTSIDER, to, subject)
        arrived = mail_stack.client_of(mailbox).wait_for(subject)
        source = LAB.address4(GATEWAY) if family == socket.AF_INET else LAB.address6(GATEWAY)
        assert source.encode() in arrived
        assert b"spf=pass" in arrived

    def test_an_alias_for_two_reaches_both(self, mail_stack: MailStack, subject: str) -> None:
        deliver(OUTSIDER, "team@example.test", subject)
        for address in ("mail@example.test", "postmaster@example.test"):
            mail_stack.client_of(address).wait_for(subject)

    def test_a_bounce_is_taken(self, mail_stack: MailStack, subject: str) -> None:
        deliver("", "mail@example.test", subject)
        client = mail_stack.client_of("mail@example.test")
        assert client.find(subject) or client.wait_for(subject, "Junk")

    @pytest.mark.parametrize("to", ["nobody@example.test", "mail@second.example", "nobody@xn--bcher-kva.example"])
    def test_to_an_unknown_address_is_refused_at_once(self, mail_stack: MailStack, to: str) -> None:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            deliver(OUTSIDER, to)
        assert refused.value.recipients[to][0] == 550

    def test_is_not_relayed(self, mail_stack: MailStack) -> None:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            deliver(OUTSIDER, "victim@elsewhere.example")
        assert refused.value.recipients["victim@elsewhere.example"][0] == 550

    def test_in_our_own_name_is_refused(self, mail_stack: MailStack) -> None:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            deliver("postmaster@example.test", "mail@example.test")

    def test_forged_against_the_senders_dmarc_policy_is_not_delivered_to_the_inbox(
        self, mail_stack: MailStack, outside: Outside, subject: str
    ) -> None:
        # The outside domain's policy is reject, and its SPF allows this machine's address alone, not the policy site's.
        site = mail_stack.container("-policy")
        script = "\\r\\n".join(
            [
                f"EHLO {DOMAIN}",
                f"MAIL FROM:<{OUTSIDER}>",
                "RCPT TO:<mail@example.test>",
                "DATA",
                f"From: {OUTSIDER}\\r\\nSubject: {subject}\\r\\n\\r\\nforged\\r\\n.",
                "QUIT\\r\\n",
            ]
        )
        talk = f"(sleep 0.3; printf '{script}') | timeout 15 nc {LAB.address4(25)} 25"
        said = site.exec_run(["sh", "-c", talk]).output.decode()
        assert "\n5" in said, said
        assert mail_stack.client_of("mail@example.test").find(subject) is None


class TestMailOfOurUsers:
    @pytest.mark.parametrize("to", ["postmaster@example.test", "office@second.example", "info@example.test"])
    def test_reaches_our_own_addresses(self, mail_stack: MailStack, subject: str, to: str) -> None:
        sender = mail_stack.client_of("mail@example.test")
        sender.send(letter(sender.address, to, subject))
        mailbox = "mail@example.test" if to.startswith("info") else to
        mail_stack.client_of(mailbox).wait_for(subject)

    @pytest.mark.parametrize(
        ("sender", "signatures"),
        [
            ("mail@example.test", {("default", "rsa-sha256"), ("ed", "ed25519-sha256")}),
            ("leser@xn--bcher-kva.example", {("default", "rsa-sha256")}),
        ],
    )
    def test_is_signed_for_our_own_addresses_too(
        self, mail_stack: MailStack, lab_dns: LabDns, subject: str, sender: str, signatures: set[tuple[str, str]]
    ) -> None:
        mail_stack.client_of(sender).send(letter(sender, "office@second.example", subject))
        arrived = mail_stack.client_of("office@second.example").wait_for(subject)
        assert verified(arrived, sender, lab_dns) == signatures

    def test_may_be_sent_under_an_alias(self, mail_stack: MailStack, subject: str) -> None:
        sender = mail_stack.client_of("mail@example.test")
        sender.send(letter("info@example.test", "postmaster@example.test", subject), "info@example.test")
        mail_stack.client_of("postmaster@example.test").wait_for(subject)

    @pytest.mark.parametrize("envelope", ["postmaster@example.test", "office@second.example", OUTSIDER])
    def test_may_not_be_sent_from_anybody_elses_address(self, mail_stack: MailStack, envelope: str) -> None:
        sender = mail_stack.client_of("mail@example.test")
        with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused)):
            sender.send(letter(envelope, "office@second.example", "none"), envelope)

    def test_may_not_have_anybody_elses_from(self, mail_stack: MailStack) -> None:
        sender = mail_stack.client_of("mail@example.test")
        with pytest.raises(smtplib.SMTPResponseException):
            sender.send(letter("postmaster@example.test", "office@second.example", "none"))


class TestMailToTheOutside:
    @pytest.mark.parametrize(
        ("sender", "signatures"),
        [
            ("mail@example.test", {("default", "rsa-sha256"), ("ed", "ed25519-sha256")}),
            ("office@second.example", {("s2026", "rsa-sha256")}),
            ("leser@xn--bcher-kva.example", {("default", "rsa-sha256")}),
        ],
    )
    def test_arrives_with_signatures_that_the_published_keys_verify(
        self,
        mail_stack: MailStack,
        outside: Outside,
        lab_dns: LabDns,
        subject: str,
        sender: str,
        signatures: set[tuple[str, str]],
    ) -> None:
        client = mail_stack.client_of(sender)
        client.send(letter(sender, outside.alice.address, subject))
        assert verified(outside.alice.wait_for(subject), sender, lab_dns) == signatures

    def test_comes_from_the_published_address_and_passes_spf_dkim_and_dmarc(
        self, mail_stack: MailStack, outside: Outside, subject: str
    ) -> None:
        client = mail_stack.client_of("mail@example.test")
        client.send(letter(client.address, outside.alice.address, subject))
        results = outside.alice.wait_for(subject).partition(b"\r\n\r\n")[0]
        for result in (b"spf=pass", b"dkim=pass", b"dmarc=pass"):
            assert result in results, results
        assert MX.encode() in results
        assert any(address.encode() in results for address in (LAB.address4(25), LAB.address6(25)))

    def test_an_answer_finds_its_way_back_by_our_mta_sts_policy(
        self, mail_stack: MailStack, outside: Outside, subject: str
    ) -> None:
        # The other server sends to nobody whose policy it could not fetch over HTTPS.
        outside.alice.send(letter(outside.alice.address, "office@second.example", subject))
        assert b"dkim=pass" in mail_stack.client_of("office@second.example").wait_for(subject)

    def test_what_cannot_be_delivered_comes_back_to_the_sender(
        self, mail_stack: MailStack, outside: Outside, subject: str
    ) -> None:
        client = mail_stack.client_of("mail@example.test")
        client.send(letter(client.address, f"nobody@{DOMAIN}", subject))
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while not any(subject.encode() in message for message in client.newest(5)):
            assert time.monotonic() < deadline, "no bounce arrived"
            time.sleep(0.3)


class TestAliasThatLeadsOutOfTheHouse:
    def test_what_our_users_send_to_it_leaves_signed(
        self, live_stack: MailStack, outside: Outside, lab_dns: LabDns, subject: str
    ) -> None:
        to = outside.alice.address
        live_stack.have(live_stack.changed(lambda settings: settings["domains"][0]["aliases"].update(away=to)))
        client = live_stack.client_of("mail@example.test")
        client.send(letter(client.address, "away@example.test", subject))
        assert verified(outside.alice.wait_for(subject), client.address, lab_dns)


class TestSmartHost:
    def test_everything_that_leaves_goes_through_it_with_the_declared_login(
        self, live_stack: MailStack, outside: Outside, lab_dns: LabDns, subject: str
    ) -> None:
        live_stack.have(
            live_stack.changed(
                lambda settings: settings["server"].update(
                    smartHost={
                        "host": outside.alice.host,
                        "port": 465,
                        "user": outside.relayed.address,
                        "password": Secret(outside.relayed.password),
                        "caCertificate": outside.ca,
                    }
                )
            )
        )
        client: Client = live_stack.client_of("mail@example.test")
        client.send(letter(client.address, "anybody@elsewhere.example", subject))
        arrived = outside.relayed.wait_for(subject)
        assert dkim.verify(arrived, dnsfunc=lab_dns.for_dkimpy)


def test_the_outside_server_is_another_one(mail_stack: MailStack, outside: Outside) -> None:
    networks = mail_stack.client.containers.get(CONTAINER).attrs["NetworkSettings"]["Networks"]
    assert networks[LAB.network]["IPAddress"] == LAB.address4(HOST_NUMBER) != LAB.address4(25)
