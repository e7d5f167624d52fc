"""The DKIM signatures of a message, against the keys that the stack declares."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dkim  # type: ignore[import-untyped]

from mail import dkim as keys
from verify.expectation import DkimKey
from verify.result import Question, Result

MOST_SIGNATURES = 10
SECONDS = 5.0
MEND = (
    "Remove the mail server's container and the one named like it with `-data-seed` (`docker rm -f`), then run "
    "`pulumi up --refresh`: they come back with the stack's files, and the mail stays in its volume."
)
MEND_CHANGED = "Look what lies between the server and the mailbox: something changes messages after they were signed."


@dataclass(frozen=True)
class Signature:
    """One signature.

    Attributes:
        domain: its `d=`, lower case.
        selector: its `s=`, lower case.
        fault: why it does not verify; "" where it does.
        changed: it fits another message: this one's body was changed.
    """

    domain: str
    selector: str
    fault: str = ""
    changed: bool = False


async def judged(question: Question, message: bytes, domain: str, declared: Mapping[str, DkimKey]) -> Result:
    """Judge the signatures that a domain has put on a message."""
    try:
        async with asyncio.timeout(SECONDS):
            found = await asyncio.to_thread(signatures, message, declared)
    except TimeoutError:
        return question.unknown(f"no result within {SECONDS:g} s", "Try again; if it stays so, look at the message.")
    own = [signature for signature in found if signature.domain == domain]
    if not own:
        others = ", ".join(sorted({signature.domain for signature in found}))
        said = f"no signature of {domain}, only of {others}" if others else "no DKIM signature"
        return question.fails(said, MEND)
    if strange := next((signature for signature in own if signature.selector not in declared), None):
        return question.fails(f"signed with the selector {strange.selector}, which the stack does not declare", MEND)
    if wrong := next((signature for signature in own if signature.fault), None):
        mend = MEND_CHANGED if wrong.changed else MEND
        return question.fails(f"selector {wrong.selector}: {wrong.fault}", mend)
    signed = {signature.selector for signature in own}
    if missing := [selector for selector, key in declared.items() if key.signs and selector not in signed]:
        return question.fails(f"not signed with the selector {', '.join(missing)}, only with {_list(signed)}", MEND)
    return question.passes(f"verified: {_list(signed)}")


def _list(selectors: Iterable[str]) -> str:
    return ", ".join(sorted(selectors))


def signatures(message: bytes, declared: Mapping[str, DkimKey]) -> list[Signature]:
    """Return the signatures of a message, the first `MOST_SIGNATURES`, verified against declared keys and not DNS.

    Args:
        message: as it arrived.
        declared: selector to key.
    """
    records = {key.name: record_of(key.public_key) for key in declared.values()}

    def look_up(name: bytes, timeout: float = 5) -> bytes | None:  # noqa: ARG001 - dkimpy names it
        return records.get(name.decode("ascii", errors="replace").removesuffix(".").lower())

    try:
        read = dkim.DKIM(message)
    except dkim.DKIMException as error:
        return [Signature("", "", f"the message does not parse: {error}")]
    count = sum(name.lower() == b"dkim-signature" for name, _ in read.headers)
    return [_verified(read, index, look_up) for index in range(min(count, MOST_SIGNATURES))]


def record_of(public_key: str) -> bytes:
    """Return the text of the record for a `p=` value: one of 44 characters is a raw Ed25519 key (RFC 8463)."""
    return keys.record_text("ed25519" if len(public_key) == 44 else "rsa2048", public_key).encode()


def _verified(read: dkim.DKIM, index: int, look_up: object) -> Signature:
    fault, changed = "", False
    read.signature_fields = {}
    try:
        if not read.verify(index, dnsfunc=look_up):
            fault = "the server signs with another key than the one in the stack's state"
    except dkim.DKIMException as error:
        fault = f"the signature does not verify: {error}"
        changed = "body hash" in str(error)
    fields = read.signature_fields
    domain, selector = (
        fields.get(tag, b"").decode("ascii", errors="backslashreplace").strip().lower() for tag in (b"d", b"s")
    )
    return Signature(domain, selector, fault, changed)
