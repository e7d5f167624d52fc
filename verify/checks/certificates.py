"""The certificate that a server shows: who signed it, for which names, until when, with which key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mail import certificates
from verify.checks import served_certificate
from verify.conversation import Conversation
from verify.failures import Gibberish
from verify.result import Question, Result

DAYS_LEFT = timedelta(days=14)
LEAST_RSA, GOOD_RSA = 2048, 3072  # bits
LEAST_CURVE = 256  # bits

_DER = 2  # _ssl.ENCODING_DER


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A certificate that a server showed.

    Attributes:
        path: leaf first, up to the authority; the leaf alone where that is not trusted.
        distrust: why it is not, in OpenSSL's words; "" where it is.
    """

    path: Sequence[x509.Certificate]
    distrust: str = ""

    @property
    def leaf(self) -> x509.Certificate:
        """The server's own."""
        return self.path[0]


def trusted(conversation: Conversation) -> Shown:
    """Return what was shown on a connection that was made with `Look.tls_with_a_trusted_chain`.

    Raises:
        Gibberish: a certificate does not parse.
    """
    tls: Any = conversation.tls
    try:
        verified = tls._sslobj.get_verified_chain() or []  # noqa: SLF001 - public from Python 3.13 only
        path = [x509.load_der_x509_certificate(bytes(certificate.public_bytes(_DER))) for certificate in verified]
    except ValueError as error:
        raise Gibberish(f"{conversation.where} shows a certificate that does not parse: {error}") from None
    return Shown(path=path)


def distrusted(conversation: Conversation, reason: str) -> Shown:
    """Return what was shown on a connection that was made whatever the certificate.

    Raises:
        Gibberish: a certificate does not parse.
    """
    return Shown(path=served_certificate.chain(conversation)[:1], distrust=reason)


def judge_chain(question: Question, shown: Shown) -> Result:
    """Tell whether the certificate leads to an authority that is trusted; neither its name nor its time counts."""
    issuer = shown.leaf.issuer.rfc4514_string()
    if not shown.distrust:
        return question.passes(f"issued by {issuer}")
    return question.fails(
        f"{shown.distrust} (issued by {issuer})",
        "Serve the certificate of a public authority with its whole chain (fullchain.pem); trust a CA of your own "
        "with `--ca FILE`.",
    )


def judge_name(question: Question, shown: Shown, host: str) -> Result:
    """Tell whether the certificate is for the host (RFC 9525 section 6.3)."""
    try:
        covered = certificates.names_of(shown.leaf)
    except ValueError as error:
        return question.fails(f"its names cannot be read: {error}", f"Get a certificate for {host}.")
    found = f"for {', '.join(covered) or 'no name'}"
    if host in covered or f"*.{host.partition('.')[2]}" in covered:
        return question.passes(found)
    return question.fails(found, f"Get a certificate for {host}, and have the server show it for that name.")


def judge_expiry(question: Question, shown: Shown, now: datetime) -> Result:
    """Tell whether the certificate, and those above it, are valid at a time, and for some while yet."""
    early = max(shown.path, key=lambda certificate: certificate.not_valid_before_utc)
    if early.not_valid_before_utc > now:
        return question.fails(
            f"{_whose(shown, early)}not valid before {early.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            "Set the clock of the machine that issued it, or of this one.",
        )
    first = min(shown.path, key=lambda certificate: certificate.not_valid_after_utc)
    left, until = first.not_valid_after_utc - now, f"{first.not_valid_after_utc:%Y-%m-%d}"
    if left <= timedelta(0):
        return question.fails(
            f"{_whose(shown, first)}expired on {until}",
            "Renew it (`pulumi up`; with certbot, look why its renewal fails), and look that the server has loaded it.",
        )
    found = f"{_whose(shown, first)}valid until {until}, {left.days} days"
    if left < min(DAYS_LEFT, (first.not_valid_after_utc - first.not_valid_before_utc) / 3):
        return question.warns(found, "Renew it now, and look why that has not happened by itself.")
    return question.passes(found)


def judge_key(question: Question, shown: Shown) -> Result:
    """Tell whether the key is strong, by the TLS guidelines of NCSC-NL."""
    mend = "Make a new key, ECDSA P-256, and a certificate for it."
    try:
        key = shown.leaf.public_key()
    except (ValueError, TypeError) as error:
        return question.fails(f"a key that cannot be read: {error}", mend)
    if isinstance(key, ec.EllipticCurvePublicKey):
        found = f"ECDSA {key.curve.name}"
        return question.passes(found) if key.curve.key_size >= LEAST_CURVE else question.fails(found, mend)
    if isinstance(key, rsa.RSAPublicKey):
        found = f"RSA of {key.key_size} bits"
        if key.key_size < LEAST_RSA:
            return question.fails(found, mend)
        return question.passes(found) if key.key_size >= GOOD_RSA else question.warns(found, mend)
    return question.warns(type(key).__name__.removesuffix("PublicKey"), f"{mend} Few mail servers know this kind.")


def _whose(shown: Shown, certificate: x509.Certificate) -> str:
    return "" if certificate is shown.leaf else f"the authority {certificate.subject.rfc4514_string()}: "
