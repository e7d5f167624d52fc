"""One thing is wrong with the mail server, and exactly its own check says so."""

import re
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from mail import certificates, dkim
from tests.live.mutants import SERVER, certificate, clone_of_the_server, in_between, listening, replacing
from tests.live.settings import LAB
from tests.live.stack import MailStack
from tests.live.tls import MAIL_PORTS
from tests.live.verdicts import DOMAIN, MX, Checker, flipped, ids
from verify.result import Result

pytestmark = pytest.mark.e2e

CONF = "maddy.conf"
CLONE = {MX: [LAB.address4(27)]}
BETWEEN = {MX: [SERVER]}
Files = dict[str, bytes]


def with_certificate(make: Callable[[], certificates.Issued]) -> Callable[[Files], None]:
    """A server that has another certificate."""

    def change(files: Files) -> None:
        issued = make()
        files["tls/fullchain.pem"], files["tls/privkey.pem"] = issued.certificate.encode(), issued.private_key.encode()

    return change


def another_dkim_key(files: Files) -> None:
    """A server that signs with a key that is not in the stack's state."""
    files[f"dkim_keys/{DOMAIN}_default.key"] = dkim.generate("rsa2048").encode()


def nothing(_: Files) -> None:
    """A server that is as the stack's own."""


@pytest.fixture
def healthy(checker: Checker) -> list[Result]:
    """What is found of a server with the same data and settings, at another address."""
    return checker.before(
        "transport", "delivery", connect=CLONE, within=partial(clone_of_the_server, checker.stack, nothing)
    )


CBC = ("    ciphers ", "    ciphers ECDHE-ECDSA-WITH-AES128-CBC-SHA ")
"""A cipher suite without AEAD; TLS 1.0 has no others."""

NO_POSTMASTER = f"""    default_source {{
        destination postmaster@{DOMAIN} {{
            reject 550 5.1.1 "Nobody"
        }}
        destination"""
"""In `smtp`: other servers cannot write to the postmaster."""

passing_on = partial(in_between, LAB.address4(25), MAIL_PORTS, lambda said: said)
"""Somebody in between who changes nothing."""


@pytest.mark.parametrize(
    ("check", "change", "said"),
    [
        ("tls-old", replacing(CONF, ("protocols tls1.2 tls1.3", "protocols tls1.0 tls1.3"), CBC), "TLS 1.0"),
        ("ciphers", replacing(CONF, CBC), "CBC"),
        ("cert-expiry", with_certificate(lambda: certificate(MX, age=timedelta(days=400))), "expired"),
        ("cert-name", with_certificate(lambda: certificate(f"www.{DOMAIN}")), f"www.{DOMAIN}"),
        (
            "cert-chain",
            with_certificate(
                lambda: certificate(MX, authority=certificates.issue_ca("nobody's", now=datetime.now(UTC)))
            ),
            "CA",
        ),
        ("open-relay", replacing(CONF, ('reject 550 5.7.1 "Relaying denied"', "deliver_to dummy")), "relay"),
        ("auth-after-tls", replacing(CONF, ("insecure_auth no", "insecure_auth yes")), "AUTH"),
        ("signature", another_dkim_key, "key"),
        ("signature", replacing(CONF, (f"dkim {DOMAIN} ", f"dkim other.{DOMAIN} ")), "signature"),
        ("incoming", replacing(CONF, ("    dmarc yes\n", "    dmarc no\n")), "dmarc"),
        ("postmaster", replacing(CONF, ("    default_source {\n        destination", NO_POSTMASTER)), "550"),
    ],
)
def test_flips(
    checker: Checker, healthy: list[Result], check: str, change: Callable[[Files], object], said: str
) -> None:
    with clone_of_the_server(checker.stack, change):
        rows = flipped(healthy, checker.look("transport", "delivery", connect=CLONE))
    assert ids(rows) == {check}, [(row.check, row.subject, row.verdict, row.found, row.mend) for row in rows]
    assert {row.verdict for row in rows} == {"fail"}
    assert said in f"{rows[0].expected} | {rows[0].found} | {rows[0].mend}"


class TestSomebodyInBetween:
    @pytest.mark.parametrize(
        ("check", "rewrite", "said"),
        [
            ("starttls", lambda said: re.sub(rb"250-STARTTLS\r\n|STARTTLS ", b"", said), "STARTTLS"),
            ("greeting", lambda said: said.replace(b"220 mail.", b"220 \x1b[2J\x1b]0;gotcha\x07mail."), "\\x1b[2J"),
            ("greeting", lambda said: said.replace(b"220 mail.example.test", b"220 localhost"), "localhost"),
        ],
    )
    def test_changes_what_the_server_says(
        self, checker: Checker, check: str, rewrite: Callable[[bytes], bytes], said: str
    ) -> None:
        before = checker.before("transport", connect=BETWEEN, within=passing_on)
        with in_between(LAB.address4(25), MAIL_PORTS, rewrite):
            rows = flipped(before, checker.look("transport", connect=BETWEEN))
        assert ids(rows) == {check}, rows
        assert said in f"{rows[0].expected} | {rows[0].found} | {rows[0].mend}"
        assert not [row for row in rows if not (row.found + row.mend).isprintable()]


def test_silent_server_is_given_up(checker: Checker) -> None:
    def serve(client: socket.socket, _: int) -> None:
        with client:
            client.recv(1000)
            time.sleep(60)

    started = time.monotonic()
    with listening(MAIL_PORTS, serve):
        rows = checker.look("transport", connect=BETWEEN)
    assert time.monotonic() - started < 40
    assert {row.verdict for row in rows} == {"pass", "fail", "skipped"}
    assert ids([row for row in rows if row.verdict == "fail"]) == {"greeting"}


def test_closed_port(checker: Checker) -> None:
    before = checker.before("transport", connect=BETWEEN, within=passing_on)
    with in_between(LAB.address4(25), [port for port in MAIL_PORTS if port != 993], lambda said: said):
        rows = flipped(before, checker.look("transport", connect=BETWEEN))
    assert [(row.check, row.verdict) for row in rows] == [("port-reachable", "fail")]
    assert "993" in rows[0].subject


class TestPasswords:
    def test_wrong_one_flips_the_login_alone(self, checker: Checker) -> None:
        before = checker.before("delivery")

        def wrong(outputs: dict[str, dict[str, str]]) -> None:
            outputs["account_passwords"][f"postmaster@{DOMAIN}"] = "another"

        rows = flipped(before, checker.look("delivery", declared=wrong))
        assert [(row.check, row.subject, row.verdict) for row in rows] == [("login", f"postmaster@{DOMAIN}", "fail")]

    def test_are_nowhere_in_what_is_found(self, checker: Checker, mail_stack: MailStack) -> None:
        found = repr(checker.look("delivery", "transport"))
        assert not [secret for secret in mail_stack.outputs["account_passwords"].values() if secret in found]

    def test_without_them_nothing_is_said_to_be_delivered(self, checker: Checker) -> None:
        rows = checker.look("delivery", declared=lambda outputs: outputs.pop("account_passwords"))
        assert {row.verdict for row in rows} == {"skipped"}
