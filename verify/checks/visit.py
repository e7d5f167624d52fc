"""One conversation with one address of a mail port, as far as it gets: greeting, STARTTLS, certificate, AUTH."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from verify.checks import certificates, plain_text
from verify.checks.certificates import Shown
from verify.checks.greeting import NO_ANSWER, greet
from verify.checks.mail_port import Port, capabilities, keywords, negotiated
from verify.checks.reachability import Because, behind, judge, not_seen, see
from verify.conversation import Conversation, connected
from verify.failures import Closed, Failure, Silent, TlsFailed
from verify.look import Look
from verify.result import Question, Result
from verify.submission import EHLO_NAME

VISIT_SECONDS = 20.0
_READY = 220


def _not_looked_at(question: Question) -> Result:
    """Hold the place until there is a reason."""
    return not_seen(Failure("it was not looked at"))(question)


class _Again(Exception):  # noqa: N818 - it is no error
    """Another conversation gets further than this one."""


@dataclass(kw_only=True)
class Visit:
    """What is found at one address of a port.

    Attributes:
        look: the run's view of the world.
        port: which port.
        address: where.
        questions: the checks that are judged for each address.
        results: their results, by check.
        greeted: whether the port's protocol is spoken there.
        shown: the certificate.
        version: of TLS.
        tls_failure: why there is no TLS.
        rest: why what was not judged was not.
    """

    look: Look
    port: Port
    address: str
    questions: Mapping[str, Question]
    results: dict[str, Result] = field(default_factory=dict)
    greeted: bool = False
    shown: Shown | None = None
    version: str = ""
    tls_failure: TlsFailed | None = None
    rest: Because = field(default=_not_looked_at)
    _distrust: str = ""
    _has_tried_login: bool = False

    async def make(self) -> None:
        """Have the conversation, and another one where the certificate or an early end asks for it."""
        try:
            async with self.port.turns, asyncio.timeout(VISIT_SECONDS):
                while await self._is_worth_another():
                    pass
        except TimeoutError:
            said = f"port {self.port.number} on {self.address} took over {VISIT_SECONDS:g} s"
            self.rest = not_seen(Silent(said))
        except Failure as failure:
            self.rest = not_seen(failure)
        for check, question in self.questions.items():
            self.results.setdefault(check, self.rest(question))

    async def _is_worth_another(self) -> bool:
        """Have one conversation; tell whether another one gets further. There are three at most."""
        try:
            async with AsyncExitStack() as stack:
                await self._from_the_start(stack)
        except _Again:
            return True
        return False

    async def _from_the_start(self, stack: AsyncExitStack) -> None:
        reach = self.questions["port-reachable"]
        try:
            conversation = await stack.enter_async_context(connected(self.address, self.port.number))
        except Failure as failure:
            was_open = reach.check in self.results
            self._note(judge(reach, self.address, self.port.number, failure))
            self.rest = not_seen(failure) if was_open else behind(reach.check, failure)
            return
        self._note(judge(reach, self.address, self.port.number, None))
        if self.port.has_tls_at_once and not await self._has_tls(conversation, "greeting"):
            return
        greeted = await greet(self.questions["greeting"], self.port, conversation)
        self._note(greeted.result)
        self.greeted = greeted.goes_on
        if not greeted.goes_on:
            self.rest = see("greeting", greeted.result.found)
            return
        offered: Mapping[str, str] = greeted.offered
        if not self.port.has_tls_at_once:
            await self._plain_text(conversation, offered)
            if not await self._starttls(conversation, offered):
                return
            offered = await self._offered(conversation)
        self._note(plain_text.offered_under_tls(self.questions["auth-after-tls"], self.port, offered))

    async def _plain_text(self, conversation: Conversation, offered: Mapping[str, str]) -> None:
        question = self.questions["auth-after-tls"]
        fault = plain_text.offered_before_tls(question, self.port, offered)
        has_hung_up = False
        if fault is None and self.port.is_smtp and not self._has_tried_login:
            self._has_tried_login = True
            try:
                fault = await plain_text.tried_before_tls(question, conversation)
            except Closed:
                has_hung_up = True
        if fault is not None:
            self._note(fault)
        elif self.port.name == "smtp":  # where nobody logs in, under TLS neither
            self._note(question.passes("no login before TLS"))
        if has_hung_up:
            raise _Again

    async def _starttls(self, conversation: Conversation, offered: Mapping[str, str]) -> bool:
        """Have TLS by STARTTLS; tell whether there is."""
        question = self.questions["starttls"]
        if "STARTTLS" not in offered:
            refusal = f"not offered; there is: {', '.join(offered) or 'nothing'}"
        elif self.port.is_smtp:
            reply = await conversation.smtp("STARTTLS")
            refusal = "" if reply.code == _READY else f"answered with {reply.text}"
        else:
            said, lines = await conversation.imap("STARTTLS")
            refusal = "" if said == "OK" else f"answered with {lines[-1].decode(errors='backslashreplace')}"
        if refusal:
            self._note(
                question.fails(
                    refusal,
                    "Look whether the server has its certificate; if it does offer STARTTLS, somebody in between "
                    "strips it, such as a firewall that inspects mail.",
                )
            )
            self.rest = see("starttls", refusal)
            return False
        has_tls = await self._has_tls(conversation, "starttls")
        self._note(question.passes("offered and granted"))
        return has_tls

    async def _has_tls(self, conversation: Conversation, stage: str) -> bool:
        """Make the handshake and tell whether there is TLS; `stage` is the check that fails where no answer comes."""
        distrust = self._distrust
        context = self.look.tls_with_any_certificate() if distrust else self.look.tls_with_a_trusted_chain
        try:
            await conversation.start_tls(context, self.port.host)
        except Silent as failure:
            self._note(self.questions[stage].fails(str(failure), NO_ANSWER))
            self.rest = see(stage, str(failure))
            return False
        except TlsFailed as failure:
            if failure.verify_code and not distrust:
                self._distrust = failure.reason
                raise _Again from None
            self.tls_failure = failure
            self.rest = see("tls-new", str(failure))
            return False
        self.version, _ = negotiated(conversation)
        self.shown = certificates.distrusted(conversation, distrust) if distrust else certificates.trusted(conversation)
        return True

    async def _offered(self, conversation: Conversation) -> dict[str, str]:
        if self.port.is_smtp:
            return keywords(await conversation.smtp(f"EHLO {EHLO_NAME}"))
        return dict.fromkeys(capabilities((await conversation.imap("CAPABILITY"))[1]), "")

    def _note(self, result: Result) -> None:
        """Keep a result; the first one of a check stays."""
        self.results.setdefault(result.check, result)
