"""Whether a login is taken in plain text, and offered under TLS (RFC 4954 section 4, RFC 9051 section 6.2.3)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping

from verify.checks.mail_port import Port
from verify.conversation import Conversation
from verify.result import Question, Result

_GO_ON = 334
_LOOKED_AT = {235, _GO_ON, 454, 535}
"""Replies of a server that has looked at a login, or wants to."""

_REFUSE = "Refuse logins before TLS (`insecure_auth no` in Maddy's configuration): passwords can be read on the way."
_OFFER = "Offer AUTH PLAIN under TLS: users cannot log in."


def offered_before_tls(question: Question, port: Port, offered: Mapping[str, str]) -> Result | None:
    """Judge what is offered before TLS; None where nothing is wrong with it."""
    if port.is_smtp:
        plain = [f"AUTH {offered['AUTH']}"] if "AUTH" in offered else []
    else:
        plain = _mechanisms(offered) or ([] if "LOGINDISABLED" in offered else ["no LOGINDISABLED"])
    return question.fails(f"before TLS: {', '.join(plain)}", _REFUSE) if plain else None


async def tried_before_tls(question: Question, conversation: Conversation) -> Result | None:
    """Judge how SMTP answers a login in plain text, with a made-up name and password; None where it refuses.

    Raises:
        Failure: the conversation broke.
    """
    made_up = base64.b64encode(f"\0{secrets.token_hex(8)}\0{secrets.token_hex(8)}".encode()).decode()
    reply = await conversation.smtp(f"AUTH PLAIN {made_up}")
    if reply.code not in _LOOKED_AT:
        return None
    if reply.code == _GO_ON:
        await conversation.smtp("*")
    return question.fails(f"before TLS, AUTH is answered with {reply.code}", _REFUSE)


def offered_under_tls(question: Question, port: Port, offered: Mapping[str, str]) -> Result:
    """Judge what is offered to users under TLS."""
    if port.is_smtp:
        words = offered.get("AUTH", "").split()
        is_usable = "PLAIN" in words
    else:
        words = _mechanisms(offered)
        is_usable = "AUTH=PLAIN" in words or "LOGINDISABLED" not in offered
    if is_usable:
        return question.passes(f"under TLS: {', '.join(words) or 'LOGIN'}")
    return question.fails(f"under TLS: {', '.join(words) or 'no AUTH'}", _OFFER)


def _mechanisms(offered: Mapping[str, str]) -> list[str]:
    return [word for word in offered if word.startswith("AUTH=")]
