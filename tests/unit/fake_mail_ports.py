"""The ports of a mail server on 127.0.0.1, for the checker: each is as it should be, but for what a test changes."""

import asyncio
import ssl
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mail.certificates import Issued

SMTP = ("smtp", "submission", "submissions")
PORTS = (*SMTP, "imap", "imaps")


@dataclass
class MailPorts:
    """What the ports do, and what was said to them.

    Attributes:
        issued: certificate chain and key.
        address: where it listens.
        banner: of SMTP, without the code.
        first: what is said in place of the greeting, on every port; empty is silence.
        hello: first line of the reply to EHLO.
        starttls_reply: of SMTP.
        offers_starttls: whether it is offered and granted.
        plain_auth: whether a login is offered before TLS.
        plain_auth_reply: how SMTP answers a login before TLS; "" hangs up.
        tls_auth: what is offered to users under TLS.
        takes: ends of the recipients that port 25 takes.
        refusal: how it answers others.
        null_sender: how it answers MAIL FROM.
        relays_for: senders for whom it takes every recipient.
        oldest, newest: TLS versions.
        ciphers: of TLS 1.2.
        closed: ports that nothing listens on.
        heard: port and line of all that was said.
        connections: ports, in the order of the connections to them.
        most_at_once: connections to port 25 at the same time.
    """

    issued: Issued
    address: str = "127.0.0.1"
    banner: str = "mail.example.test ESMTP ready"
    first: bytes | None = None
    hello: str = "mail.example.test"
    starttls_reply: str = "220 go"
    offers_starttls: bool = True
    plain_auth: bool = False
    plain_auth_reply: str = "523 5.7.10 TLS is required"
    tls_auth: str = "PLAIN"
    takes: tuple[str, ...] = ("postmaster@example.test",)
    refusal: str = "550 5.7.1 no"
    null_sender: str = "250 go on"
    relays_for: tuple[str, ...] = ()
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ciphers: str = "ECDHE+AESGCM:ECDHE+CHACHA20"
    closed: tuple[str, ...] = ()
    is_pipelined: bool = True
    heard: list[tuple[str, str]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    open_now: int = 0
    most_at_once: int = 0

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        """Listen; `numbers` has the port numbers afterwards, those of before where there were any."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.set_ciphers(f"{self.ciphers}:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            tls.minimum_version, tls.maximum_version = self.oldest, self.newest
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            Path(file.name).write_text(self.issued.certificate + self.issued.private_key)
            tls.load_cert_chain(file.name)
        servers, sessions = [], set()
        for port in PORTS:

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: str = port) -> None:
                task = asyncio.current_task()
                sessions.add(task)
                try:
                    await _Session(self, port, reader, writer, tls).run()
                except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
                    pass
                finally:
                    sessions.discard(task)
                    writer.transport.abort()

            server = await asyncio.start_server(serve, self.address, self.numbers.get(port, 0))
            self.numbers[port] = server.sockets[0].getsockname()[1]
            servers.append(server)
            if port in self.closed:
                server.close()
                await server.wait_closed()
        try:
            yield
        finally:
            for server in servers:
                server.close()
            for task in list(sessions):
                task.cancel()
            await asyncio.gather(*sessions, return_exceptions=True)


class _Session:
    def __init__(
        self,
        server: MailPorts,
        port: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        tls: ssl.SSLContext,
    ) -> None:
        self.server, self.port, self.reader, self.writer, self.tls = server, port, reader, writer, tls
        self.is_secure = False

    async def run(self) -> None:
        is_counted = self.port == "smtp"
        self.server.open_now += is_counted
        self.server.most_at_once = max(self.server.most_at_once, self.server.open_now)
        try:
            await (self.smtp() if self.port in SMTP else self.imap())
        finally:
            self.server.open_now -= is_counted

    async def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def hear(self) -> str:
        line = (await self.reader.readuntil(b"\n")).decode().strip()
        self.server.heard.append((self.port, line))
        return line

    async def secure(self) -> None:
        await self.writer.start_tls(self.tls)
        self.is_secure = True

    async def begins(self) -> bool:
        if self.server.first is not None:
            self.writer.write(self.server.first)
            await self.reader.read()
            return False
        if self.port in ("submissions", "imaps"):
            await self.secure()
        return True

    async def smtp(self) -> None:
        if not await self.begins():
            return
        server, sender = self.server, ""
        await self.say(f"220 {server.banner}")
        while (line := await self.hear()) != "QUIT":
            verb = line.split(" ")[0]
            if verb == "EHLO":
                await self.say("\r\n".join([f"250-{server.hello}", *self.offers(), "250 SIZE 1000"]))
            elif verb == "STARTTLS":
                await self.say(server.starttls_reply if server.offers_starttls else "502 what?")
                await self.secure()
            elif verb == "AUTH" and not self.is_secure:
                if not server.plain_auth_reply:
                    return
                await self.say(server.plain_auth_reply)
            elif verb == "MAIL":
                sender = line.removeprefix("MAIL FROM:<").removesuffix(">")
                await self.say(server.null_sender)
            elif verb == "RCPT":
                recipient = line.removeprefix("RCPT TO:<").removesuffix(">")
                is_taken = recipient.endswith(server.takes) or sender in server.relays_for
                await self.say("250 taken" if is_taken else server.refusal)
            else:
                await self.say("250 good")
        await self.say("221 bye")

    def offers(self) -> list[str]:
        server = self.server
        offers = ["250-PIPELINING"] if server.is_pipelined else []
        if not self.is_secure:
            offers += ["250-STARTTLS"] if server.offers_starttls else []
            offers += ["250-AUTH PLAIN"] if server.plain_auth else []
        elif self.port != "smtp" and server.tls_auth:
            offers.append(f"250-AUTH {server.tls_auth}")
        return offers

    async def imap(self) -> None:
        if not await self.begins():
            return
        await self.say("* OK ready")
        while True:
            tag, _, command = (await self.hear()).partition(" ")
            if command == "CAPABILITY":
                await self.say(f"* CAPABILITY IMAP4rev1 {' '.join(self.capabilities())}")
            await self.say(f"{tag} OK done")
            if command == "STARTTLS":
                await self.secure()

    def capabilities(self) -> list[str]:
        if not self.is_secure:
            return (["STARTTLS"] if self.server.offers_starttls else []) + (
                ["AUTH=PLAIN"] if self.server.plain_auth else ["LOGINDISABLED"]
            )
        return [f"AUTH={word}" for word in self.server.tls_auth.split()] or ["LOGINDISABLED"]
