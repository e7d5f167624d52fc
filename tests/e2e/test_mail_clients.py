"""Mail clients: who gets in, and over which connections."""

import imaplib
import smtplib
import socket
import ssl
import warnings
from collections.abc import Callable

import pytest

from tests.live.dns import LabDns
from tests.live.mail import Client, authenticate
from tests.live.settings import BOUND_TO, GIVEN_PASSWORD
from tests.live.stack import MailStack
from tests.live.tls import MAIL_PORTS, any_certificate, tls_to, with_cipher, with_version

pytestmark = pytest.mark.e2e

HOST = "mail.example.test"
WRONG = "not the password"


@pytest.fixture
def mail(mail_stack: MailStack) -> Client:
    return mail_stack.client_of("mail@example.test")


def imaps(client: Client, password: str) -> None:
    with imaplib.IMAP4_SSL(HOST, ssl_context=client.tls, timeout=20) as imap:
        imap.authenticate("PLAIN", lambda _: f"\0{client.address}\0{password}".encode())


def imap(client: Client, password: str) -> None:
    with imaplib.IMAP4(HOST, timeout=20) as plain:
        plain.starttls(client.tls)
        plain.authenticate("PLAIN", lambda _: f"\0{client.address}\0{password}".encode())


def submissions(client: Client, password: str) -> None:
    with smtplib.SMTP_SSL(HOST, context=client.tls, timeout=20) as smtp:
        authenticate(smtp, client.address, password)


def submission(client: Client, password: str) -> None:
    with smtplib.SMTP(HOST, 587, timeout=20) as smtp:
        smtp.starttls(context=client.tls)
        authenticate(smtp, client.address, password)


every_way_in = pytest.mark.parametrize("log_in", [imaps, imap, submissions, submission])


class TestTheRightPassword:
    @every_way_in
    def test_lets_in_on_every_port(self, mail: Client, log_in: Callable[[Client, str], None]) -> None:
        log_in(mail, mail.password)

    def test_is_the_one_that_was_given(self, mail: Client) -> None:
        assert mail.password == GIVEN_PASSWORD

    def test_lets_every_account_in(self, mail_stack: MailStack) -> None:
        outputs = mail_stack.outputs
        assert sorted(outputs["account_passwords"]) == sorted(outputs["accounts"])
        refused = [address for address in outputs["accounts"] if not mail_stack.client_of(address).can_log_in()]
        assert not refused

    @pytest.mark.parametrize(
        ("address", "spelling"),
        [
            ("mail@example.test", "Mail@Example.TEST"),
            ("leser@xn--bcher-kva.example", "leser@bücher.example"),
        ],
    )
    def test_lets_in_under_every_spelling_of_the_address(
        self, mail_stack: MailStack, address: str, spelling: str
    ) -> None:
        client = mail_stack.client_of(address)
        assert Client(client.host, client.tls, spelling, client.password).can_log_in()

    def test_opens_a_mailbox_with_the_usual_folders(self, mail: Client) -> None:
        with mail.reading() as session:
            folders = b"\n".join(line for line in session.list()[1] if isinstance(line, bytes))
        assert all(name in folders for name in (b"INBOX", b"Sent", b"Drafts", b"Junk", b"Trash", b"Archive"))


class TestEverythingElseIsRefused:
    @every_way_in
    def test_a_wrong_password(self, mail: Client, log_in: Callable[[Client, str], None]) -> None:
        with pytest.raises((imaplib.IMAP4.error, smtplib.SMTPAuthenticationError)):
            log_in(mail, WRONG)

    @every_way_in
    def test_an_empty_password(self, mail: Client, log_in: Callable[[Client, str], None]) -> None:
        with pytest.raises((imaplib.IMAP4.error, smtplib.SMTPAuthenticationError)):
            log_in(mail, "")

    def test_another_accounts_password(self, mail_stack: MailStack, mail: Client) -> None:
        assert not Client(mail.host, mail.tls, "postmaster@example.test", mail.password).can_log_in()
        assert not Client(mail.host, mail.tls, "mail@second.example", mail.password).can_log_in()

    def test_an_alias_as_user(self, mail: Client) -> None:
        assert not Client(mail.host, mail.tls, "info@example.test", mail.password).can_log_in()


class TestNothingSecretBeforeTls:
    def test_imap_takes_no_login(self, mail: Client) -> None:
        with imaplib.IMAP4(HOST, timeout=20) as plain:
            assert "LOGINDISABLED" in plain.capabilities
            assert not [word for word in plain.capabilities if word.startswith("AUTH=")]
            with pytest.raises(imaplib.IMAP4.error):
                plain.login("mail@example.test", "a password that is not sent twice")

    def test_submission_offers_no_auth_and_takes_none(self, mail: Client) -> None:
        with smtplib.SMTP(HOST, 587, timeout=20) as smtp:
            smtp.ehlo()
            assert not smtp.has_extn("auth")
            with pytest.raises(smtplib.SMTPAuthenticationError):
                authenticate(smtp, mail.address, "a password that is not sent twice")
            assert smtp.docmd("MAIL", f"FROM:<{mail.address}>")[0] >= 500

    @pytest.mark.usefixtures("mail")
    def test_port_25_takes_no_logins_at_all(self) -> None:
        with smtplib.SMTP(HOST, 25, timeout=20) as smtp:
            smtp.ehlo()
            assert not smtp.has_extn("auth")
            smtp.starttls(context=any_certificate())
            smtp.ehlo()
            assert not smtp.has_extn("auth")


every_port = pytest.mark.parametrize("port", MAIL_PORTS)


class TestTls:
    @every_port
    def test_certificate_is_good_for_a_client_that_trusts_the_stacks_ca(self, mail: Client, port: int) -> None:
        with tls_to(HOST, port, mail.tls) as connection:
            assert connection.version() == "TLSv1.3"

    @every_port
    @pytest.mark.usefixtures("mail_stack")
    def test_certificate_is_not_good_for_any_other_client(self, port: int) -> None:
        with pytest.raises(ssl.SSLCertVerificationError), tls_to(HOST, port, ssl.create_default_context()):
            pass

    def test_certificate_does_not_cover_other_names(self, mail: Client) -> None:
        with pytest.raises(ssl.SSLCertVerificationError), tls_to(HOST, 993, mail.tls, server_name="example.test"):
            pass

    @every_port
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
    @pytest.mark.usefixtures("mail_stack")
    def test_old_versions_are_refused_by_the_server(self, port: int, version: ssl.TLSVersion) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            client = with_version(version)
        with pytest.raises(ssl.SSLError, match="TLSV1_ALERT_PROTOCOL_VERSION"), tls_to(HOST, port, client):
            pass

    @every_port
    @pytest.mark.parametrize(
        "cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"]
    )
    @pytest.mark.usefixtures("mail_stack")
    def test_1_2_works_with_every_aead_cipher(self, port: int, cipher: str) -> None:
        with tls_to(HOST, port, with_cipher(cipher)) as connection:
            assert connection.cipher() == (cipher, "TLSv1.2", 256 if "128" not in cipher else 128)

    @every_port
    @pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA"])
    @pytest.mark.usefixtures("mail_stack")
    def test_cbc_ciphers_are_refused_by_the_server(self, port: int, cipher: str) -> None:
        with pytest.raises(ssl.SSLError, match="ALERT_HANDSHAKE_FAILURE"), tls_to(HOST, port, with_cipher(cipher)):
            pass


class TestReachability:
    @every_port
    @pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
    def test_over_ipv4_and_ipv6(self, mail: Client, lab_dns: LabDns, port: int, family: socket.AddressFamily) -> None:
        with lab_dns.only(family), tls_to(HOST, port, mail.tls) as connection:
            assert connection.family == family

    @every_port
    def test_on_the_address_that_the_ports_are_published_on(self, mail: Client, port: int) -> None:
        with tls_to(BOUND_TO, port, mail.tls, server_name=HOST) as connection:
            assert connection.version() == "TLSv1.3"

    @pytest.mark.usefixtures("mail_stack")
    def test_on_no_other_port(self) -> None:
        for port in (110, 995, 80, 443):
            with pytest.raises(OSError), socket.create_connection((HOST, port), timeout=5):  # noqa: PT011 - any
                pass
