"""DKIM keys as served: whether receivers can verify signatures with them."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterator, Sequence
from functools import partial

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from dkim.util import InvalidTagValueList, parse_tag_value  # type: ignore[import-untyped]

from mail import dkim
from mail.records import Record
from verify.checks.declared import SEE_PUBLISHED, or_unknown, served, zones
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

GOOD_BITS, LEAST_BITS = 2048, 1024  # RFC 8301 section 3.2
ED25519_BYTES = 32
NEW_KEY = "Give the domain a new DKIM selector with a key of 2048 bits, then run `pulumi up`."
AGAIN = "Run `pulumi up --refresh`: it puts back what was changed by hand; receivers cannot verify any signature."


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a domain."""
    for owner, records in zones(look).items():
        keys = [record for record in records if record.type == "TXT" and "._domainkey." in record.name]
        questions = tuple(
            Question(
                check="dkim-key",
                domain=owner,
                subject=record.name,
                expected="withdrawn, as declared" if _is_revoked(record) else "a key that receivers accept",
            )
            for record in keys
        )
        if questions:
            yield Probe(group="records", about=questions, look=partial(_all, look, keys, questions))


def _is_revoked(record: Record) -> bool:
    return record.content == dkim.revoked_text()


async def _all(look: Look, keys: Sequence[Record], questions: Sequence[Question]) -> list[Result]:
    return list(
        await asyncio.gather(
            *(
                or_unknown(question, _one(look, question, record))
                for question, record in zip(questions, keys, strict=True)
            )
        )
    )


async def _one(look: Look, question: Question, record: Record) -> Result:
    texts = (await served(look, record.name, "TXT")).texts
    if not texts:
        return question.skipped(f"{SEE_PUBLISHED}there is no key")
    if len(texts) > 1:
        return question.skipped(f"see `dkim-single`: {record.name} has {len(texts)} TXT records")
    try:
        tags = {
            tag.decode("utf-8", "backslashreplace"): value.decode("utf-8", "backslashreplace")
            for tag, value in parse_tag_value(texts[0].encode()).items()
        }
    except InvalidTagValueList as error:
        return question.fails(f"{texts[0]}: {type(error).__name__}: {error}", AGAIN)
    return _judged(question, tags, withdrawn=_is_revoked(record))


def _judged(question: Question, tags: dict[str, str], *, withdrawn: bool) -> Result:
    """Judge the tags of a key record (RFC 6376 section 3.6.1)."""
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        return question.fails(f"v={tags['v']}: a key record begins with v=DKIM1", AGAIN)
    if "p" not in tags:
        return question.fails("no p=, the key itself", AGAIN)
    key = "".join(tags["p"].split())
    if not key:
        return question.passes("withdrawn") if withdrawn else question.fails("an empty p=: the key is withdrawn", AGAIN)
    if withdrawn:
        return question.skipped(f"{SEE_PUBLISHED}the key is not withdrawn")
    if "h" in tags and "sha256" not in _words(tags["h"]):
        return question.fails(f"h={tags['h']} forbids sha256, with which the server signs", AGAIN)
    if "s" in tags and not {"*", "email"} & _words(tags["s"]):
        return question.fails(f"s={tags['s']}: the key is not for mail", AGAIN)
    kind, fault, weak = _strength(tags.get("k", "rsa"), key)
    if fault:
        return question.fails(fault, NEW_KEY if kind else AGAIN)
    if weak:
        return question.warns(weak, NEW_KEY)
    if "y" in _words(tags.get("t", "")):
        return question.warns(
            f"{kind}, with t=y: receivers treat the mail as if it had no signature", "Take t=y out of the key's record."
        )
    return question.passes(kind)


def _words(value: str) -> set[str]:
    """Return what a value lists; there may be spaces around its colons."""
    return {word.strip() for word in value.split(":")}


def _strength(kind: str, key: str) -> tuple[str, str, str]:
    """Return what a key is (empty if none), why no receiver takes it, and why some do not."""
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error:
        return "", "p= is no base64", ""
    if kind == "ed25519":
        fault = "" if len(raw) == ED25519_BYTES else f"an Ed25519 key of {len(raw)} bytes in place of {ED25519_BYTES}"
        return "Ed25519", fault, ""
    if kind != "rsa":
        return "", f"k={kind}: a kind of key that receivers do not know", ""
    try:
        loaded = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return "", "p= is no RSA key", ""
    if not isinstance(loaded, RSAPublicKey):
        return "", "p= is a key of another kind than RSA", ""
    said = f"RSA of {loaded.key_size} bits"
    if loaded.key_size < LEAST_BITS:
        return said, f"{said}: receivers refuse it", ""
    return said, "", f"{said}: short of {GOOD_BITS}" if loaded.key_size < GOOD_BITS else ""
