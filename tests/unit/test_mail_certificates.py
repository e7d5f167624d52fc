"""Certificates: what a mail server's must be, and those of a CA of one's own."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mail import certificates
from mail.certificates import Issued

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NAMES = ["mail.example.org", "mta-sts.example.org"]
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def ca() -> Issued:
    return certificates.issue_ca("CA of the tests", now=NOW)


@pytest.fixture(scope="module")
def leaf(ca: Issued) -> Issued:
    return certificates.issue_leaf(ca, NAMES, now=NOW)


def loaded(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def refused(chain: str, key: str, *, names: Sequence[str] = NAMES, now: datetime = NOW) -> str:
    with pytest.raises(ValueError, match=r"^tls\.files\.(certificate|privateKey): ") as caught:
        certificates.check(chain, key, names, now=now)
    assert "\n" not in str(caught.value)
    assert "PRIVATE KEY" not in str(caught.value)
    return str(caught.value)


class TestAGoodChainPasses:
    def test_with_and_without_its_ca(self, ca: Issued, leaf: Issued) -> None:
        certificates.check(leaf.certificate + ca.certificate, leaf.private_key, NAMES, now=NOW)
        certificates.check(leaf.certificate, leaf.private_key, NAMES, now=NOW)

    @pytest.mark.parametrize("names", [NAMES, NAMES[:1], []])
    def test_that_covers_more_than_it_must(self, leaf: Issued, names: list[str]) -> None:
        certificates.check(leaf.certificate, leaf.private_key, names, now=NOW)

    def test_with_a_wildcard_for_one_label(self, ca: Issued) -> None:
        wildcard = certificates.issue_leaf(ca, ["*.example.org"], now=NOW)
        certificates.check(wildcard.certificate, wildcard.private_key, NAMES, now=NOW)

    def test_until_its_last_second(self, leaf: Issued) -> None:
        end = loaded(leaf.certificate).not_valid_after_utc
        certificates.check(leaf.certificate, leaf.private_key, NAMES, now=end - timedelta(seconds=1))


class TestABadChainIsRefusedWithTheMend:
    def test_expired(self, leaf: Issued) -> None:
        told = refused(leaf.certificate, leaf.private_key, now=NOW + 366 * DAY)
        assert told.endswith("mta-sts.example.org has expired on 2027-06-01: renew it")

    def test_expired_ca(self) -> None:
        old = certificates.issue_ca("old CA", now=NOW - certificates.CA_LIFE)
        young = certificates.issue_leaf(old, NAMES, now=NOW)
        told = refused(young.certificate + old.certificate, young.private_key, now=NOW + DAY)
        assert "CN=old CA has expired on" in told

    def test_not_yet_valid(self, leaf: Issued) -> None:
        assert "is valid only from 2026-06-01 11:55 UTC: wait" in refused(
            leaf.certificate, leaf.private_key, now=NOW - DAY
        )

    def test_another_key(self, ca: Issued, leaf: Issued) -> None:
        told = refused(leaf.certificate, ca.private_key)
        assert told.startswith("tls.files.privateKey: is not the key of the certificate mail.example.org")
        assert told.endswith("bring the two that fit")

    def test_encrypted_key(self, leaf: Issued) -> None:
        key = serialization.load_pem_private_key(leaf.private_key.encode(), password=None)
        locked = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
        assert "is encrypted: bring it without a passphrase" in refused(leaf.certificate, locked.decode())

    def test_ca_first(self, ca: Issued, leaf: Issued) -> None:
        told = refused(ca.certificate + leaf.certificate, ca.private_key)
        assert "CN=CA of the tests is not issued by mail.example.org, mta-sts.example.org, which follows it" in told
        assert told.endswith("put the server's certificate first, then each one's issuer")

    def test_another_ca_of_the_same_name(self, leaf: Issued) -> None:
        impostor = certificates.issue_ca("CA of the tests", now=NOW)
        assert "is not issued by CN=CA of the tests" in refused(
            leaf.certificate + impostor.certificate, leaf.private_key
        )

    def test_names_that_are_missing(self, leaf: Issued) -> None:
        told = refused(leaf.certificate, leaf.private_key, names=[*NAMES, "mta-sts.example.net", "example.org"])
        assert (
            "does not cover mta-sts.example.net, example.org (it covers mail.example.org, mta-sts.example.org)" in told
        )
        assert told.endswith("get one for mail.example.org, mta-sts.example.org, mta-sts.example.net, example.org")

    def test_wildcards_do_not_reach_further(self, ca: Issued) -> None:
        wildcard = certificates.issue_leaf(ca, ["*.example.org"], now=NOW)
        told = refused(wildcard.certificate, wildcard.private_key, names=["a.mail.example.org", "example.org"])
        assert "does not cover a.mail.example.org, example.org" in told

    def test_a_common_name_covers_nothing(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name.from_rfc4514_string("CN=mail.example.org")
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + DAY)
        pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        assert "does not cover mail.example.org (it covers none)" in refused(pem, plain.decode(), names=NAMES[:1])

    @pytest.mark.parametrize(
        "text", ["", "certs/fullchain.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    )
    def test_no_certificate(self, leaf: Issued, text: str) -> None:
        assert "holds no PEM certificate: give the text from" in refused(text, leaf.private_key)

    @pytest.mark.parametrize("text", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    def test_no_key(self, leaf: Issued, text: str) -> None:
        with pytest.raises(ValueError, match=r"^tls\.files\.privateKey: holds no PEM private key \(privkey\.pem\)$"):
            certificates.check(leaf.certificate, text, NAMES, now=NOW)


class TestRenewalIsDue:
    @pytest.mark.parametrize("kind", ["ca", "leaf"])
    def test_when_less_than_a_third_of_its_life_is_left(self, kind: str, request: pytest.FixtureRequest) -> None:
        issued: Issued = request.getfixturevalue(kind)
        certificate = loaded(issued.certificate)
        third = (certificate.not_valid_after_utc - certificate.not_valid_before_utc) / 3
        threshold = certificate.not_valid_after_utc - third
        second = timedelta(seconds=1)
        assert certificates.is_due(issued.certificate, now=NOW) is False
        assert certificates.is_due(issued.certificate, now=threshold - second) is False
        assert certificates.is_due(issued.certificate, now=threshold + second) is True
        assert certificates.is_due(issued.certificate, now=certificate.not_valid_after_utc + DAY) is True


class TestWhatTheCaIssues:
    def test_lives_as_long_as_it_says(self, ca: Issued, leaf: Issued) -> None:
        for issued, life in ((ca, timedelta(days=3650)), (leaf, timedelta(days=365))):
            certificate = loaded(issued.certificate)
            assert certificate.not_valid_after_utc == NOW + life
            assert NOW - timedelta(minutes=10) < certificate.not_valid_before_utc < NOW

    def test_is_ecdsa_p256_throughout(self, ca: Issued, leaf: Issued) -> None:
        for issued in (ca, leaf):
            key = loaded(issued.certificate).public_key()
            assert isinstance(key, ec.EllipticCurvePublicKey)
            assert isinstance(key.curve, ec.SECP256R1)

    def test_the_ca_signs_server_certificates_only(self, ca: Issued, leaf: Issued) -> None:
        authority, server = loaded(ca.certificate), loaded(leaf.certificate)
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert (constraints.ca, constraints.path_length) == (True, 0)
        assert authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is True
        assert server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
        assert server.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is False
        usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [x509.ExtendedKeyUsageOID.SERVER_AUTH]
        server.verify_directly_issued_by(authority)

    def test_no_two_are_the_same(self, ca: Issued, leaf: Issued) -> None:
        again = certificates.issue_leaf(ca, NAMES, now=NOW)
        assert loaded(again.certificate).serial_number != loaded(leaf.certificate).serial_number
        assert again.private_key != leaf.private_key

    def test_long_names_fit(self, ca: Issued) -> None:
        name = ".".join(["x" * 60] * 3 + ["example.org"])
        issued = certificates.issue_leaf(ca, [name], now=NOW)
        certificates.check(issued.certificate, issued.private_key, [name], now=NOW)

    def test_tells_no_key_in_its_representation(self, leaf: Issued) -> None:
        assert not re.search("BEGIN|MI", repr(leaf))
