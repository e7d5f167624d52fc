"""The test messages in a mailbox: waiting for them, and deleting them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from verify.checks.letter import SUBJECT
from verify.mailbox import FolderRefused, Listed, Mailbox
from verify.result import Question, Result

FOLDERS = ("INBOX", "Junk")
LEFT_OVER = timedelta(hours=1)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
DELETE_PAUSES = 0.1, 0.4, 1.0, 2.0

_OURS = re.compile(rf"{SUBJECT} [0-9a-f]{{16}}")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A test message in a folder."""

    folder: str
    uid: int
    subject: str


async def arrivals(mailbox: Mailbox, subjects: Collection[str], number: int, seconds: float) -> list[Arrival]:
    """Wait for messages with one of these subjects; return those that are there in the end, INBOX first.

    Args:
        mailbox: where they should arrive.
        subjects: that they have.
        number: of messages to wait for.
        seconds: after which no more is waited for.

    Raises:
        Failure: the mailbox could not be looked into.
    """
    pause, until = FIRST_PAUSE, asyncio.get_running_loop().time() + seconds
    while True:
        found = [
            Arrival(folder=folder, uid=listed.uid, subject=listed.subject)
            for folder in FOLDERS
            for listed in await _newest(mailbox, folder)
            if listed.subject in subjects
        ]
        left = until - asyncio.get_running_loop().time()
        if len(found) >= number or left <= 0:
            return found
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)


async def clean(
    mailbox: Mailbox, question: Question, sent: Mapping[str, bool], now: datetime, turn: asyncio.Lock
) -> Result:
    """Delete what was sent, and what earlier runs have left that were broken off; judge whether it is gone.

    Args:
        mailbox: to clean.
        question: to answer.
        sent: subject to whether the server has taken a message with it.
        now: aware.
        turn: to delete: a server with SQLite may refuse those who expunge at once, again and again.

    Raises:
        Failure: the mailbox could not be looked into.
    """
    seen: set[str] = set()
    deleted, marked = 0, False
    for folder in FOLDERS:
        there = [item for item in await _newest(mailbox, folder) if _OURS.fullmatch(item.subject)]
        listed = [item for item in there if _to_delete(item, sent, now)]
        seen |= {item.subject for item in listed}
        if not listed:
            continue
        try:
            ours = [item.uid for item in there]
            marked |= not await _delete(mailbox, folder, [item.uid for item in listed], ours, turn)
        except FolderRefused as failure:
            return question.warns(str(failure), mend_by_hand({item.subject for item in listed}))
        deleted += len(listed)
    if marked:
        said = "marked as deleted, as other messages are that are not ours"
        return question.warns(said, "Have your mail client compact (expunge) the folder: they go with the others.")
    missing = [subject for subject, taken in sent.items() if taken and subject not in seen]
    if missing:
        return question.skipped(
            f"see `receive`: should it still arrive, the next run after an hour deletes {missing[0]!r}"
        )
    return question.passes("all deleted" if deleted else "there was none")


async def _delete(
    mailbox: Mailbox, folder: str, uids: Collection[int], ours: Collection[int], turn: asyncio.Lock
) -> bool:
    """Delete messages, at the last of some tries: with SQLite, a busy server says that its database is locked."""
    for pause in DELETE_PAUSES:
        try:
            async with turn:
                return await mailbox.delete(folder, uids, ours)
        except FolderRefused:
            await asyncio.sleep(pause)
    async with turn:
        return await mailbox.delete(folder, uids, ours)


def _to_delete(listed: Listed, sent: Collection[str], now: datetime) -> bool:
    return listed.subject in sent or (listed.arrived is not None and listed.arrived < now - LEFT_OVER)


def mend_by_hand(subjects: Collection[str]) -> str:
    """Return the sentence on messages that could not be deleted."""
    named = " and ".join(repr(subject) for subject in sorted(set(subjects)))
    return f"Delete what has the subject {named} by hand."


async def _newest(mailbox: Mailbox, folder: str) -> list[Listed]:
    """Return what is in a folder; a folder other than the INBOX need not be there."""
    try:
        return await mailbox.newest(folder)
    except FolderRefused:
        if folder == "INBOX":
            raise
        return []
