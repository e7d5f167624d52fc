"""DKIM (RFC 6376, 8301, 8463): selectors, keys, and the record that publishes a key."""

from __future__ import annotations

import base64
import re
from typing import Literal, get_args

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mail import names

Algorithm = Literal["rsa2048", "rsa3072", "rsa4096", "ed25519"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
DEFAULT_ALGORITHM: Algorithm = "rsa2048"
DEFAULT_SELECTOR = "default"

_RSA_BITS: dict[int, Algorithm] = {2048: "rsa2048", 3072: "rsa3072", 4096: "rsa4096"}
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def check_selector(text: str) -> str:
    """Return a selector in lower case: one DNS label.

    RFC 6376 allows dots as well; here a selector also names a key file and a resource, so they are left out.

    Raises:
        ValueError: with the value and the mend.
    """
    selector = text.lower()
    if not _SELECTOR.fullmatch(selector):
        raise ValueError(f"{text!r} is no DKIM selector: use 1 to 63 letters, digits and inner hyphens, like s2026")
    return selector


def record_name(domain: str, selector: str) -> str:
    """Return the owner name of the key's record, for example `default._domainkey.example.org`.

    Raises:
        ValueError: the selector is none, or the whole name is longer than DNS allows.
    """
    name = f"{check_selector(selector)}._domainkey.{domain}"
    if len(name) > names.LONGEST_NAME:
        raise ValueError(f"{name!r} is longer than {names.LONGEST_NAME} characters: use a shorter DKIM selector")
    return name


def key_file(domain: str, selector: str) -> str:
    """Return where Maddy looks for the private key, relative to its state directory."""
    return f"dkim_keys/{domain}_{check_selector(selector)}.key"


def generate(algorithm: Algorithm) -> str:
    """Return a new private key as unencrypted PKCS#8 PEM: a different one every time."""
    key: _Key
    if algorithm == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    elif algorithm in ALGORITHMS:
        key = rsa.generate_private_key(public_exponent=65537, key_size=int(algorithm.removeprefix("rsa")))
    else:
        raise ValueError(f"{algorithm!r} is no DKIM algorithm: use {', '.join(ALGORITHMS[:-1])} or {ALGORITHMS[-1]}")
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def algorithm_of(pem: str) -> Algorithm:
    """Return the algorithm of a private key in PEM (PKCS#8 or PKCS#1).

    Raises:
        ValueError: the key cannot sign for DKIM; with the reason and the mend, never with the key's text.
    """
    key = _load(pem)
    return _RSA_BITS[key.key_size] if isinstance(key, rsa.RSAPrivateKey) else "ed25519"


def public_key(pem: str) -> str:
    """Return the `p=` value for a private key in PEM.

    Base64 of the DER SubjectPublicKeyInfo for RSA (RFC 6376), of the raw 32 bytes for Ed25519 (RFC 8463).

    Raises:
        ValueError: as in `algorithm_of`.
    """
    key = _load(pem)
    if isinstance(key, rsa.RSAPrivateKey):
        raw = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    else:
        raw = key.public_key().public_bytes_raw()
    return base64.b64encode(raw).decode("ascii")


def record_text(algorithm: Algorithm, public_key: str) -> str:
    """Return the TXT text, the same as Maddy writes into its `.dns` files: `v=DKIM1; k=rsa; p=...`."""
    return f"v=DKIM1; k={'ed25519' if algorithm == 'ed25519' else 'rsa'}; p={public_key}"


def revoked_text() -> str:
    """Return the TXT text that withdraws a selector's key: an empty `p=` (RFC 6376)."""
    return "v=DKIM1; p="


def _load(pem: str) -> _Key:
    try:
        key = serialization.load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError:
        raise ValueError(
            "the DKIM key is encrypted and Maddy cannot ask for its passphrase: "
            "remove it with `openssl pkey -in ENCRYPTED.pem -out KEY.pem`"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"the DKIM key {_why_unreadable(pem)}") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if not isinstance(key, rsa.RSAPrivateKey):
        kind = type(key).__name__.lstrip("_").removesuffix("PrivateKey")
        raise ValueError(  # noqa: TRY004 - what is wrong is the value of a text
            f"the DKIM key is of the kind {kind}, with which DKIM cannot sign: "
            "make one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`"
        )
    if key.key_size not in _RSA_BITS:
        raise ValueError(
            f"the DKIM key is RSA of {key.key_size} bits, not of 2048, 3072 or 4096 (RFC 8301): "
            "make one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`"
        )
    return key


def _why_unreadable(pem: str) -> str:
    if "PUBLIC KEY-----" in pem:
        return "is a public key: give the private one, which the server signs with"
    if "CERTIFICATE-----" in pem:
        return "is a certificate: give the private key for DKIM, which has none"
    if "-----BEGIN" not in pem:
        return "is no PEM: it must start with -----BEGIN PRIVATE KEY-----; give the file's whole content"
    return "does not parse: give a whole PKCS#8 or PKCS#1 PEM file, as `openssl pkey` writes it"
