"""IMAP as a client speaks it (RFC 9051): log in, look into a folder, read a message, delete messages."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message

from pydantic import SecretStr

from verify.conversation import Conversation
from verify.failures import Failure, Gibberish
from verify.submission import LoginRefused, plain

MOST_LISTED = 50
LARGEST_MESSAGE = 256 * 1024

_LITERAL = re.compile(rb"\{(\d{1,8})\}\r\n")


class FolderRefused(Failure):
    """The server does not do what was asked of a folder."""

    mend = "Look at the server's log for what is wrong with the mailbox."


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A message in a folder.

    Attributes:
        uid: its number, which stays.
        subject: "" where it has none.
        content_type: such as `multipart/report`, lower case.
        arrived: when, aware; None where the server does not say.
    """

    uid: int
    subject: str
    content_type: str
    arrived: datetime | None


@dataclass
class Mailbox:
    """A logged-in connection."""

    conversation: Conversation

    @classmethod
    async def log_in(cls, conversation: Conversation, user: str, password: SecretStr) -> Mailbox:
        """Log in after the greeting was read.

        Raises:
            LoginRefused: the server says no.
            Failure: the conversation broke.
        """
        words = plain(conversation, user, password)
        try:
            said, _ = await conversation.imap("AUTHENTICATE PLAIN", then=words)
        except Gibberish:
            raise Gibberish(f"{conversation.where} answers AUTHENTICATE with what is no IMAP answer") from None
        if said == "NO":
            raise LoginRefused(f"{conversation.where} refuses the login")
        if said != "OK":
            raise Gibberish(f"{conversation.where} does not know AUTHENTICATE PLAIN")
        return cls(conversation)

    async def examine(self, folder: str) -> tuple[int, int]:
        """Open a folder for reading; return the number of messages, and the UID that the next one gets.

        Raises:
            FolderRefused: there is no such folder.
        """
        lines = await self._do(f"EXAMINE {folder}")
        counted = re.search(rb"^\* (\d+) EXISTS", b"\n".join(lines), re.MULTILINE)
        following = re.search(rb"\[UIDNEXT (\d+)\]", b"\n".join(lines))
        if counted is None or following is None:
            raise Gibberish(f"{self.conversation.where} opens {folder} and does not say what is in it")
        return int(counted[1]), int(following[1])

    async def newest(self, folder: str) -> list[Listed]:
        """Return the newest messages of a folder, `MOST_LISTED` at most.

        Raises:
            FolderRefused: there is no such folder.
        """
        count, _ = await self.examine(folder)
        if not count:
            return []
        first = max(1, count - MOST_LISTED + 1)
        wanted = "(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT CONTENT-TYPE)])"
        lines = await self._do(f"FETCH {first}:{count} {wanted}")
        return [listed for line in lines if (listed := _listed(line)) is not None]

    async def read(self, folder: str, uid: int) -> bytes:
        """Return a message as it is on the server, its first `LARGEST_MESSAGE` bytes.

        Raises:
            FolderRefused: it is not there any more.
        """
        await self.examine(folder)
        for line in await self._do(f"UID FETCH {uid} (BODY.PEEK[]<0.{LARGEST_MESSAGE}>)"):
            literal = _LITERAL.search(line)
            if literal and line.startswith(b"* "):
                return line[literal.end() : literal.end() + int(literal[1])]
        raise FolderRefused(f"{self.conversation.where} does not give the message that it listed")

    async def delete(self, folder: str, uids: Collection[int], ours: Collection[int] = ()) -> bool:
        """Delete messages, and of the others at most some of `ours`; tell whether they are gone.

        Without UIDPLUS (RFC 4315) a server can only remove everything that is marked as deleted. Where the folder has
        messages that somebody else marked, these are marked as well and go with them, later. Some of `ours` that an
        earlier run has marked, and could not remove, go along.

        Raises:
            FolderRefused: the server does not let it.
        """
        numbers = ",".join(str(uid) for uid in sorted(uids))
        offered = b" ".join(await self._do("CAPABILITY")).upper().split()
        await self._do(f"SELECT {folder}")
        marked = re.search(rb"^\* SEARCH([ \d]*)", b"\n".join(await self._do("UID SEARCH DELETED")), re.MULTILINE)
        others = {int(uid) for uid in marked[1].split()} - {*uids, *ours} if marked else set()
        await self._do(f"UID STORE {numbers} +FLAGS.SILENT (\\Deleted)")
        if b"UIDPLUS" in offered:
            await self._do(f"UID EXPUNGE {numbers}")
        elif others:
            return False
        else:
            await self._do("EXPUNGE")
        return True

    async def _do(self, command: str) -> list[bytes]:
        said, lines = await self.conversation.imap(command)
        if said != "OK":
            what = lines[-1].decode(errors="backslashreplace").split(" ", 2)[-1]
            raise FolderRefused(f"{self.conversation.where} answers {command.split(' (')[0]} with {what}")
        return lines


def _listed(line: bytes) -> Listed | None:
    literal = _LITERAL.search(line)
    if not line.startswith(b"* ") or literal is None:
        return None
    end = literal.end() + int(literal[1])
    about = line[: literal.start()] + line[end:]
    uid = re.search(rb"UID (\d+)", about)
    if uid is None:
        return None
    header: Message[str, str] = message_from_bytes(line[literal.end() : end])
    return Listed(
        uid=int(uid[1]),
        subject=str(header["Subject"] or ""),
        content_type=header.get_content_type(),
        arrived=_date(about),
    )


def _date(about: bytes) -> datetime | None:
    found = re.search(rb'INTERNALDATE "([^"]+)"', about)
    try:
        return datetime.strptime(found[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z") if found else None
    except ValueError:
        return None
