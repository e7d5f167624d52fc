"""The ports of a mail server: what is spoken on each, and the way into TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from verify.conversation import Conversation, Reply, connected
from verify.failures import Gibberish, Silent
from verify.look import Look
from verify.submission import EHLO_NAME

MOST_CONNECTIONS = 3
"""At a time to one port: Maddy takes ten on port 25, from all of the world."""
TLS_SECONDS = 10.0

_SPOKEN: dict[str, tuple[Literal["smtp", "imap"], bool]] = {
    "smtp": ("smtp", False),
    "submissions": ("smtp", True),
    "submission": ("smtp", False),
    "imaps": ("imap", True),
    "imap": ("imap", False),
}


@dataclass(frozen=True, kw_only=True)
class Port:
    """One port of the mail server.

    Attributes:
        name: of the endpoint: smtp, submissions, submission, imaps, imap.
        host: the MX host.
        number: as published.
        turns: who may connect now.
    """

    name: str
    host: str
    number: int
    turns: asyncio.Semaphore = field(compare=False)

    @property
    def is_smtp(self) -> bool:
        """Whether SMTP is spoken, else IMAP."""
        return _SPOKEN[self.name][0] == "smtp"

    @property
    def has_tls_at_once(self) -> bool:
        """Whether TLS begins with the first byte, else by STARTTLS."""
        return _SPOKEN[self.name][1]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    async def handshake(self, address: str, context: ssl.SSLContext) -> tuple[str, str]:
        """Have TLS at an address; return the version and the cipher suite.

        Raises:
            Failure: there is none; `TlsFailed` where it failed in the handshake.
        """
        try:
            async with self.turns, asyncio.timeout(TLS_SECONDS), connected(address, self.number) as conversation:
                if not self.has_tls_at_once:
                    await self.ask_for_tls(conversation)
                await conversation.start_tls(context, self.host)
                return negotiated(conversation)
        except TimeoutError:
            raise Silent(f"port {self.number} on {address} took over {TLS_SECONDS:g} s") from None

    async def ask_for_tls(self, conversation: Conversation) -> None:
        """Go on until the server is ready for a TLS handshake.

        Raises:
            Failure: it does not get there.
        """
        if self.is_smtp:
            await conversation.reply()
            await conversation.smtp(f"EHLO {EHLO_NAME}")
            granted = (await conversation.smtp("STARTTLS")).code == 220
        else:
            await conversation.line()
            granted = (await conversation.imap("STARTTLS"))[0] == "OK"
        if not granted:
            raise Gibberish(f"{conversation.where} does not grant STARTTLS")


def ports(look: Look) -> list[Port]:
    """Return the mail ports that the stack publishes."""
    return [
        Port(
            name=name,
            host=look.expected.mail_host,
            number=look.expected.endpoints[name].port,
            turns=asyncio.Semaphore(MOST_CONNECTIONS),
        )
        for name in _SPOKEN
        if name in look.expected.endpoints
    ]


def negotiated(conversation: Conversation) -> tuple[str, str]:
    """Return the TLS version and the cipher suite of a connection, "" and "" in plain text."""
    tls = conversation.tls
    cipher = tls.cipher() if tls else None
    return (tls.version() or "" if tls else ""), (cipher[0] if cipher else "")


def keywords(reply: Reply) -> dict[str, str]:
    """Return what an EHLO reply offers: upper-case keyword to its parameters (RFC 5321 section 4.1.1.1)."""
    return {
        keyword.upper(): parameters.upper()
        for line in reply.lines[1:]
        for keyword, _, parameters in [line.partition(" ")]
    }


def capabilities(lines: Iterable[bytes]) -> Sequence[str]:
    """Return what an answer to IMAP's CAPABILITY offers, in upper case."""
    said = [
        line.decode(errors="backslashreplace").upper() for line in lines if line.upper().startswith(b"* CAPABILITY ")
    ]
    return " ".join(said).split()[2:]
