"""The certificate that a server shows, whoever signed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography import x509

from verify.conversation import Conversation, connected
from verify.failures import Closed, Failure, Gibberish, NoRoute, Refused, TlsFailed
from verify.look import Look
from verify.result import Question, Result

_DER = 2  # _ssl.ENCODING_DER


class NoStartTls(Failure):
    """The server has no TLS to offer."""

    mend = "Look whether the server has its certificate."


async def over_tls(look: Look, host: str, port: int) -> x509.Certificate:
    """Return the certificate shown for a host's name by the first of its addresses that answers.

    Raises:
        Failure: none does.
    """
    failure: Failure | None = None
    for address in await look.addresses(host):
        try:
            async with connected(address, port, tls=look.tls_with_any_certificate(), server_name=host) as conversation:
                return chain(conversation)[0]
        except Failure as found:
            failure = failure or found
    raise failure or NoRoute(f"{host} has no address")


async def after_starttls(look: Look, address: str, port: int) -> Sequence[x509.Certificate]:
    """Return the chain that a mail server shows after STARTTLS, leaf first.

    Raises:
        Failure: there is none.
    """
    async with connected(address, port) as conversation:
        await conversation.reply()
        offered = await conversation.smtp("EHLO verify.invalid")
        if "STARTTLS" not in (line.split(" ")[0].upper() for line in offered.lines):
            raise NoStartTls(f"{conversation.where} offers no STARTTLS")
        accepted = await conversation.smtp("STARTTLS")
        if accepted.code != 220:
            raise NoStartTls(f"{conversation.where} answers STARTTLS with {accepted.text}")
        await conversation.start_tls(look.tls_with_any_certificate(), look.expected.mail_host)
        return chain(conversation)


def without_certificate(question: Question, failure: Failure, *, is_policy: bool = False) -> Result:
    """Say of what is compared with a certificate why none was shown: where another check fails for it, that one."""
    match failure:
        case Refused():
            check = "policy-reachable" if is_policy else "port-reachable"
        case TlsFailed():
            check = "policy-status" if is_policy else "tls-new"
        case NoStartTls():
            check = "starttls"
        case Closed() | Gibberish():
            check = "policy-status" if is_policy else "greeting"
        case _:
            return question.unknown(str(failure), failure.mend)
    return question.skipped(f"see `{check}`: {failure}")


def chain(conversation: Conversation) -> list[x509.Certificate]:
    """Return the certificates that the other side showed, leaf first.

    The way to them that leaves out no certificate is public from Python 3.13 only.

    Raises:
        Gibberish: one does not parse.
    """
    tls: Any = conversation.tls
    shown = tls._sslobj.get_unverified_chain() or []  # noqa: SLF001
    try:
        found = [x509.load_der_x509_certificate(bytes(certificate.public_bytes(_DER))) for certificate in shown]
    except ValueError as error:
        raise Gibberish(f"{conversation.where} shows a certificate that does not parse: {error}") from None
    if not found:
        raise Gibberish(f"{conversation.where} shows no certificate")
    return found
