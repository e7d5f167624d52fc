"""A mail server of one mailbox on 127.0.0.1, for the checker: it speaks what is needed, and fails as it is told to."""

import asyncio
import base64
import re
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dkim

from mail.certificates import Issued

PROTOCOLS = ("smtp", "submission", "submissions", "imaps")
BAD_LOGIN = {"smtp": "454 4.7.0 no", "imaps": "NO no"}


@dataclass
class Letter:
    """A message in the mailbox."""

    folder: str
    uid: int
    raw: bytes
    arrived: datetime
    deleted: bool = False


@dataclass
class FakeMailServer:
    """What it does, and what it saw.

    Attributes:
        issued: its certificate and key.
        passwords: by account.
        takes_any_password: whether those do not matter.
        key: PEM that it signs with, None to sign nothing.
        signs_for: domain of its signatures.
        results: Authentication-Results that it puts on mail from others, "" for none.
        answers: protocol and first word of a command to what is answered in place of the usual.
        where_to: names the folder of a message by the protocol that it came over; "" loses it.
        folders: that there are.
        uidplus: whether it can expunge single messages.
        refuses_at_once: whether it expunges one mailbox at a time and refuses meanwhile, as one with SQLite does.
        letters: the mailbox.
        taken: protocol and message, of all that was handed over.
        heard: protocol, whether under TLS, and line, of all that was said to it.
    """

    issued: Issued
    passwords: Mapping[str, str]
    takes_any_password: bool = field(default=False, kw_only=True)
    key: str | None = None
    signs_for: str = "example.test"
    selector: str = "default"
    results: str = "mail.example.test; dkim=pass header.d=example.test; spf=none; dmarc=pass header.from=example.test"
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    where_to: Callable[[str], str] = lambda protocol: "INBOX"
    folders: tuple[str, ...] = ("INBOX", "Junk")
    uidplus: bool = False
    refuses_at_once: bool = False
    expunging: bool = False
    letters: list[Letter] = field(default_factory=list)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    heard: list[tuple[str, bool, str]] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    last_uid: int = 0

    @asynccontextmanager
    async def up(self, *protocols: str) -> AsyncIterator[None]:
        """Listen, on all protocols unless told."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            Path(file.name).write_text(self.issued.certificate + self.issued.private_key)
            tls.load_cert_chain(file.name)
        servers = []
        for protocol in protocols or PROTOCOLS:

            async def serve(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: str = protocol
            ) -> None:
                session = _Imap if protocol == "imaps" else _Smtp
                try:
                    await session(self, protocol, reader, writer, tls).run()
                except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
                    pass
                finally:
                    writer.close()

            at_once = tls if protocol in ("imaps", "submissions") else None
            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=at_once)
            self.ports[protocol] = server.sockets[0].getsockname()[1]
            servers.append(server)
        try:
            yield
        finally:
            for server in servers:
                server.close()

    def put(self, folder: str, raw: bytes, arrived: datetime | None = None, *, deleted: bool = False) -> Letter:
        """Have a message in the mailbox."""
        self.last_uid += 1
        letter = Letter(folder, self.last_uid, raw, arrived or datetime.now(UTC), deleted)
        self.letters.append(letter)
        return letter

    def take(self, protocol: str, raw: bytes) -> None:
        """Take a message as such a server does: sign what users send, check what others bring."""
        self.taken.append((protocol, raw))
        if protocol != "smtp" and self.key is not None:
            signed = dkim.sign(raw, self.selector.encode(), self.signs_for.encode(), self.key.encode())
            raw = signed + raw
        elif protocol == "smtp" and self.results:
            raw = f"Authentication-Results: {self.results}\r\n".encode() + raw
        if folder := self.where_to(protocol):
            self.put(folder, b"Delivered-To: somebody\r\nReturn-Path: <>\r\n" + raw)


@dataclass
class _Session:
    server: FakeMailServer
    protocol: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tls: ssl.SSLContext

    async def say(self, text: str | bytes) -> None:
        self.writer.write((text.encode() if isinstance(text, str) else text) + b"\r\n")
        await self.writer.drain()

    async def hear(self) -> str:
        line = (await self.reader.readuntil(b"\r\n")).decode().rstrip("\r\n")
        encrypted = self.writer.get_extra_info("ssl_object") is not None
        self.server.heard.append((self.protocol, encrypted, line))
        return line

    def takes(self, words: str) -> bool:
        _, user, password = base64.b64decode(words).decode().split("\0")
        return self.server.takes_any_password or self.server.passwords.get(user) == password


class _Smtp(_Session):
    async def run(self) -> None:
        await self.say("220 mail.example.test ESMTP")
        while (line := await self.hear()) != "QUIT":
            verb = line.split(" ")[0].upper()
            if (self.protocol, verb) in self.server.answers:
                await self.say(self.server.answers[self.protocol, verb].replace("{line}", line))
            elif verb == "EHLO":
                await self.say("250-mail.example.test\r\n250-STARTTLS\r\n250 AUTH PLAIN")
            elif verb == "STARTTLS":
                await self.say("220 go")
                await self.writer.start_tls(self.tls)
            elif verb == "AUTH":
                await self.say("235 welcome" if self.takes(line.split(" ")[2]) else BAD_LOGIN["smtp"])
            elif verb == "DATA":
                await self.say("354 go on")
                raw = (await self.reader.readuntil(b"\r\n.\r\n"))[:-3]
                self.server.take(self.protocol, re.sub(rb"(?m)^\.\.", b".", raw))
                await self.say("250 taken")
            else:
                await self.say("250 good")


class _Imap(_Session):
    folder = ""

    async def run(self) -> None:
        await self.say("* OK ready")
        while True:
            tag, _, command = (await self.hear()).partition(" ")
            verb = command.removeprefix("UID ").split(" ")[0].upper()
            if (self.protocol, verb) in self.server.answers:
                await self.say(self.server.answers[self.protocol, verb].replace("{tag}", tag))
            elif verb == "AUTHENTICATE":
                await self.say("+ ")
                await self.say(f"{tag} " + ("OK welcome" if self.takes(await self.hear()) else BAD_LOGIN["imaps"]))
            else:
                await self._do(tag, verb, command)

    @property
    def _there(self) -> list[Letter]:
        return [letter for letter in self.server.letters if letter.folder == self.folder]

    async def _do(self, tag: str, verb: str, command: str) -> None:
        last = command.split(" ")[-1]
        if verb == "CAPABILITY":
            await self.say("* CAPABILITY IMAP4rev1 MOVE" + (" UIDPLUS" if self.server.uidplus else ""))
        elif verb in ("EXAMINE", "SELECT"):
            if last not in self.server.folders:
                await self.say(f"{tag} NO no such folder")
                return
            self.folder = last
            await self.say(f"* {len(self._there)} EXISTS\r\n* OK [UIDNEXT {self.server.last_uid + 1}] next")
        elif verb == "SEARCH":
            await self.say("* SEARCH " + " ".join(str(letter.uid) for letter in self._there if letter.deleted))
        elif verb == "FETCH":
            await self._fetch(command)
        elif verb == "STORE":
            for letter in self._named(command):
                letter.deleted = True
        elif verb == "EXPUNGE" and self.server.refuses_at_once and self.server.expunging:
            await self.say(f"{tag} NO database is locked")
            return
        elif verb == "EXPUNGE":
            self.server.expunging = True
            await asyncio.sleep(0.01 * self.server.refuses_at_once)
            self.server.expunging = False
            doomed = self._named(command) if command.startswith("UID") else self._there
            gone = [letter for letter in doomed if letter.deleted]
            self.server.letters = [letter for letter in self.server.letters if letter not in gone]
        await self.say(f"{tag} OK done")

    async def _fetch(self, command: str) -> None:
        if command.startswith("UID"):
            for letter in self._named(command):
                head = f"* 1 FETCH (UID {letter.uid} BODY[]<0> {{{len(letter.raw)}}}\r\n".encode()
                await self.say(head + letter.raw + b")")
            return
        for number, letter in enumerate(self._there, 1):
            found = re.findall(
                rb"(?mi)^(?:Subject|Content-Type):[^\r]*\r\n", letter.raw.partition(b"\r\n\r\n")[0] + b"\r\n"
            )
            header = b"".join(found) + b"\r\n"
            date = letter.arrived.strftime("%d-%b-%Y %H:%M:%S %z")
            about = f'UID {letter.uid} INTERNALDATE "{date}" BODY[HEADER.FIELDS (X)] {{{len(header)}}}'
            await self.say(f"* {number} FETCH ({about}\r\n".encode() + header + b")")

    def _named(self, command: str) -> list[Letter]:
        numbers = {int(number) for number in command.split(" ")[2].split(",")}
        return [letter for letter in self._there if letter.uid in numbers]
