"""A connection to a server that speaks in lines (SMTP, IMAP), over TCP or TLS; no server can make it wait or swell.

The standard library's smtplib and imaplib hide what is judged here (the exact greeting, what was offered before TLS),
and their time limits are per read, so that a server that sends one byte a minute holds them for ever.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from verify.failures import Closed, Gibberish, NoRoute, Refused, Silent, TlsFailed

LONGEST_LINE = 8192
MOST_LINES = 200
MOST_BYTES = 1_000_000
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0

_Read = TypeVar("_Read")

_REPLY = re.compile(rb"(\d{3})([ -]?)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Reply:
    """An SMTP reply: its code, and the text of each line."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it on one line."""
        return f"{self.code} {' '.join(self.lines)}".strip()


@dataclass
class Conversation:
    """An open connection; make one with `connected`."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    where: str
    _tag: int = 0

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS of the connection, None while it is in plain text."""
        found: ssl.SSLObject | None = self.writer.get_extra_info("ssl_object")
        return found

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """Have TLS from here on.

        Raises:
            Failure: the handshake failed.
        """
        with _handshake(self.where):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.writer.start_tls(
                    context, server_hostname=server_name, ssl_handshake_timeout=2 * CONNECT_SECONDS
                )

    async def send(self, text: str | bytes) -> None:
        """Send one line or more; the last line end is added."""
        self.writer.write((text if isinstance(text, bytes) else text.encode()) + b"\r\n")
        await self._in_time(self.writer.drain())

    async def line(self) -> bytes:
        """Read one line, without its end.

        Raises:
            Failure: none came.
        """
        try:
            read = await self._in_time(self.reader.readuntil(b"\n"))
        except asyncio.IncompleteReadError:
            raise Closed(f"{self.where} closed the connection") from None
        except asyncio.LimitOverrunError:
            raise Gibberish(f"{self.where} sent a line of over {LONGEST_LINE} bytes") from None
        return read.rstrip(b"\r\n")

    async def exactly(self, size: int) -> bytes:
        """Read that many bytes.

        Raises:
            Failure: they did not come.
        """
        try:
            return await self._in_time(self.reader.readexactly(size))
        except asyncio.IncompleteReadError:
            raise Closed(f"{self.where} closed the connection") from None

    async def reply(self) -> Reply:
        """Read an SMTP reply (RFC 5321 section 4.2).

        Raises:
            Failure: none came, or something that is none.
        """
        lines: list[str] = []
        while len(lines) < MOST_LINES:
            said = await self.line()
            parsed = _REPLY.fullmatch(said)
            if parsed is None:
                raise Gibberish(f"{self.where} says what is no SMTP reply: {said[:80].decode(errors='replace')}")
            lines.append(parsed[3].decode("utf-8", errors="backslashreplace"))
            if parsed[2] != b"-":
                return Reply(int(parsed[1]), tuple(lines))
        raise Gibberish(f"{self.where} sent a reply of over {MOST_LINES} lines")

    async def smtp(self, command: str | bytes) -> Reply:
        """Send an SMTP command and read the reply."""
        await self.send(command)
        return await self.reply()

    async def imap(self, command: str, then: str | None = None) -> tuple[str, list[bytes]]:
        """Send an IMAP command (RFC 9051); return `OK`, `NO` or `BAD` with the tagged line last, literals in place.

        Args:
            command: without the tag.
            then: what to send when the server asks for more (`+`), at most once.

        Raises:
            Failure: no answer came, or something that is none.
        """
        self._tag += 1
        tag = f"v{self._tag}"
        await self.send(f"{tag} {command}")
        lines: list[bytes] = []
        left = MOST_BYTES
        while len(lines) < MOST_LINES:
            line = await self._imap_line(left)
            left -= len(line)
            lines.append(line)
            if then is not None and line.startswith(b"+"):
                await self.send(then)
                then = None
            if line.startswith(f"{tag} ".encode()):
                return line.split(b" ", 2)[1].decode(errors="replace").upper(), lines
            if not line.startswith((b"* ", b"+")):
                raise Gibberish(f"{self.where} says what is no IMAP answer: {line[:80].decode(errors='replace')}")
        raise Gibberish(f"{self.where} sent an answer of over {MOST_LINES} lines")

    async def _imap_line(self, most: int) -> bytes:
        """Read a line with its literals, of `most` bytes and with `MOST_LINES` literals at most."""
        parts = [await self.line()]
        while literal := re.search(rb"\{(\d{1,8})\}$", parts[-1]):
            most -= len(parts[-1]) + int(literal[1])
            if most < 0 or len(parts) > 3 * MOST_LINES:
                raise Gibberish(f"{self.where} sent an answer of over {MOST_BYTES} bytes, or in too many pieces")
            parts += [b"\r\n", await self.exactly(int(literal[1])), await self.line()]
        return b"".join(parts)

    async def _in_time(self, reading: Awaitable[_Read]) -> _Read:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await reading
        except TimeoutError:
            raise Silent(f"{self.where} is connected and said nothing for {ANSWER_SECONDS:g} s") from None
        except OSError as error:
            raise Closed(f"{self.where} broke the connection: {error.strerror or error}") from None


@asynccontextmanager
async def connected(
    address: str, port: int, *, tls: ssl.SSLContext | None = None, server_name: str = ""
) -> AsyncIterator[Conversation]:
    """Connect, and close at the end of the block.

    Args:
        address: where to connect to.
        port: where to connect to.
        tls: have TLS from the first byte, with this.
        server_name: the name asked for and checked in the certificate.

    Raises:
        Failure: there is no connection, or no TLS.
    """
    where = f"port {port} on {address}"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(address, port, limit=LONGEST_LINE)
    except TimeoutError:
        raise Silent(f"{where} does not answer within {CONNECT_SECONDS:g} s") from None
    except ConnectionRefusedError:
        raise Refused(f"{where} is closed") from None
    except OSError as error:
        raise NoRoute(f"no way to {where}: {error.strerror or error}") from None
    conversation = Conversation(reader, writer, where)
    try:
        if tls is not None:
            await conversation.start_tls(tls, server_name)
        yield conversation
    finally:
        writer.transport.abort()


@contextmanager
def _handshake(where: str) -> Iterator[None]:
    """Have what goes wrong in a TLS handshake said in a sentence."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise TlsFailed(f"{where}: {error.verify_message}", error.verify_code, error.verify_message) from None
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).lower().replace("_", " ")
        raise TlsFailed(f"{where}: TLS handshake: {reason}", reason=reason) from None
    except TimeoutError:
        raise Silent(f"{where} is connected and does not answer a TLS handshake within {CONNECT_SECONDS:g} s") from None
    except OSError as error:
        reason = str(error) or type(error).__name__
        raise TlsFailed(f"{where}: TLS handshake broken off: {reason}") from None
