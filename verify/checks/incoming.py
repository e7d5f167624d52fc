"""Whether the server checks what others bring: a signed message is brought to it once more, as another server would."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes

from verify.checks import signing
from verify.checks.access import Access, patiently
from verify.failures import Failure
from verify.result import Question, Result
from verify.submission import MessageRefused, hand_over

MEND_REFUSED = "Look at the server's log for why it refuses signed mail from other servers."
MEND_FAILED = (
    "Look whether the server can ask DNS (the setting `server.dns`) and has the right time: DNS serves what is "
    "declared, and the signature is good."
)
_HOP = re.compile(rb"\A(?:(?:Return-Path|Delivered-To):[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.IGNORECASE)


async def deliver(access: Access, account: str, message: bytes) -> None:
    """Bring a message to the server's port 25 as a bounce for an account.

    Raises:
        MessageRefused: the server does not take it.
        ShutOut: there is no way to the server.
        Failure: the conversation broke.
    """

    async def attempt() -> None:
        async with access.deliveries, access.talking("smtp") as conversation:
            await hand_over(conversation, "", account, _HOP.sub(b"", message))

    await patiently(attempt)


async def judged_refusal(question: Question, access: Access, domain: str, refusal: MessageRefused) -> Result:
    """Judge a message that the server did not take."""
    if skipped := await _not_published(question, access, domain):
        return skipped
    return question.fails(str(refusal), MEND_REFUSED)


async def judged(question: Question, access: Access, domain: str, message: bytes) -> Result:
    """Judge what the server wrote of a message that it took."""
    host = access.look.expected.mail_host
    results = results_of(message)
    if results is None or results.host != host:
        by = f", only one by {results.host}" if results else ""
        return question.fails(f"the message has no Authentication-Results of {host}{by}", signing.MEND)
    said = f"dkim={results.dkim_of(domain)}, dmarc={results.dmarc}"
    if results.dkim_of(domain) == "pass" and results.dmarc == "pass":
        return question.passes(said)
    if skipped := await _not_published(question, access, domain):
        return skipped
    unchecked = "not checked" in said
    return question.fails(said, signing.MEND if unchecked else MEND_FAILED)


@dataclass(frozen=True)
class AuthenticationResults:
    """What a server wrote of a message (RFC 8601).

    Attributes:
        host: who says so, lower case.
        dkim: result and domain of each signature.
        dmarc: result of DMARC, `not checked` where there is none.
    """

    host: str
    dkim: tuple[tuple[str, str], ...]
    dmarc: str

    def dkim_of(self, domain: str) -> str:
        """Return `pass` where one signature of the domain has passed, else what is said of the first."""
        said = [result for result, signer in self.dkim if signer in (domain, "")]
        return "pass" if "pass" in said else next(iter(said), "not checked")


def results_of(message: bytes) -> AuthenticationResults | None:
    """Return the topmost Authentication-Results of a message: the last server wrote it."""
    header = message_from_bytes(message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")["Authentication-Results"]
    if header is None:
        return None
    plain = re.sub(r'\([^()]*\)|"[^"]*"', "", str(header).lower())
    host, *results = (part.strip() for part in plain.split(";"))
    said = [(found[1], found[2], part) for part in results if (found := re.match(r"(\w+)\s*=\s*(\w+)", part))]
    signers = [
        (result, found[1] if (found := re.search(r"header\.d=(\S+)", part)) else "")
        for method, result, part in said
        if method == "dkim"
    ]
    dmarc = next((result for method, result, _ in said if method == "dmarc"), "not checked")
    return AuthenticationResults(host.split()[0] if host else "", tuple(signers), dmarc)


async def _not_published(question: Question, access: Access, domain: str) -> Result | None:
    """Skip where the server had to come to another result, since DNS serves something else than is declared."""
    declared: dict[str, set[str]] = {}
    for record in access.look.expected.domains[domain].records:
        if record.type == "TXT" and (
            record.name == f"_dmarc.{domain}" or record.name.endswith(f"._domainkey.{domain}")
        ):
            declared.setdefault(record.name, set()).add(record.value)
    for name, values in declared.items():
        try:
            served = set((await access.look.dns.ask(name, "TXT")).texts)
        except Failure as failure:
            return question.skipped(f"see `published`: {failure}")
        if not values <= served:
            return question.skipped(f"see `published`: DNS serves another {name} than is declared")
        if served != values:
            single = "dmarc-single" if name.startswith("_dmarc.") else "dkim-single"
            return question.skipped(f"see `{single}`: DNS serves more than one record at {name}")
    return None
