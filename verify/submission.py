"""SMTP as a client speaks it: a login over TLS that was verified, and a message handed over."""

from __future__ import annotations

import base64
import re
import ssl

from pydantic import SecretStr

from verify.conversation import Conversation, Reply
from verify.failures import Failure, Gibberish

EHLO_NAME = "maddy-stack-check.invalid"
"""What this machine calls itself: a name that is nowhere (RFC 6761), so that no SPF policy speaks of it."""


class LoginRefused(Failure):
    """The server does not take the login. What it said is left out: it may repeat the password."""

    mend = "Look whether the account is there, and has this password."


class MessageRefused(Failure):
    """The server does not take the message.

    Attributes:
        step: the command that it refuses.
        reply: what it said.
    """

    mend = "Look at the server's log for why it refuses the message."

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(f"{step} is answered with {reply.text}")
        self.step = step
        self.reply = reply


async def greet(conversation: Conversation, starttls: ssl.SSLContext | None = None, server_name: str = "") -> Reply:
    """Read the greeting and say EHLO; with a context, have TLS by STARTTLS and say it again (RFC 3207).

    Returns:
        The reply to the last EHLO.

    Raises:
        Failure: the conversation does not come that far.
    """
    _accepted("the connection", await conversation.reply())
    offered = _accepted("EHLO", await conversation.smtp(f"EHLO {EHLO_NAME}"))
    if starttls is None:
        return offered
    _accepted("STARTTLS", await conversation.smtp("STARTTLS"))
    await conversation.start_tls(starttls, server_name)
    return _accepted("EHLO", await conversation.smtp(f"EHLO {EHLO_NAME}"))


async def log_in(conversation: Conversation, user: str, password: SecretStr) -> None:
    """Log in with SASL PLAIN (RFC 4616, RFC 4954).

    Raises:
        LoginRefused: the server says no (454 and 535 alike).
        MessageRefused: the server does not get as far as looking at the password.
        Failure: the conversation broke.
    """
    try:
        reply = await conversation.smtp(f"AUTH PLAIN {plain(conversation, user, password)}")
    except Gibberish:
        raise Gibberish(f"{conversation.where} answers AUTH with what is no SMTP reply") from None
    if reply.code in (454, 535):
        raise LoginRefused(f"{conversation.where} refuses the login with {reply.code}")
    _accepted("AUTH", Reply(reply.code, ()), code=235)


async def hand_over(conversation: Conversation, sender: str, recipient: str, message: bytes) -> None:
    """Hand a message over.

    Args:
        conversation: after EHLO, and the login where one is needed.
        sender: envelope sender, "" for a bounce's.
        recipient: envelope recipient.
        message: with CRLF line ends.

    Raises:
        MessageRefused: the server says no at some step.
        Failure: the conversation broke.
    """
    _accepted("MAIL FROM", await conversation.smtp(f"MAIL FROM:<{_path(sender)}>"))
    _accepted("RCPT TO", await conversation.smtp(f"RCPT TO:<{_path(recipient)}>"))
    _accepted("DATA", await conversation.smtp("DATA"), code=354)
    stuffed = re.sub(rb"^\.", b"..", message.removesuffix(b"\r\n"), flags=re.MULTILINE)
    _accepted("the message", await conversation.smtp(stuffed + b"\r\n."))


def plain(conversation: Conversation, user: str, password: SecretStr) -> str:
    """Return the SASL PLAIN response in base64, for a connection whose other end is proven.

    Raises:
        ValueError: there is no TLS, or its certificate was not verified; a password must not go there.
    """
    tls = conversation.tls
    if tls is None or tls.context.verify_mode != ssl.CERT_REQUIRED or not tls.context.check_hostname:
        raise ValueError(f"{conversation.where}: a password goes over verified TLS alone")
    return base64.b64encode(f"\0{user}\0{password.get_secret_value()}".encode()).decode()


def _path(address: str) -> str:
    if re.search(r"[\s<>]", address):
        raise ValueError(f"{address!r} is no mail address")
    return address


def _accepted(step: str, reply: Reply, code: int | None = None) -> Reply:
    if reply.code != code if code else reply.code // 100 != 2:
        raise MessageRefused(step, reply)
    return reply
