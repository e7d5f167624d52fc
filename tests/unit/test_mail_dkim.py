import base64
import re

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from mail import dkim

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


def pem_of(
    key: Key | dsa.DSAPrivateKey,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    encryption: serialization.KeySerializationEncryption | None = None,
) -> str:
    encryption = encryption or serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


@pytest.fixture(scope="module")
def rsa2048() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("algorithm", ["rsa2048", "rsa4096", "ed25519"])
def test_generated_keys_are_what_was_asked_for(algorithm: dkim.Algorithm) -> None:
    pem = dkim.generate(algorithm)
    assert pem.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert dkim.algorithm_of(pem) == algorithm


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_published_rsa_key_verifies_what_the_private_key_signs(
    rsa2048: rsa.RSAPrivateKey, form: serialization.PrivateFormat
) -> None:
    published = serialization.load_der_public_key(base64.b64decode(dkim.public_key(pem_of(rsa2048, form))))
    assert isinstance(published, rsa.RSAPublicKey)
    assert published.public_numbers() == rsa2048.public_key().public_numbers()
    signature = rsa2048.sign(b"mail", padding.PKCS1v15(), hashes.SHA256())
    published.verify(signature, b"mail", padding.PKCS1v15(), hashes.SHA256())


def test_published_ed25519_key_is_the_raw_32_bytes() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    raw = base64.b64decode(dkim.public_key(pem_of(key)))
    assert raw == key.public_key().public_bytes_raw()
    ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(key.sign(b"mail"), b"mail")


def test_record_text_has_the_length_that_maddy_writes(rsa2048: rsa.RSAPrivateKey) -> None:
    text = dkim.record_text("rsa2048", dkim.public_key(pem_of(rsa2048)))
    assert text.startswith("v=DKIM1; k=rsa; p=MII")
    assert len(text) == 410


def test_record_text_of_ed25519_and_of_a_withdrawn_key() -> None:
    assert dkim.record_text("ed25519", "AAAA") == "v=DKIM1; k=ed25519; p=AAAA"
    assert dkim.revoked_text() == "v=DKIM1; p="


def test_space_around_a_pem_does_not_matter(rsa2048: rsa.RSAPrivateKey) -> None:
    assert dkim.algorithm_of(f"\n  {pem_of(rsa2048)}\n\n") == "rsa2048"


def bad_keys() -> dict[str, tuple[str, str]]:
    """Return for each case a PEM that cannot sign, and a piece of the error."""
    ed = ed25519.Ed25519PrivateKey.generate()
    public = ed.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    locked = pem_of(ed, encryption=serialization.BestAvailableEncryption(b"a passphrase"))
    whole = pem_of(rsa.generate_private_key(65537, 2048))
    return {
        "ecdsa": (pem_of(ec.generate_private_key(ec.SECP256R1())), "openssl genpkey -algorithm RSA"),
        "ed448": (pem_of(ed448.Ed448PrivateKey.generate()), "with which DKIM cannot sign"),
        "encrypted": (locked, "remove it with `openssl pkey"),
        "rsa1024": (
            pem_of(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - too short on purpose
            "1024 bits, not of 2048, 3072 or 4096 (RFC 8301)",
        ),
        "public": (public.decode(), "give the private one"),
        "cut": (whole[: len(whole) // 2], "give a whole PKCS#8 or PKCS#1 PEM"),
        "twisted": (whole.replace("M", "N"), "give a whole PKCS#8 or PKCS#1 PEM"),
        "path": ("keys/default.pem", "give the file's whole content"),
        "empty": ("", "give the file's whole content"),
    }


def test_keys_that_cannot_sign_are_refused_with_the_mend_and_without_their_text() -> None:
    for case, (pem, message) in bad_keys().items():
        for use in (dkim.algorithm_of, dkim.public_key):
            with pytest.raises(ValueError, match=re.escape(message)) as error:
                use(pem)
            body = "".join(line for line in pem.splitlines() if not line.startswith("-----"))
            pieces = {body[start : start + 12] for start in range(len(body) - 11)}
            shown = f"{error.value!r} {error.value.__cause__!r}"
            assert case == "path" or not any(piece in shown for piece in pieces), case
            assert error.value.__context__ is None or error.value.__suppress_context__, case


@pytest.mark.parametrize("selector", ["default", "s2026", "a", "a-1", "x" * 63])
def test_selectors(selector: str) -> None:
    assert dkim.check_selector(selector.upper()) == selector


@pytest.mark.parametrize("selector", ["", "a.b", "a_b", "-a", "a-", "../x", "a b", "ä", "x" * 64])
def test_bad_selectors_are_refused_with_value_and_mend(selector: str) -> None:
    with pytest.raises(ValueError, match="is no DKIM selector: use 1 to 63 letters") as error:
        dkim.check_selector(selector)
    assert repr(selector) in str(error.value)


def test_where_a_key_is_published_and_kept() -> None:
    assert dkim.record_name("example.org", "default") == "default._domainkey.example.org"
    assert dkim.key_file("example.org", "default") == "dkim_keys/example.org_default.key"
    with pytest.raises(ValueError, match="use a shorter DKIM selector"):
        dkim.record_name(".".join(["x" * 60] * 4), "s2026")


def test_unknown_algorithms_are_refused() -> None:
    with pytest.raises(ValueError, match="'rsa1024' is no DKIM algorithm: use rsa2048, rsa3072, rsa4096 or ed25519"):
        dkim.generate("rsa1024")  # type: ignore[arg-type]
