"""One thing is wrong with a mail server's ports, and exactly its own check says so."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import verify_world
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_mail_ports import PORTS, MailPorts
from verify_world import DOMAIN, MX, of, said

from mail import certificates
from mail.certificates import Issued
from verify import conversation
from verify.checks import plain_text, reachability, tls_versions, transport
from verify.checks.mail_port import Port
from verify.failures import TlsFailed
from verify.result import Question, Result
from verify.run import run

NOW = datetime.now(UTC)
AUTHORITY = certificates.issue_ca("CA of the tests", now=NOW)
STRANGER = certificates.issue_ca("nobody's CA", now=NOW)
HEALTHY = certificates.issue_leaf(AUTHORITY, [MX], now=NOW)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for nothing long."""
    monkeypatch.setattr(conversation, "ANSWER_SECONDS", 0.4)
    monkeypatch.setattr(conversation, "CONNECT_SECONDS", 0.4)


def rsa_certificate(bits: int) -> Issued:
    """A certificate like the healthy one, with an RSA key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    model = x509.load_pem_x509_certificate(HEALTHY.certificate.encode())
    builder = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(model.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(MX)]), critical=False)
    )
    signer = serialization.load_pem_private_key(AUTHORITY.private_key.encode(), None)
    return Issued(
        certificate=builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode(),  # type: ignore[arg-type]
        private_key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


def looked(
    server: MailPorts,
    *,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    ports: tuple[str, ...] = PORTS,
    domains: tuple[str, ...] = (DOMAIN,),
    authority: Issued = AUTHORITY,
    second: MailPorts | None = None,
) -> list[Result]:
    """What the checker finds; of a second server, at an address of its own, as well."""

    async def look() -> list[Result]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(server.up())
            if second is not None:
                second.numbers = dict(server.numbers)
                await stack.enter_async_context(second.up())
            outputs = verify_world.stack()
            outputs["endpoints"] = {port: {"host": MX, "port": server.numbers[port]} for port in ports}
            outputs["domains"] = dict.fromkeys(domains, outputs["domains"][DOMAIN])
            world = verify_world.world({}, outputs, now=NOW, connect={MX: addresses})
            return await run(
                transport.probes(replace(world, trusted=[authority.certificate])), lambda probe, results: None
            )

    return asyncio.run(look())


def server(**changes: Any) -> MailPorts:
    """A healthy server, but for these attributes."""
    return MailPorts(**{"issued": HEALTHY, **changes})


def wrong(results: list[Result]) -> list[Result]:
    """The rows that are neither pass nor skipped."""
    return [row for row in results if row.verdict not in ("pass", "skipped")]


class TestHealthyServer:
    def test_passes_everything(self) -> None:
        rows = looked(server())
        assert {row.verdict for row in rows} == {"pass"}, wrong(rows)
        assert {row.check for row in rows} == {
            *("port-reachable", "greeting", "starttls", "auth-after-tls", "cert-chain", "cert-name", "cert-expiry"),
            *("tls-old", "tls-new", "ciphers", "cert-key", "open-relay", "postmaster"),
        }
        counted = [row for row in rows if row.check == "starttls"]
        assert len(counted) == 3

    def test_is_met_with_three_connections_to_port_25_at_most(self) -> None:
        it = server()
        looked(it, addresses=("127.0.0.1",) * 8)
        assert 1 < it.most_at_once <= 3

    def test_is_never_sent_a_message_or_a_known_password(self) -> None:
        it = server()
        looked(it)
        assert {line.split(" ")[0] for port, line in it.heard if port == "smtp"} == {
            *("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "RSET", "QUIT")
        }
        assert not [line for port, line in it.heard if port.startswith("imap") and "LOGIN" in line.upper()]

    def test_is_asked_for_the_postmaster_of_every_domain(self) -> None:
        names = tuple(f"d{number}.example" for number in range(120))
        rows = looked(server(takes=tuple(f"postmaster@{name}" for name in names[:-1])), domains=names)
        verdicts = {row.domain: row.verdict for row in rows if row.check == "postmaster"}
        assert verdicts == {**dict.fromkeys(names, "pass"), names[-1]: "fail"}

    def test_may_have_the_domain_that_others_try_relaying_with(self) -> None:
        assert wrong(looked(server(takes=("postmaster@example.com",)), domains=("example.com",))) == []

    def test_need_not_take_several_commands_at_once(self) -> None:
        assert wrong(looked(server(is_pipelined=False))) == []

    def test_may_hang_up_on_a_login_in_plain_text(self) -> None:
        assert wrong(looked(server(plain_auth_reply=""))) == []

    def test_may_name_nobody_in_its_answer_to_ehlo(self) -> None:
        assert wrong(looked(server(hello="Hello maddy-stack-check.invalid"))) == []


MUTANTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("greeting", "fail", {"banner": "localhost ESMTP"}, "localhost"),
    ("greeting", "fail", {"hello": "other.example.test"}, "other.example.test"),
    ("greeting", "fail", {"banner": "mail.example.test \x1b[2J\x07"}, r"\x1b[2J\x07"),
    ("greeting", "fail", {"banner": "ESMTP mail.example.test"}, "220 ESMTP mail"),
    ("starttls", "fail", {"offers_starttls": False}, "not offered"),
    ("starttls", "fail", {"starttls_reply": "250 as you like"}, "answered with 250 as you like"),
    ("auth-after-tls", "fail", {"plain_auth": True}, "before TLS: AUTH"),
    ("auth-after-tls", "fail", {"plain_auth_reply": "535 bad password"}, "535"),
    ("auth-after-tls", "fail", {"plain_auth_reply": "334 "}, "334"),
    ("auth-after-tls", "fail", {"plain_auth_reply": "454 later"}, "454"),
    ("auth-after-tls", "fail", {"tls_auth": ""}, "no AUTH"),
    (
        "cert-expiry",
        "fail",
        {"issued": certificates.issue_leaf(AUTHORITY, [MX], now=NOW - timedelta(days=400))},
        "expired on",
    ),
    (
        "cert-expiry",
        "fail",
        {"issued": certificates.issue_leaf(AUTHORITY, [MX], now=NOW + timedelta(days=2))},
        "not valid before",
    ),
    (
        "cert-expiry",
        "warn",
        {"issued": certificates.issue_leaf(AUTHORITY, [MX], now=NOW - timedelta(days=360))},
        "4 days",
    ),
    ("cert-name", "fail", {"issued": certificates.issue_leaf(AUTHORITY, ["www.example.test"], now=NOW)}, "for www."),
    ("cert-name", "fail", {"issued": certificates.issue_leaf(AUTHORITY, ["*.test"], now=NOW)}, "for *.test"),
    ("cert-name", "fail", {"issued": certificates.issue_leaf(AUTHORITY, [DOMAIN], now=NOW)}, f"for {DOMAIN}"),
    ("cert-chain", "fail", {"issued": certificates.issue_leaf(STRANGER, [MX], now=NOW)}, "nobody's CA"),
    ("cert-key", "warn", {"issued": rsa_certificate(2048)}, "RSA of 2048 bits"),
    ("tls-old", "fail", {"oldest": ssl.TLSVersion.TLSv1, "ciphers": "ECDHE+AES"}, "TLS 1.0 and TLS 1.1 accepted"),
    ("tls-old", "fail", {"oldest": ssl.TLSVersion.TLSv1_1, "ciphers": "ECDHE+AES"}, "TLS 1.1 accepted"),
    ("tls-new", "warn", {"newest": ssl.TLSVersion.TLSv1_2}, "TLS 1.2 at most"),
    ("tls-new", "warn", {"oldest": ssl.TLSVersion.TLSv1_3}, "TLS 1.3 alone"),
    ("ciphers", "fail", {"ciphers": "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA"}, "ECDHE-ECDSA-AES128-SHA (CBC)"),
    ("ciphers", "fail", {"ciphers": "ECDHE+AESGCM:AECDH-AES128-SHA"}, "anonymous"),
    ("ciphers", "fail", {"ciphers": "ECDHE+AESGCM:ECDHE-ECDSA-NULL-SHA"}, "NULL"),
    ("open-relay", "fail", {"takes": ("postmaster@example.test", "@example.com")}, "250 taken"),
    ("open-relay", "fail", {"takes": ("postmaster@example.test", "%example.com@example.test")}, "postmaster%example"),
    ("open-relay", "fail", {"relays_for": ("postmaster@example.test",)}, "from postmaster@example.test, postmaster@"),
    ("open-relay", "unknown", {"refusal": "451 later"}, "451 later"),
    ("postmaster", "fail", {"takes": ()}, "550"),
]


@pytest.mark.parametrize(("check", "verdict", "changes", "words"), MUTANTS)
def test_flips_its_own_check_alone(check: str, verdict: str, changes: dict[str, Any], words: str) -> None:
    rows = wrong(looked(server(**changes)))
    assert {(row.check, row.verdict) for row in rows} == {(check, verdict)}, rows
    assert words in "; ".join(said(row) for row in rows)
    assert all((row.found + row.mend).isprintable() for row in rows)


class TestTwoServersBehindOneName:
    """The addresses lead to two servers, of which the second is not as it should be."""

    SECOND = "127.0.0.2"

    def looked(self, **changes: Any) -> list[Result]:
        both = ("127.0.0.1", self.SECOND)
        return wrong(looked(server(), addresses=both, second=server(address=self.SECOND, **changes)))

    def test_both_are_well_and_the_first_alone_is_asked_for_every_domain(self) -> None:
        first, second = server(), server(address=self.SECOND)
        assert wrong(looked(first, addresses=("127.0.0.1", self.SECOND), second=second)) == []
        postmaster = ("smtp", f"RCPT TO:<postmaster@{DOMAIN}>")
        assert postmaster in first.heard
        assert postmaster not in second.heard

    @pytest.mark.parametrize(
        ("check", "verdict", "changes", "words"), [mutant for mutant in MUTANTS if mutant[0] != "postmaster"]
    )
    def test_flips_its_own_check_alone(self, check: str, verdict: str, changes: dict[str, Any], words: str) -> None:
        rows = self.looked(**changes)
        assert {(row.check, row.verdict) for row in rows} == {(check, verdict)}, rows
        assert words in "; ".join(said(row) for row in rows)
        assert any(self.SECOND in row.found + row.subject for row in rows) or verdict == "unknown"

    def test_no_tls_where_it_belongs(self) -> None:
        rows = wrong(
            looked(
                server(),
                addresses=("127.0.0.1", self.SECOND),
                ports=("submissions", "imaps"),
                second=server(address=self.SECOND, first=b"220 mail.example.test ESMTP\r\n"),
            )
        )
        assert {(row.check, row.verdict) for row in rows} == {("tls-new", "fail")}
        assert all("wrong version number" in row.found and self.SECOND in row.found for row in rows)


@pytest.mark.parametrize("port", ["submissions", "submission", "imaps", "imap"])
def test_no_login_under_tls(port: str) -> None:
    rows = looked(server(tls_auth=""), ports=(port,))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("auth-after-tls", "fail")}
    assert of(rows, "auth-after-tls").found == "under TLS: no AUTH"


@pytest.mark.parametrize(("port", "words"), [("submission", "AUTH PLAIN"), ("smtp", "AUTH PLAIN"), ("imap", "AUTH=")])
def test_login_before_tls(port: str, words: str) -> None:
    rows = looked(server(plain_auth=True), ports=(port,))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("auth-after-tls", "fail")}
    assert words in of(rows, "auth-after-tls").found


def test_imap_server_may_name_no_mechanism() -> None:
    """LOGIN is there unless LOGINDISABLED says otherwise (RFC 9051 section 6.2.3)."""
    question = Question(check="auth-after-tls", domain=MX, expected="login under TLS alone")
    imaps = Port(name="imaps", host=MX, number=993, turns=asyncio.Semaphore())
    assert plain_text.offered_under_tls(question, imaps, {"IMAP4REV1": ""}).found == "under TLS: LOGIN"


def test_handshake_that_fails_for_a_reason_of_this_side_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handshake(self: Port, address: str, context: ssl.SSLContext) -> tuple[str, str]:
        raise TlsFailed("no memory left", reason="malloc failure")

    monkeypatch.setattr(Port, "handshake", handshake)
    rows = looked(server(), ports=("imaps",))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("tls-old", "unknown"), ("tls-new", "unknown")}


def test_what_could_not_be_seen_comes_before_what_was_left_out() -> None:
    question = Question(check="cert-chain", domain=MX, expected="a chain")
    places = [("192.0.2.1", question.skipped("see `port-reachable`")), ("192.0.2.2", question.unknown("x", "Try."))]
    assert reachability.together(question, places).verdict == "unknown"


def test_expired_authority() -> None:
    old = certificates.issue_ca("old CA", now=NOW - timedelta(days=4000))
    rows = looked(server(issued=certificates.issue_leaf(old, [MX], now=NOW)), ports=("imaps",), authority=old)
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("cert-expiry", "fail")}
    assert of(rows, "cert-expiry").found.startswith("the authority CN=old CA: expired on ")


def test_old_version_hides_no_weak_suite() -> None:
    rows = looked(server(oldest=ssl.TLSVersion.TLSv1, ciphers="ECDHE+AES:AECDH+AES"))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("tls-old", "fail"), ("ciphers", "fail")}


def test_another_protocol() -> None:
    rows = looked(server(first=b"SSH-2.0-OpenSSH_9.2\r\n"), ports=("smtp", "submission", "imap"))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("greeting", "fail")}
    assert "SSH-2.0" in of(rows, "greeting", rows[1].subject).found


def test_tarpit_that_says_nothing() -> None:
    rows = looked(server(first=b""))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("greeting", "fail")}
    assert of(rows, "port-reachable", rows[0].subject).verdict == "pass"
    assert "is connected and said nothing for 0.4 s" in "".join(row.found for row in rows)
    assert {row.mend for row in rows if row.check == "postmaster"} == {
        f"see `greeting`: {of(rows, 'greeting', rows[0].subject).found}"
    }


def test_tarpit_that_drips() -> None:
    rows = looked(server(first=b"220-mail.example.test\r\n220-"), ports=("smtp",))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("greeting", "fail")}


def test_server_without_end_does_not_swell() -> None:
    rows = looked(server(first=b"220-" + b"x" * 20_000), ports=("smtp",))
    assert "over 8192 bytes" in of(rows, "greeting").found


def test_plain_text_where_tls_belongs() -> None:
    rows = looked(server(first=b"220 mail.example.test ESMTP\r\n"), ports=("submissions", "imaps"))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("tls-new", "fail")}
    assert "wrong version number" in of(rows, "tls-new", rows[0].subject.split(" on ")[0]).found


class TestClosedPort:
    def test_fails_alone(self) -> None:
        rows = looked(server(closed=("imaps",)))
        [row] = wrong(rows)
        assert (row.check, row.verdict) == ("port-reachable", "fail")
        assert row.subject.startswith("imaps ")
        assert "open port" in row.mend
        later = [row for row in rows if row.subject.startswith("imaps ") and row.check != "port-reachable"]
        assert {row.verdict for row in later} == {"skipped"}
        assert all(row.mend.startswith("see `port-reachable`: ") for row in later)

    def test_on_one_address_leaves_the_others_judged(self) -> None:
        rows = looked(server(), addresses=("127.0.0.1", "127.0.0.9"), ports=("smtp",))
        assert [(row.check, row.verdict) for row in wrong(rows)] == [("port-reachable", "fail")]
        assert of(rows, "cert-chain").verdict == "pass"


class TestAddressWithoutAWayToIt:
    def test_is_unknown_and_so_is_all_behind_it(self) -> None:
        rows = looked(server(), addresses=("fe80::1",), ports=("smtp", "imaps"))
        assert {row.verdict for row in rows} == {"unknown"}

    def test_beside_one_that_can_be_reached(self) -> None:
        rows = looked(server(), addresses=("127.0.0.1", "fe80::1"), ports=("submissions",))
        assert {(row.check, row.verdict) for row in wrong(rows)} == {
            *(("port-reachable", "unknown"), ("greeting", "unknown"), ("auth-after-tls", "unknown"))
        }


def test_null_sender_refused() -> None:
    rows = looked(server(null_sender="550 no bounces"), ports=("smtp",))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("open-relay", "unknown"), ("postmaster", "fail")}
    assert "550 no bounces" in of(rows, "postmaster").found


def test_every_address_of_the_domain_taken_is_no_relay() -> None:
    assert wrong(looked(server(takes=("@example.test",)), ports=("smtp",))) == []


def test_no_address() -> None:
    rows = looked(server(), addresses=())
    assert {row.verdict for row in rows} == {"skipped"}
    assert all(row.mend == f"see `published`: {MX} has no address" for row in rows)


@pytest.mark.parametrize(
    ("suite", "weakness"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", ""),
        ("ECDHE-RSA-CHACHA20-POLY1305", ""),
        ("ECDHE-ECDSA-AES128-CCM8", ""),
        ("ECDHE-RSA-AES256-SHA384", "CBC"),
        ("AES128-GCM-SHA256", "no forward secrecy"),
        ("DES-CBC3-SHA", "3DES, no forward secrecy, CBC"),
        ("ECDHE-RSA-RC4-SHA", "RC4"),
        ("ADH-AES128-GCM-SHA256", "anonymous"),
        ("NULL-SHA256", "NULL, no forward secrecy"),
    ],
)
def test_weakness_of_a_suite(suite: str, weakness: str) -> None:
    assert tls_versions.weakness(suite) == weakness


def test_client_of_weak_suites_offers_no_good_one() -> None:
    names = [cipher["name"] for cipher in tls_versions.weak_only().get_ciphers() if cipher["protocol"] != "TLSv1.3"]
    assert len(names) > 20
    assert not [name for name in names if not tls_versions.weakness(name)]
    assert "AES128-SHA" in names


def test_old_version_that_cannot_be_offered_from_here_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_versions, "only", lambda version: None)
    rows = looked(server(), ports=("imaps",))
    old = of(rows, "tls-old")
    assert old.verdict == "unknown"
    assert "cannot offer TLS 1.1" in old.found
