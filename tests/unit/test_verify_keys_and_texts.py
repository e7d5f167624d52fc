"""DKIM keys, and the records of MTA-STS and TLS-RPT, as served."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from verify_world import DOMAIN, KEY, NS1, declare, healthy, look_at, of, stack, world, zone_text

from mail import dkim
from verify.checks import dkim_key, texts
from verify.checks.texts import sts_fault, tls_rpt_fault
from verify.failures import Silent
from verify.result import Result

ED25519 = dkim.public_key(dkim.generate("ed25519"))
ELLIPTIC = ec.generate_private_key(ec.SECP256R1()).public_key()


def rsa_key(bits: int) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def looked(text: str) -> Result:
    outputs = declare(stack(), "dkim-default", content=text)
    return of(look_at(dkim_key.probes(healthy(outputs))), "dkim-key", f"default._domainkey.{DOMAIN}")


@pytest.mark.parametrize(
    ("text", "verdict", "found"),
    [
        (f"v=DKIM1; k=rsa; p={KEY}", "pass", "RSA of 2048 bits"),
        (f"p={KEY}", "pass", "RSA of 2048 bits"),
        (f"v=DKIM1; k=ed25519; p={ED25519}", "pass", "Ed25519"),
        (f"v=DKIM1; k=rsa; p={rsa_key(1024)}", "warn", "RSA of 1024 bits: short of 2048"),
        (f"v=DKIM1; k=rsa; t=y:s; p={KEY}", "warn", "RSA of 2048 bits, with t=y: receivers treat"),
        (f"v=DKIM1; k=rsa; t=s; p={KEY}", "pass", "RSA of 2048 bits"),
        (f"v=DKIM1; k=rsa; t=s : y; p={KEY}", "warn", "RSA of 2048 bits, with t=y"),
        (f"v = DKIM1 ; h = sha1 : sha256 ; s = email : tlsrpt ; p={KEY[:99]} {KEY[99:]};", "pass", "RSA of 2048 bits"),
        (f"v=DKIM1; k=ed25519; p={ED25519[:-8]}", "fail", "an Ed25519 key of 27 bytes in place of 32"),
        ("v=DKIM1; k=rsa; p=", "fail", "an empty p=: the key is withdrawn"),
        ("v=DKIM1; k=rsa", "fail", "no p="),
        (f"k=rsa; v=DKIM1; p={KEY}", "fail", "v=DKIM1: a key record begins with v=DKIM1"),
        (f"v=DKIM2; p={KEY}", "fail", "v=DKIM2"),
        (f"v=DKIM1; k=x; p={KEY}", "fail", "k=x: a kind of key"),
        ("v=DKIM1; k=rsa; p=!", "fail", "p= is no base64"),
        ("v=DKIM1; k=rsa; p=AAAA", "fail", "p= is no RSA key"),
        (f"v=DKIM1; h=sha1; p={KEY}", "fail", "h=sha1 forbids sha256"),
        (f"v=DKIM1; s=tlsrpt; p={KEY}", "fail", "s=tlsrpt: the key is not for mail"),
        ("no tags at all", "fail", "no tags at all: InvalidTagSpec"),
    ],
)
def test_key(text: str, verdict: str, found: str) -> None:
    row = looked(text)
    assert (row.verdict, row.found[: len(found)]) == (verdict, found)


def test_key_of_another_kind_than_it_says() -> None:
    raw = ELLIPTIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert looked(f"v=DKIM1; k=rsa; p={base64.b64encode(raw).decode()}").found == "p= is a key of another kind than RSA"


def test_key_that_is_far_too_short() -> None:
    numbers = rsa.RSAPublicNumbers(65537, (1 << 767) + 1)
    raw = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    row = looked(f"v=DKIM1; k=rsa; p={base64.b64encode(raw).decode()}")
    assert (row.verdict, row.found) == ("fail", "RSA of 768 bits: receivers refuse it")


def test_short_key_names_the_way_out() -> None:
    assert "new DKIM selector with a key of 2048 bits" in looked(f"v=DKIM1; p={rsa_key(1024)}").mend


def test_withdrawn_as_declared() -> None:
    row = looked(dkim.revoked_text())
    assert (row.verdict, row.expected) == ("pass", "withdrawn, as declared")


def test_key_that_should_be_withdrawn_is_a_matter_of_published() -> None:
    outputs = declare(stack(), "dkim-default", content=dkim.revoked_text())
    served = zone_text(outputs).replace(f'"{dkim.revoked_text()}"', f'"{dkim.record_text("ed25519", ED25519)}"')
    row = of(look_at(dkim_key.probes(world({DOMAIN: served}, outputs))), "dkim-key")
    assert (row.verdict, row.mend) == ("skipped", "see `published`: the key is not withdrawn")


def test_two_keys_and_no_key_are_matters_of_others() -> None:
    two = look_at(dkim_key.probes(healthy(more='default._domainkey TXT "v=DKIM1; p=MIIB"\n')))
    assert two[0].mend.startswith("see `dkim-single`")


STS, TLS_RPT = f"_mta-sts.{DOMAIN}", f"_smtp._tls.{DOMAIN}"


def test_texts_that_the_stack_declares_pass() -> None:
    results = look_at(texts.probes(healthy()))
    assert {(r.check, r.subject, r.verdict) for r in results} == {
        ("mta-sts-record", STS, "pass"),
        ("tls-rpt-record", TLS_RPT, "pass"),
    }


def test_texts_that_senders_cannot_read() -> None:
    outputs = declare(declare(stack(), "mta-sts-txt", content="v=STSv1; id=2026-01"), "tls-rpt", content="v=TLSRPTv1")
    results = look_at(texts.probes(healthy(outputs)))
    assert of(results, "mta-sts-record").found == "v=STSv1; id=2026-01: id is not 1 to 32 letters and digits"
    assert of(results, "tls-rpt-record").found == "v=TLSRPTv1: rua is there 0 times in place of once"
    assert {r.verdict for r in results} == {"fail"}


def test_text_is_there_twice() -> None:
    results = look_at(texts.probes(healthy(more='_mta-sts TXT "v=STSv1; id=1"\n')))
    assert of(results, "mta-sts-record").mend.startswith("see `mta-sts-single`")


def test_silent() -> None:
    look = healthy(broken={NS1: Silent("it said nothing")})
    assert {r.verdict for r in look_at([*texts.probes(look), *dkim_key.probes(look)])} == {"unknown"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("v=STSv1; id=1;", ""),
        ("v=STSv1;id=1", ""),
        ("v=STSv1; id=1; other=x", ""),
        ("v=STSv1", "id is there 0 times"),
        ("v=STSv1; id=1; id=2", "id is there 2 times"),
        ("v=STSv1; id=" + "1" * 33, "id is not 1 to 32"),
        ("v=STSv1, id=1", "it does not begin with v=STSv1"),
        ("v=STSv1; id", "'id' is not written name=value"),
    ],
)
def test_grammar_of_mta_sts(text: str, fault: str) -> None:
    assert sts_fault(text)[: len(fault)] == fault
    assert bool(sts_fault(text)) == bool(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("v=TLSRPTv1; rua=mailto:a@example.test", ""),
        ("v=TLSRPTv1;rua=mailto:a@example.test, https://example.test/r?x=1;", ""),
        ("v=TLSRPTv1; rua=a@example.test", "write mailto:"),
        ("v=TLSRPTv2; rua=mailto:a@example.test", "it does not begin with v=TLSRPTv1"),
    ],
)
def test_grammar_of_tls_rpt(text: str, fault: str) -> None:
    assert fault in tls_rpt_fault(text)
    assert bool(tls_rpt_fault(text)) == bool(fault)
