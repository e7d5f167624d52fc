"""What a person does with a mail client: log in, read, send."""

import base64
import imaplib
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

ARRIVAL_SECONDS = 20.0


def letter(sender: str, to: str, subject: str, body: str = "Guten Tag.\n") -> EmailMessage:
    """A short message; addresses in ASCII."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2])
    message.set_content(body)
    return message


def trusting(ca: str) -> ssl.SSLContext:
    """What a client has that trusts this CA (PEM) and no other."""
    context = ssl.create_default_context(cadata=ca)
    context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def any_certificate() -> ssl.SSLContext:
    """What a client has that looks at no certificate, as most sending servers do."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def authenticate(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in with SASL PLAIN, in UTF-8 (RFC 4616), which `SMTP.login` cannot."""
    smtp.ehlo_or_helo_if_needed()
    words = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, said = smtp.docmd("AUTH", f"PLAIN {words}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


@dataclass(frozen=True)
class Client:
    """A mail client that is set up for one account.

    Attributes:
        host: the server's name, which its certificate must cover.
        tls: what it trusts.
        address: user name, and sender.
        password: of the account.
    """

    host: str
    tls: ssl.SSLContext
    address: str
    password: str

    @contextmanager
    def reading(self) -> Iterator[imaplib.IMAP4]:
        """IMAP over TLS, logged in."""
        with imaplib.IMAP4_SSL(self.host, ssl_context=self.tls, timeout=20) as imap:
            imap.authenticate("PLAIN", lambda _: f"\0{self.address}\0{self.password}".encode())
            yield imap

    def can_log_in(self) -> bool:
        """Whether IMAP takes the password."""
        try:
            with self.reading():
                return True
        except imaplib.IMAP4.error:
            return False

    def find(self, subject: str, folder: str = "INBOX") -> bytes | None:
        """The newest message with that subject, as it is on the server."""
        with self.reading() as imap:
            imap.select(folder, readonly=True)
            numbers = imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split()
            if not numbers:
                return None
            fetched = imap.fetch(numbers[-1].decode(), "(BODY.PEEK[])")[1][0]
            assert isinstance(fetched, tuple)
            return bytes(fetched[1])

    def newest(self, count: int, folder: str = "INBOX") -> list[bytes]:
        """The newest messages."""
        with self.reading() as imap:
            imap.select(folder, readonly=True)
            numbers = imap.search(None, "ALL")[1][0].split()[-count:]
            fetched = [imap.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        return [bytes(found[1]) for found in fetched if isinstance(found, tuple)]

    def wait_for(self, subject: str, folder: str = "INBOX") -> bytes:
        """The message with that subject, once it has arrived."""
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while (found := self.find(subject, folder)) is None:
            assert time.monotonic() < deadline, f"{subject!r} did not arrive at {self.address}"
            time.sleep(0.2)
        return found

    @contextmanager
    def sending(self) -> Iterator[smtplib.SMTP]:
        """Submission over TLS, logged in."""
        with smtplib.SMTP_SSL(self.host, context=self.tls, timeout=20) as smtp:
            authenticate(smtp, self.address, self.password)
            yield smtp

    def send(self, message: EmailMessage, sender: str | None = None) -> None:
        """Hand a message over, with its recipients from `To`."""
        with self.sending() as smtp:
            smtp.sendmail(sender or self.address, str(message["To"]).split(", "), message.as_bytes())
