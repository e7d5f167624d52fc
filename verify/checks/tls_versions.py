"""Which TLS versions and cipher suites a mail port takes, by the TLS guidelines of NCSC-NL (2025)."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Mapping
from functools import cache

from verify.checks.mail_port import Port
from verify.failures import Failure, TlsFailed
from verify.result import Question, Result

TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"
_VERSIONS = {
    TLS_1_0: ssl.TLSVersion.TLSv1,
    TLS_1_1: ssl.TLSVersion.TLSv1_1,
    TLS_1_2: ssl.TLSVersion.TLSv1_2,
}
_NAMES = {TLS_1_0: "TLS 1.0", TLS_1_1: "TLS 1.1", TLS_1_2: "TLS 1.2", TLS_1_3: "TLS 1.3"}

_REFUSALS = ("alert", "unsupported protocol", "wrong version number", "wrong ssl version", "eof", "no shared cipher")
"""In OpenSSL's words: the other side does not want it. Any other reason is this side's own."""

_MEND = "Look which server answers on this port: the stack's own configuration {does}; then run `pulumi up --refresh`."


async def judge_old(question: Question, port: Port, address: str) -> Result:
    """Tell whether TLS 1.0 and 1.1 are refused."""
    accepted = []
    for version in (TLS_1_1, TLS_1_0):
        context = only(version)
        if context is None:
            return question.unknown(
                f"this machine's {ssl.OPENSSL_VERSION} cannot offer {_NAMES[version]}",
                "Run this on a machine whose OpenSSL still has the old versions.",
            )
        found = await _accepted(port, address, context)
        if isinstance(found, Failure):
            return question.unknown(str(found), found.mend)
        if found:
            accepted.append(_NAMES[version])
    if not accepted:
        return question.passes("both are refused")
    return question.fails(
        f"{' and '.join(reversed(accepted))} accepted", _MEND.format(does="has `protocols tls1.2 tls1.3`")
    )


async def judge_new(question: Question, port: Port, address: str, best: str) -> tuple[Result, str]:
    """Tell whether TLS 1.2 and 1.3 are offered.

    Args:
        question: of the row.
        port: which port.
        address: where.
        best: the version of a connection that left the choice to the server.

    Returns:
        The result, and the cipher suite that the server takes with TLS 1.2, "" where that is refused.
    """
    context = only(TLS_1_2)
    suite: str | Failure = "" if context is None else await _accepted(port, address, context)
    if isinstance(suite, Failure):
        return question.unknown(str(suite), suite.mend), ""
    mend = _MEND.format(does="offers both")
    if best != TLS_1_3:
        return question.warns(f"{_NAMES.get(best, best)} at most", mend), suite
    if not suite:
        return question.warns("TLS 1.3 alone: some servers cannot send here", mend), suite
    return question.passes("both are offered"), suite


async def judge_ciphers(question: Question, port: Port, address: str, suite: str, *, has_old: bool) -> Result:
    """Tell whether a client of TLS 1.2 that has weak cipher suites alone is refused.

    Args:
        question: of the row.
        port: which port.
        address: where.
        suite: what the server takes of a usual client.
        has_old: whether TLS 1.0 or 1.1 is accepted, which have CBC suites alone: those are no second fault then.
    """
    found = await _accepted(port, address, weak_only(with_cbc=not has_old))
    if isinstance(found, Failure):
        return question.unknown(str(found), found.mend)
    mend = _MEND.format(does="names ECDHE suites with AES-GCM or ChaCha20 alone")
    if found:
        return question.fails(f"accepted: {found} ({weakness(found)})", mend)
    if has_old:
        return question.skipped("see `tls-old`: the old versions need CBC suites; other weak ones are refused")
    if not suite.startswith("ECDHE-"):
        return question.warns(f"weak ones are refused; the usual one is {suite}", mend)
    lacking = f"; {' and '.join(_lacking())} cannot be offered from here" if _lacking() else ""
    return question.passes(f"weak ones are refused{lacking}; the usual one is {suite}")


def weakness(suite: str) -> str:
    """Return what is wrong with a cipher suite, in OpenSSL's name for it; "" where nothing is."""
    parts = suite.split("-")
    signs = {
        "anonymous": parts[0] in ("ADH", "AECDH"),
        "NULL": "NULL" in parts,
        "RC4": "RC4" in parts,
        "3DES": "CBC3" in parts,
        "no forward secrecy": parts[0] not in ("ECDHE", "DHE", "ADH", "AECDH"),
        "CBC": not {"GCM", "CCM", "CCM8", "POLY1305", "NULL", "RC4"} & set(parts),
    }
    return ", ".join(sign for sign, is_there in signs.items() if is_there)


@cache
def only(version: str) -> ssl.SSLContext | None:
    """Return a client that has one version alone; None where this machine's OpenSSL has it not."""
    context = _lax("ALL")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = _VERSIONS[version]
    return context if _can_begin(context) else None


@cache
def weak_only(*, with_cbc: bool = True) -> ssl.SSLContext:
    """Return a client of TLS 1.2 that has weak cipher suites alone, maybe without those that are weak by CBC alone."""
    context = _lax("ALL:COMPLEMENTOFALL:!PSK:!SRP")
    weak = [
        cipher["name"]
        for cipher in context.get_ciphers()
        if _is_weak(cipher) and (with_cbc or weakness(cipher["name"]) != "CBC")
    ]
    context = _lax(":".join(weak))
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_weak(cipher: Mapping[str, object]) -> bool:
    return cipher["protocol"] != TLS_1_3 and bool(weakness(str(cipher["name"])))


@cache
def _lacking() -> tuple[str, ...]:
    """Return the weak families that this machine's OpenSSL does not have."""
    has = {part for cipher in weak_only().get_ciphers() for part in weakness(str(cipher["name"])).split(", ")}
    return tuple(family for family in ("3DES", "RC4", "NULL") if family not in has)


def _lax(ciphers: str) -> ssl.SSLContext:
    """Return a client that looks at no certificate and takes what OpenSSL has long forbidden."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    return context


def _can_begin(context: ssl.SSLContext) -> bool:
    """Tell whether a handshake gets as far as its first message."""
    try:
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO()).do_handshake()
    except ssl.SSLWantReadError:
        return True
    except ssl.SSLError:
        return False
    return True


async def _accepted(port: Port, address: str, context: ssl.SSLContext) -> str | Failure:
    """Return the cipher suite that was agreed on, "" where the server refuses, or why it could not be looked at."""
    try:
        return (await port.handshake(address, context))[1]
    except TlsFailed as failure:
        is_refusal = not failure.reason or any(words in failure.reason for words in _REFUSALS)
        return "" if is_refusal else failure
    except Failure as failure:
        return failure
