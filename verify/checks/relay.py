"""For whom port 25 takes mail: for every domain's postmaster, and for nobody elsewhere. Nothing is ever sent."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from verify.checks.mail_port import Port, keywords
from verify.checks.reachability import Because, not_seen
from verify.conversation import Conversation, Reply, connected
from verify.failures import Failure, Silent, TlsFailed
from verify.look import Look
from verify.result import Question, Result
from verify.submission import EHLO_NAME, MessageRefused, greet

RECIPIENTS_SECONDS = 15.0
MOST_RECIPIENTS = 50
STRANGERS = ("example.com", "example.net", "example.org", "elsewhere.invalid")
"""Domains of nobody (RFC 2606), of which the first that is not the stack's own is the outside world."""

_CLOSE = (
    "Have port 25 refuse what is for none of the stack's domains (`Relaying denied` in Maddy's configuration) at once: "
    "spammers find open relays within hours, and block lists follow."
)
_TAKE = (
    "Have the domain among the server's, with an address or alias for postmaster: RFC 5321 asks for it, and others "
    "report faults there."
)
_TAKE_BOUNCES = "Take mail from the empty sender (<>): bounces and reports come from there, also those for postmaster."


@dataclass
class Envelope:
    """A conversation in which recipients are named, and no message follows.

    Attributes:
        conversation: after EHLO.
        is_pipelined: whether several commands may be sent at once (RFC 2920).
    """

    conversation: Conversation
    is_pipelined: bool

    async def begin(self, sender: str = "") -> None:
        """Begin a message, from nobody as bounces are unless told.

        Raises:
            MessageRefused: the server does not take it.
            Failure: the conversation broke.
        """
        await self.conversation.smtp("RSET")
        reply = await self.conversation.smtp(f"MAIL FROM:<{sender}>")
        if reply.code // 100 != 2:
            raise MessageRefused(f"MAIL FROM:<{sender}>", reply)

    async def to(self, recipients: Sequence[str]) -> list[Reply]:
        """Name recipients; return the reply to each.

        Raises:
            Failure: the conversation broke.
        """
        commands = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        if not self.is_pipelined:
            return [await self.conversation.smtp(command) for command in commands]
        await self.conversation.send("\r\n".join(commands))
        return [await self.conversation.reply() for _ in commands]


async def recipients(
    look: Look, port: Port, address: str, relay: Question, postmasters: Sequence[Question]
) -> list[Result]:
    """Name recipients to port 25, and judge what is answered.

    Args:
        look: the run's view of the world.
        port: the SMTP port.
        address: where.
        relay: whether it relays for anybody.
        postmasters: a question for each mail domain.
    """
    judged: dict[Question, Result] = {}
    rest: Because = not_seen(Failure("it was not looked at"))
    try:
        async with (
            port.turns,
            asyncio.timeout(RECIPIENTS_SECONDS),
            _conversation(look, port, address) as envelope,
        ):
            await envelope.begin()
            judged[relay] = await _relay(relay, envelope, look)
            for start in range(0, len(postmasters), MOST_RECIPIENTS):
                some = postmasters[start : start + MOST_RECIPIENTS]
                await envelope.begin()
                replies = await envelope.to([f"postmaster@{question.domain}" for question in some])
                judged |= {
                    question: _postmaster(question, reply) for question, reply in zip(some, replies, strict=True)
                }
            with suppress(Failure):
                if judged[relay].verdict == "pass":
                    judged[relay] = await _relay_for_forgers(relay, envelope, look) or judged[relay]
                await envelope.conversation.smtp("RSET")
                await envelope.conversation.smtp("QUIT")
    except TimeoutError:
        rest = not_seen(Silent(f"port {port.number} on {address} took over {RECIPIENTS_SECONDS:g} s"))
    except MessageRefused as failure:
        rest = not_seen(failure)
        if failure.reply.code // 100 == 5:
            judged |= {question: question.fails(str(failure), _TAKE_BOUNCES) for question in postmasters}
    except Failure as failure:
        rest = not_seen(failure)
    return [judged.get(question) or rest(question) for question in (relay, *postmasters)]


@asynccontextmanager
async def _conversation(look: Look, port: Port, address: str) -> AsyncIterator[Envelope]:
    """Begin as another server does: under TLS where that can be had, else in plain text."""
    async with AsyncExitStack() as stack:
        conversation = await stack.enter_async_context(connected(address, port.number))
        offered = await greet(conversation)
        if "STARTTLS" in keywords(offered):
            try:
                offered = await _under_tls(look, port, conversation)
            except (TlsFailed, MessageRefused):
                conversation = await stack.enter_async_context(connected(address, port.number))
                offered = await greet(conversation)
        yield Envelope(conversation, "PIPELINING" in keywords(offered))


async def _under_tls(look: Look, port: Port, conversation: Conversation) -> Reply:
    await _accepted(conversation, "STARTTLS")
    await conversation.start_tls(look.tls_with_any_certificate(), port.host)
    return await _accepted(conversation, f"EHLO {EHLO_NAME}")


async def _accepted(conversation: Conversation, command: str) -> Reply:
    reply = await conversation.smtp(command)
    if reply.code // 100 != 2:
        raise MessageRefused(command, reply)
    return reply


async def _relay(question: Question, envelope: Envelope, look: Look) -> Result:
    own, elsewhere = _own_domain(look), _address_elsewhere(look)
    through_us = f"{elsewhere.replace('@', '%')}@{own}"
    outside, percent = await envelope.to([elsewhere, through_us])
    if outside.code // 100 == 2:
        return question.fails(f"{elsewhere}: {outside.text}", _CLOSE)
    if percent.code // 100 == 2:
        [anybody] = await envelope.to([f"{secrets.token_hex(8)}@{own}"])
        if anybody.code // 100 != 2:  # else every address of the domain is taken, and this is one of them
            return question.fails(f"{through_us}: {percent.text}", _CLOSE)
    for recipient, reply in ((elsewhere, outside), (through_us, percent)):
        if reply.code // 100 == 4:
            return question.unknown(
                f"{recipient}: {reply.text}", "Try again later: a server that is busy does not tell whom it takes."
            )
    return question.passes(f"{elsewhere} is refused with {outside.code}")


async def _relay_for_forgers(question: Question, envelope: Envelope, look: Look) -> Result | None:
    """Judge whether a sender of the stack's own domain, which anybody can write, opens the way out; None if not."""
    sender = f"postmaster@{_own_domain(look)}"
    await envelope.begin(sender)
    elsewhere = _address_elsewhere(look)
    [reply] = await envelope.to([elsewhere])
    return question.fails(f"from {sender}, {elsewhere}: {reply.text}", _CLOSE) if reply.code // 100 == 2 else None


def _own_domain(look: Look) -> str:
    return next(iter(look.expected.domains), look.expected.mail_host)


def _address_elsewhere(look: Look) -> str:
    return f"postmaster@{next(name for name in STRANGERS if name not in look.expected.domains)}"


def _postmaster(question: Question, reply: Reply) -> Result:
    if reply.code // 100 == 2:
        return question.passes(str(reply.code))
    if reply.code // 100 == 4:
        return question.unknown(reply.text, "Try again later: the server cannot tell just now.")
    return question.fails(reply.text, _TAKE)
