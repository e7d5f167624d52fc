"""CAA and TLSA, compared with the certificate that a server on this machine shows."""

import hashlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from verify_world import DOMAIN, MX, NOW, healthy, look_at, of, said, stack

from verify.checks import caa, tlsa
from verify.look import Look
from verify.result import Result

POLICY_HOST = f"mta-sts.{DOMAIN}"


class Issued:
    """A certificate and its key, with the authority that signed it."""

    def __init__(self, organisation: str, name: str) -> None:
        authority_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)])
        self.authority = self._certificate(issuer, issuer, authority_key, authority_key, name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.leaf = self._certificate(subject, issuer, self.key, authority_key, name)

    @staticmethod
    def _certificate(
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        signer: ec.EllipticCurvePrivateKey,
        name: str,
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=60))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(signer, hashes.SHA256())
        )

    def pem(self) -> bytes:
        chain = self.leaf.public_bytes(Encoding.PEM) + self.authority.public_bytes(Encoding.PEM)
        return chain + self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@contextmanager
def serving(issued: Issued, directory: Path, *, starttls: bool = False) -> Iterator[int]:
    """A server that shows the certificate; yields its port."""
    file = directory / "server.pem"
    file.write_bytes(issued.pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def talk(connection: socket.socket) -> None:
        if starttls:
            lines = connection.makefile("rb")
            connection.sendall(b"220 hello\r\n")
            lines.readline()
            connection.sendall(b"250-hello\r\n250 STARTTLS\r\n")
            lines.readline()
            connection.sendall(b"220 go\r\n")
        with context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(1)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(5)
                with connection, suppress(OSError):
                    talk(connection)

    listener = socket.create_server(("127.0.0.1", 0))
    thread = Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def plain_server(said: bytes) -> int:
    """A server that says this to the next one who connects; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with listener, listener.accept()[0] as connection:
            connection.sendall(said)
            while connection.recv(1000):
                pass

    Thread(target=talk, daemon=True).start()
    return int(listener.getsockname()[1])


class TestCaa:
    def looked(self, port: int, more: str, addresses: Sequence[str] = ("127.0.0.1",)) -> list[Result]:
        outputs = stack()
        outputs["endpoints"]["submissions"]["port"] = outputs["endpoints"]["https"]["port"] = port
        local = {MX: addresses, POLICY_HOST: addresses}
        return look_at(caa.probes(healthy(outputs, more, connect=local)))

    def test_none(self) -> None:
        results = self.looked(1, "")
        assert {(r.domain, r.subject, r.verdict) for r in results} == {
            (MX, MX, "pass"),
            (DOMAIN, POLICY_HOST, "pass"),
        }
        assert {r.found for r in results} == {"no CAA record: any authority may"}

    @pytest.mark.parametrize(
        ("organisation", "name", "records", "verdict", "found"),
        [
            ("Let's Encrypt", MX, '@ CAA 0 issue "letsencrypt.org"', "pass", f"{DOMAIN} allows letsencrypt.org; the"),
            ("Let's Encrypt", MX, '@ CAA 0 issue "letsencrypt.org; validationmethods=dns-01"', "pass", DOMAIN),
            ("Let's Encrypt", MX, '@ CAA 0 issue "pki.goog"', "fail", f"{DOMAIN} allows pki.goog; the certificate is"),
            ("Let's Encrypt", MX, '@ CAA 0 issue ";"', "fail", f"{DOMAIN} allows nobody"),
            (
                "Let's Encrypt",
                MX,
                '@ CAA 0 issue "pki.goog"\nmail CAA 0 issue "letsencrypt.org"',
                "pass",
                f"{MX} allows",
            ),
            (
                "Let's Encrypt",
                MX,
                '@ CAA 0 iodef "mailto:a@example.test"',
                "pass",
                f"the CAA record of {DOMAIN} limits",
            ),
            ("Let's Encrypt", MX, '@ CAA 0 issuewild ";"\n@ CAA 0 issue "letsencrypt.org"', "pass", f"{DOMAIN} allows"),
            ("Let's Encrypt", f"*.{DOMAIN}", '@ CAA 0 issuewild ";"\n@ CAA 0 issue "letsencrypt.org"', "fail", DOMAIN),
            ("Google Trust Services", MX, '@ CAA 0 issue "pki.goog"', "pass", f"{DOMAIN} allows pki.goog"),
            ("My Own", MX, '@ CAA 0 issue "letsencrypt.org"', "unknown", f"{DOMAIN} allows letsencrypt.org; the"),
        ],
    )
    def test_compared(
        self, tmp_path: Path, organisation: str, name: str, records: str, verdict: str, found: str
    ) -> None:
        with serving(Issued(organisation, name), tmp_path) as port:
            row = of(self.looked(port, f"{records}\n"), "caa", MX)
        assert (row.verdict, row.found[: len(found)]) == (verdict, found), said(row)

    def test_mend_is_the_record_to_add(self, tmp_path: Path) -> None:
        with serving(Issued("Let's Encrypt", MX), tmp_path) as port:
            row = of(self.looked(port, '@ CAA 0 issue "pki.goog"\n'), "caa", MX)
        assert f'Add `{DOMAIN} CAA 0 issue "letsencrypt.org"`' in row.mend

    def test_server_that_shows_nothing_is_a_matter_of_others(self) -> None:
        results = self.looked(1, '@ CAA 0 issue "pki.goog"\n')
        assert {(r.subject, r.verdict, r.mend) for r in results} == {
            (MX, "skipped", "see `port-reachable`: port 1 on 127.0.0.1 is closed"),
            (POLICY_HOST, "skipped", "see `policy-reachable`: port 1 on 127.0.0.1 is closed"),
        }

    def test_server_without_a_way_to_it_is_unknown(self) -> None:
        results = self.looked(1, '@ CAA 0 issue "pki.goog"\n', addresses=["fe80::1"])
        assert {r.verdict for r in results} == {"unknown"}

    def test_first_address_tells_why(self) -> None:
        results = self.looked(1, '@ CAA 0 issue "pki.goog"\n', addresses=["127.0.0.1", "fe80::1"])
        assert {r.verdict for r in results} == {"skipped"}

    def test_any_name_of_the_authority_will_do(self, tmp_path: Path) -> None:
        with serving(Issued("Sectigo Limited", MX), tmp_path) as port:
            assert of(self.looked(port, '@ CAA 0 issue "comodoca.com"\n'), "caa", MX).verdict == "pass"

    def test_own_authority_asks_nobody(self) -> None:
        outputs = stack() | {"ca_certificate": ISSUED.authority.public_bytes(Encoding.PEM).decode()}
        look = healthy(outputs, '@ CAA 0 issue "pki.goog"\n')
        assert {r.verdict for r in look_at(caa.probes(look))} == {"skipped"}
        assert look.dns.asked == []  # type: ignore[attr-defined]


ISSUED, OTHER = Issued("An Authority", MX), Issued("Another", MX)


def record(usage: int, selector: int, matching: int, certificate: x509.Certificate) -> str:
    """A TLSA record, computed as `openssl` would be told to."""
    raw = (
        certificate.public_bytes(Encoding.DER)
        if selector == 0
        else certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    data = {0: raw.hex(), 1: hashlib.sha256(raw).hexdigest(), 2: hashlib.sha512(raw).hexdigest()}[matching]
    return f"_25._tcp.mail TLSA {usage} {selector} {matching} {data}\n"


class TestTlsa:
    def looked(self, port: int, more: str, address: str = "127.0.0.1") -> Result:
        outputs = stack()
        outputs["endpoints"]["smtp"]["port"] = port
        return of(look_at(tlsa.probes(healthy(outputs, more, connect={MX: [address]}))), "tlsa")

    def test_none(self) -> None:
        row = self.looked(1, "")
        assert (row.verdict, row.mend) == ("skipped", "There is no TLSA record: DANE is not in use.")

    @pytest.mark.parametrize("selector", [0, 1])
    @pytest.mark.parametrize("matching", [0, 1, 2])
    @pytest.mark.parametrize("usage", [2, 3])
    def test_matches(self, tmp_path: Path, usage: int, selector: int, matching: int) -> None:
        certificate = ISSUED.leaf if usage == 3 else ISSUED.authority
        with serving(ISSUED, tmp_path, starttls=True) as port:
            row = self.looked(port, record(usage, selector, matching, certificate))
        assert row.verdict == "pass", said(row)

    @pytest.mark.parametrize(("usage", "certificate"), [(3, OTHER.leaf), (2, OTHER.authority), (2, ISSUED.leaf)])
    def test_of_another_certificate(self, tmp_path: Path, usage: int, certificate: x509.Certificate) -> None:
        with serving(ISSUED, tmp_path, starttls=True) as port:
            row = self.looked(port, record(usage, 1, 1, certificate))
        assert (row.verdict, row.found[:40]) == ("fail", "port 25 on 127.0.0.1 shows another certi")
        assert "DANE is held back" in row.mend

    def test_of_one_address_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def chains(look: Look) -> list[tuple[str, list[x509.Certificate]]]:
            return [("192.0.2.1", [ISSUED.leaf, ISSUED.authority]), ("192.0.2.2", [OTHER.leaf, OTHER.authority])]

        monkeypatch.setattr(tlsa, "_chains", chains)
        row = self.looked(1, record(3, 1, 1, ISSUED.leaf))
        assert (row.verdict, row.found[:20]) == ("fail", "port 25 on 192.0.2.2")

    def test_one_of_several_is_enough(self, tmp_path: Path) -> None:
        with serving(ISSUED, tmp_path, starttls=True) as port:
            both = record(3, 1, 1, OTHER.leaf) + record(3, 1, 1, ISSUED.leaf)
            assert self.looked(port, both).verdict == "pass"

    def test_usages_that_are_not_for_mail(self) -> None:
        row = self.looked(1, record(1, 1, 1, ISSUED.leaf))
        assert (row.verdict, row.found) == ("warn", "no record of usage 2 or 3")

    def test_closed_port_is_a_matter_of_others(self) -> None:
        row = self.looked(1, record(3, 1, 1, ISSUED.leaf))
        assert (row.verdict, row.mend) == ("skipped", "see `port-reachable`: port 1 on 127.0.0.1 is closed")

    def test_server_without_starttls_is_a_matter_of_others(self) -> None:
        row = self.looked(plain_server(b"220 hello\r\n250 hello\r\n"), record(3, 1, 1, ISSUED.leaf))
        assert (row.verdict, row.mend[:14]) == ("skipped", "see `starttls`")

    def test_server_of_another_protocol_is_a_matter_of_others(self) -> None:
        row = self.looked(plain_server(b"SSH-2.0-OpenSSH_9.2\r\n"), record(3, 1, 1, ISSUED.leaf))
        assert (row.verdict, row.mend[:14]) == ("skipped", "see `greeting`")

    def test_server_without_a_way_to_it_is_unknown(self) -> None:
        assert self.looked(1, record(3, 1, 1, ISSUED.leaf), address="fe80::1").verdict == "unknown"
