"""The test message: recognised by its subject, and explained to whoever finds it."""

from __future__ import annotations

import secrets
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

SUBJECT = "maddy-stack check"
BODY = """\
This is a test message. It was sent by `make verify` of maddy-stack, to prove that mail comes and goes and is signed.

It should have been deleted right after it arrived; if you read this, delete it.
"""


def new_subject() -> str:
    """Return a subject that no other message has."""
    return f"{SUBJECT} {secrets.token_hex(8)}"


def letter(sender: str, to: str, subject: str, now: datetime) -> bytes:
    """Return a test message, with CRLF line ends.

    Args:
        sender: address; also the envelope's.
        to: address.
        subject: from `new_subject`.
        now: its date, aware.
    """
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(BODY)
    return message.as_bytes()
