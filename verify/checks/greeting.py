"""What a mail server says first: the greeting, and the answer to EHLO or CAPABILITY."""

from __future__ import annotations

import re
from dataclasses import dataclass

from verify.checks.mail_port import Port, capabilities, keywords
from verify.conversation import Conversation, Reply
from verify.failures import Closed, Gibberish, Silent
from verify.result import Question, Result
from verify.submission import EHLO_NAME

_LOOKS_LIKE_A_HOST = re.compile(r"\[.*\]|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\.?|localhost", re.IGNORECASE)
NO_ANSWER = "Look why the server does not answer: others give up, as this does."
_WRONG = "Set `server.hostname` to the MX host, and look which program answers on this port."


@dataclass(frozen=True, kw_only=True)
class Greeted:
    """How a conversation began.

    Attributes:
        result: of the greeting.
        goes_on: whether anything more can be said there.
        offered: of SMTP the keywords of EHLO with their parameters; of IMAP the capabilities with "".
    """

    result: Result
    goes_on: bool
    offered: dict[str, str]


async def greet(question: Question, port: Port, conversation: Conversation) -> Greeted:
    """Read the greeting, ask what is offered, and judge the two.

    Raises:
        Failure: the conversation broke after the greeting.
    """
    try:
        if port.is_smtp:
            return await _smtp(question, port.host, conversation)
        return await _imap(question, conversation)
    except Silent as failure:
        return _ends(question.fails(str(failure), NO_ANSWER))
    except Closed as failure:
        return _ends(question.fails(str(failure), failure.mend))
    except Gibberish as failure:
        return _ends(question.fails(str(failure), failure.mend))


async def _smtp(question: Question, host: str, conversation: Conversation) -> Greeted:
    banner = await conversation.reply()
    if banner.code != 220:
        return _ends(question.fails(banner.text, "Look in the server's log why it takes no mail."))
    hello = await conversation.smtp(f"EHLO {EHLO_NAME}")
    if hello.code != 250:
        return _ends(question.fails(f"EHLO is answered with {hello.text}", _WRONG))
    offered = keywords(hello)
    if said := _unprintable(banner) or _unprintable(hello):
        result = question.fails(f"control characters in {said}", _WRONG)
    elif _first_word(banner) != host:
        result = question.fails(banner.text, _WRONG)
    elif _LOOKS_LIKE_A_HOST.fullmatch(name := _first_word(hello)) and name != host:
        result = question.fails(f"EHLO is answered with {hello.code} {hello.lines[0]}", _WRONG)
    else:
        result = question.passes(banner.text)
    return Greeted(result=result, goes_on=True, offered=offered)


async def _imap(question: Question, conversation: Conversation) -> Greeted:
    banner = (await conversation.line()).decode(errors="backslashreplace")
    if not re.match(r"\* OK\b", banner, re.IGNORECASE):
        return _ends(question.fails(banner[:200] or "an empty line", _WRONG))
    _, lines = await conversation.imap("CAPABILITY")
    offered = dict.fromkeys(capabilities(lines), "")
    if not banner.isprintable():
        result = question.fails(f"control characters in {banner}", _WRONG)
    else:
        result = question.passes("* OK")
    return Greeted(result=result, goes_on=True, offered=offered)


def _ends(result: Result) -> Greeted:
    return Greeted(result=result, goes_on=False, offered={})


def _first_word(reply: Reply) -> str:
    return reply.lines[0].partition(" ")[0].lower().removesuffix(".")


def _unprintable(reply: Reply) -> str:
    """Return the first line that has more than text in it, "" where there is none."""
    return next((line for line in reply.lines if not line.replace("\t", " ").isprintable()), "")
