"""A policy site on 127.0.0.1 that answers HTTP as a test tells it."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mail.certificates import Issued


@dataclass
class PolicySite:
    """What it answers, and what it saw.

    Attributes:
        issued: certificate chain and key.
        body: of the answer.
        status: of the answer.
        content_type: "" for none.
        location: of a redirect, "" for none.
        raw: bytes in place of an HTTP answer; empty is silence.
        speaks_tls: else it says nothing to a handshake.
        endless: whether the body goes on for ever.
        asked_for: name in each handshake (SNI).
        requests: request line and headers of each.
        sent: bytes of bodies that were written.
        port: where it listens.
    """

    issued: Issued
    body: bytes
    status: int = 200
    content_type: str = "text/plain"
    location: str = ""
    raw: bytes | None = None
    speaks_tls: bool = True
    endless: bool = False
    requests: list[str] = field(default_factory=list)
    asked_for: list[str | None] = field(default_factory=list)
    sent: int = 0
    port: int = 0

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """Listen."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            Path(file.name).write_text(self.issued.certificate + self.issued.private_key)
            tls.load_cert_chain(file.name)
        tls.sni_callback = lambda _ssl, name, _context: self.asked_for.append(name)
        sessions = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            sessions.add(task)
            try:
                await self._answer(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
                pass
            finally:
                sessions.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls if self.speaks_tls else None)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for task in list(sessions):
                task.cancel()
            await asyncio.gather(*sessions, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.speaks_tls:
            await reader.read()
            return
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if self.raw is not None:
            writer.write(self.raw)
            await writer.drain()
            if not self.raw:
                await reader.read()
            return
        head = [f"HTTP/1.1 {self.status} X"]
        head += [f"Content-Type: {self.content_type}"] if self.content_type else []
        head += [f"Location: {self.location}"] if self.location else []
        head += [] if self.endless else [f"Content-Length: {len(self.body)}"]
        writer.write("\r\n".join([*head, "Connection: close", "", ""]).encode())
        while True:
            for start in range(0, len(self.body), 4096):
                writer.write(self.body[start : start + 4096])
                await writer.drain()
                self.sent += 4096
            if not self.endless:
                return
