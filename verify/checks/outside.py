"""A message to an address elsewhere, where a person looks for it; asked for with `--send-to`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import partial

from verify.checks.access import Access, ShutOut
from verify.checks.folders import FIRST_PAUSE, LONGEST_PAUSE
from verify.checks.letter import letter, new_subject
from verify.failures import Failure
from verify.mailbox import FolderRefused, Mailbox
from verify.probe import Probe
from verify.result import Question, Result
from verify.submission import LoginRefused, MessageRefused, hand_over

BOUNCE_SECONDS = 10.0
MEND_BOUNCED = "Do what the other server's answer asks for; a full explanation is in the server's log."
MEND_REFUSED = "Look at the server's log for why it refuses mail of its own user."


def probes(access: Access, seconds: float) -> Iterator[Probe]:
    """Give one probe for each domain with an account, where an address is given."""
    to = access.look.send_to
    for domain in access.look.expected.domains if to else ():
        account = next((account for account in access.accounts(domain) if account in access.passwords), None)
        if to and account:
            question = Question(
                check="outside",
                domain=domain,
                subject=f"{account} to {to}",
                expected="accepted, and no bounce comes back",
            )
            look = partial(_sent, access, question, account, to)
            yield Probe(group="delivery", about=(question,), look=look, seconds=seconds)


async def _sent(access: Access, question: Question, account: str, to: str) -> list[Result]:
    return [await _judged(access, question, account, to)]


async def _judged(access: Access, question: Question, account: str, to: str) -> Result:
    subject = new_subject()
    try:
        async with access.mailbox(account) as mailbox:
            _, first = await mailbox.examine("INBOX")
            async with access.submitting("submissions", account) as conversation:
                await hand_over(conversation, account, to, letter(account, to, subject, access.look.now))
            reason = await _bounce(mailbox, first, subject)
    except ShutOut as failure:
        return question.skipped(str(failure))
    except LoginRefused:
        return question.skipped("see `login`")
    except MessageRefused as failure:
        return question.fails(str(failure), MEND_REFUSED)
    if reason is not None:
        return question.fails(f"it came back: {reason}", MEND_BOUNCED)
    return question.passes(f"accepted for delivery: look there for it (subject {subject!r})")


async def _bounce(mailbox: Mailbox, first: int, subject: str) -> str | None:
    """Wait for the message to come back; return why, None where it does not, and delete what came back."""
    pause, until = FIRST_PAUSE, asyncio.get_running_loop().time() + BOUNCE_SECONDS
    looked_at: set[int] = set()
    while (left := until - asyncio.get_running_loop().time()) > 0:
        for listed in await mailbox.newest("INBOX"):
            if listed.uid < first or listed.uid in looked_at or listed.content_type != "multipart/report":
                continue
            looked_at.add(listed.uid)
            report = await mailbox.read("INBOX", listed.uid)
            if subject.encode() in report:
                await _delete(mailbox, listed.uid)
                return reason_of(report)
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)
    return None


def reason_of(report: bytes) -> str:
    """Return why a message came back (RFC 3464): the other server's words, else the status."""
    for field in (rb"Diagnostic-Code:\s*(?:[\w-]+;)?", rb"Status:"):
        if found := re.search(rb"^%b\s*([^\r\n]+)" % field, report, re.MULTILINE | re.IGNORECASE):
            return found[1].decode(errors="backslashreplace")
    return "no reason is given"


async def _delete(mailbox: Mailbox, uid: int) -> None:
    try:
        await mailbox.delete("INBOX", [uid])
    except (FolderRefused, Failure):
        return
