"""X.509 certificates: what a mail server's must be, and those of a certificate authority of one's own (RFC 5280).

Times are aware datetimes in UTC that the caller passes in; PEM is text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
_BACKDATED = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate with its private key, both PEM; the key is a secret and kept out of the `repr`."""

    certificate: str
    private_key: str

    def __repr__(self) -> str:
        return "Issued(...)"


def check(chain: str, private_key: str, names: Sequence[str], *, now: datetime) -> None:
    """Check that a certificate chain and key will do for a server of these names.

    Args:
        chain: the server's certificate first, then each issuer's, as PEM (what certbot calls fullchain.pem).
        private_key: the unencrypted key, as PEM.
        names: the host names it must cover.
        now: the time at which it must be valid.

    Raises:
        ValueError: naming the first thing that is wrong and its mend.
    """
    try:
        certificates = parse(chain)
    except ValueError as error:
        raise ValueError(f"tls.files.certificate: {error}, the full chain (fullchain.pem)") from None
    leaf = certificates[0]
    _check_key(leaf, private_key)
    for child, issuer in pairwise(certificates):
        try:
            child.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            raise ValueError(
                f"tls.files.certificate: {_subject(child)} is not issued by {_subject(issuer)}, which follows it: "
                "put the server's certificate first, then each one's issuer"
            ) from None
    for certificate in certificates:
        if now >= certificate.not_valid_after_utc:
            raise ValueError(
                f"tls.files.certificate: {_subject(certificate)} has expired on "
                f"{certificate.not_valid_after_utc:%Y-%m-%d}: renew it"
            )
        if now < certificate.not_valid_before_utc:
            raise ValueError(
                f"tls.files.certificate: {_subject(certificate)} is valid only from "
                f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: wait, or set this machine's clock"
            )
    covered = names_of(leaf)
    if missing := [name for name in names if not _covers(covered, name)]:
        raise ValueError(
            f"tls.files.certificate: does not cover {', '.join(missing)} (it covers {', '.join(covered) or 'none'}): "
            f"get one for {', '.join(names)}"
        )


def parse(pem: str) -> list[x509.Certificate]:
    """Return the certificates in PEM text, at least one; ValueError with the mend, and without the text."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise ValueError("holds no PEM certificate: give the text from -----BEGIN CERTIFICATE----- on") from None


def _check_key(leaf: x509.Certificate, private_key: str) -> None:
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except TypeError:
        raise ValueError("tls.files.privateKey: is encrypted: bring it without a passphrase") from None
    except ValueError:
        raise ValueError("tls.files.privateKey: holds no PEM private key (privkey.pem)") from None
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != leaf.public_key().public_bytes(*form):
        raise ValueError(
            f"tls.files.privateKey: is not the key of the certificate {_subject(leaf)}: bring the two that fit"
        )


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or ", ".join(names_of(certificate)) or "a certificate without a name"


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the DNS names that a certificate covers: its subjectAltName only (RFC 9525, section 6.3)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in extension.value.get_values_for_type(x509.DNSName)]


def _covers(covered: Sequence[str], name: str) -> bool:
    return name in covered or f"*.{name.partition('.')[2]}" in covered


def is_due(certificate: str, *, now: datetime) -> bool:
    """Whether less than a third of a PEM certificate's life is left."""
    leaf = x509.load_pem_x509_certificate(certificate.encode())
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    return leaf.not_valid_after_utc - now < life / 3


def issue_ca(common_name: str, *, now: datetime) -> Issued:
    """Make a certificate authority: ECDSA P-256, ten years, for server certificates right below it only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = _builder(name, name, key.public_key(), now=now, life=CA_LIFE).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return _issued(builder.add_extension(_key_usage(signs_certificates=True), critical=True), key, signer=key)


def issue_leaf(ca: Issued, names: Sequence[str], *, now: datetime) -> Issued:
    """Make a server certificate for host names, signed by a CA: ECDSA P-256, one year.

    Args:
        ca: what `issue_ca` made.
        names: the host names, in A-labels, all of them subjectAltNames.
        now: the start of its life.
    """
    issuer = x509.load_pem_x509_certificate(ca.certificate.encode())
    signer = serialization.load_pem_private_key(ca.private_key.encode(), password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA's key is no elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    # No common name: it holds 64 characters at most, and clients read the subjectAltName alone.
    builder = (
        _builder(x509.Name([]), issuer.subject, key.public_key(), now=now, life=LEAF_LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
    )
    return _issued(builder, key, signer=signer)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issued(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, *, signer: ec.EllipticCurvePrivateKey
) -> Issued:
    return Issued(
        certificate=builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode(),
        private_key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
