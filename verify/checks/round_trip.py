"""A message from an account to itself, over both ports for sending, and back: one trip for each domain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

from verify.checks import incoming, login, signing
from verify.checks.access import Access, ShutOut, patiently
from verify.checks.folders import Arrival, arrivals, clean, mend_by_hand
from verify.checks.letter import letter, new_subject
from verify.failures import Failure
from verify.mailbox import Mailbox
from verify.probe import Probe
from verify.result import Question, Result
from verify.submission import LoginRefused, MessageRefused, hand_over

PROTOCOLS = ("submissions", "submission")
ARRIVAL_SECONDS = 10.0
TRIP_SECONDS = 40.0
CLEANING_SECONDS = 8.0
MEND_REFUSED = "Look at the server's log for why it refuses mail of its own user."
MEND_LATE = "Look at the server's log for where the message is: it was accepted, and is in no folder."
MEND_JUNK = "Look why mail of the server's own user is taken for junk: a filter, or a rule in the mailbox."


def probes(access: Access, seconds: float) -> Iterator[Probe]:
    """Give one probe a domain; with the wait for its turn it takes `seconds` at most."""
    for domain in access.look.expected.domains:
        trip = Trip(access, domain, next(iter(access.accounts(domain)), ""))
        yield Probe(group="delivery", about=trip.questions, look=partial(_travel, trip), seconds=seconds)


@dataclass
class Trip:
    """One domain's messages on their way.

    Attributes:
        access: to the server.
        domain: whose keys sign.
        account: sender and recipient; "" where the domain has none.
        results: what is known by now.
        entered: whether the mailbox could be opened, so that it is to be left clean.
        sent: the subjects of what was sent, to whether the server has taken it.
    """

    access: Access
    domain: str
    account: str
    results: list[Result] = field(default_factory=list)
    entered: bool = False
    sent: dict[str, bool] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in the order of the catalogue."""
        return (
            *((login.question_on(self.account),) if self.account else ()),
            *(self._submit(protocol) for protocol in PROTOCOLS),
            self._receive,
            self._signature,
            self._incoming,
            self.clean_up,
        )

    def _on(self, check: str, subject: str, expected: str) -> Question:
        return Question(check=check, domain=self.domain, subject=subject, expected=expected)

    def _submit(self, protocol: str) -> Question:
        endpoint = self.access.look.expected.endpoints.get(protocol)
        return self._on("submit", f"{protocol} {endpoint.port}" if endpoint else protocol, "a message is accepted")

    @property
    def _receive(self) -> Question:
        return self._on("receive", self.account, f"what was accepted is there within {ARRIVAL_SECONDS:g} s")

    @property
    def _signature(self) -> Question:
        return self._on("signature", self.account, f"a DKIM signature of {self.domain}, by the stack's key")

    @property
    def _incoming(self) -> Question:
        return self._on("incoming", self.account, "the server says dkim=pass and dmarc=pass")

    @property
    def clean_up(self) -> Question:
        """The question whether the test messages are gone."""
        return self._on("clean-up", self.account, "no test message stays")

    def answer_rest(self, answer: Callable[[Question], Result]) -> None:
        """Give the same answer to all that is still open, but for the cleaning up, which is done last."""
        known = {(result.check, result.subject) for result in self.results}
        for question in self.questions:
            if (question.check, question.subject) not in known and not (self.entered and question == self.clean_up):
                self.results.append(answer(question))

    @property
    def is_dirty(self) -> bool:
        """Whether the cleaning up is still to be done."""
        return self.entered and all(result.check != self.clean_up.check for result in self.results)

    async def make(self) -> None:
        """Log in, send, receive, judge, clean up.

        Raises:
            Failure: something broke on the way.
        """
        async with AsyncExitStack() as stack:
            try:
                mailbox = await stack.enter_async_context(self.access.mailbox(self.account))
            except Failure as failure:
                self.results.append(login.judged(self.access, self.account, failure))
                reason = str(failure) if isinstance(failure, ShutOut) else "see `login`"
                self.answer_rest(lambda question: question.skipped(reason))
                return
            self.entered = True
            self.results.append(login.judged(self.access, self.account, None))
            submitted = await asyncio.gather(*(self._sends(protocol) for protocol in PROTOCOLS))
            self.results.extend(submitted)
            there = await self._receives(mailbox)
            if there is not None:
                await self._judges(mailbox, there)
            see = "see `receive`" if any(self.sent.values()) else "see `submit`"
            self.answer_rest(lambda question: question.skipped(see))
            self.results.append(await self._cleaned(mailbox))

    async def _cleaned(self, mailbox: Mailbox) -> Result:
        return await clean(mailbox, self.clean_up, self.sent, self.access.look.now, self.access.deletion)

    async def clean_anew(self) -> None:
        """Clean up over a new connection, after the trip broke off."""
        try:
            async with asyncio.timeout(CLEANING_SECONDS), self.access.mailbox(self.account) as mailbox:
                self.results.append(await self._cleaned(mailbox))
        except (Failure, TimeoutError):
            self.results.append(self.clean_up.warns("the mailbox could not be opened again", mend_by_hand(self.sent)))

    async def _sends(self, protocol: str) -> Result:
        question, subject = self._submit(protocol), new_subject()
        message = letter(self.account, self.account, subject, self.access.look.now)

        async def attempt() -> None:
            async with self.access.submitting(protocol, self.account) as conversation:
                self.sent[subject] = False
                await hand_over(conversation, self.account, self.account, message)

        try:
            await patiently(attempt)
        except ShutOut as failure:
            return question.skipped(str(failure))
        except (LoginRefused, MessageRefused) as failure:
            return question.fails(str(failure), MEND_REFUSED)
        except Failure as failure:
            return question.unknown(str(failure), failure.mend)
        self.sent[subject] = True
        return question.passes("accepted over TLS, after the login")

    async def _receives(self, mailbox: Mailbox) -> Arrival | None:
        """Judge whether all that was accepted arrives; return the first that did."""
        accepted = {subject for subject, taken in self.sent.items() if taken}
        if not accepted:
            return None
        found = await arrivals(mailbox, accepted, len(accepted), ARRIVAL_SECONDS)
        said = f"{len(found)} of {len(accepted)} arrived"
        if len(found) < len(accepted):
            self.results.append(self._receive.fails(said, MEND_LATE))
        elif any(arrival.folder != "INBOX" for arrival in found):
            self.results.append(self._receive.warns(f"{said}, in {found[-1].folder}", MEND_JUNK))
        else:
            self.results.append(self._receive.passes(said))
        return next(iter(found), None)

    async def _judges(self, mailbox: Mailbox, there: Arrival) -> None:
        message = await mailbox.read(there.folder, there.uid)
        declared = self.access.look.expected.domains[self.domain].dkim
        signed = await signing.judged(self._signature, message, self.domain, declared)
        self.results.append(signed)
        if signed.verdict != "pass":
            self.results.append(self._incoming.skipped("see `signature`"))
            return
        try:
            await incoming.deliver(self.access, self.account, message)
        except MessageRefused as refusal:
            self.results.append(await incoming.judged_refusal(self._incoming, self.access, self.domain, refusal))
            return
        except ShutOut as failure:
            self.results.append(self._incoming.skipped(str(failure)))
            return
        both = await arrivals(mailbox, {there.subject}, 2, ARRIVAL_SECONDS)
        again = next((arrival for arrival in both if arrival != there), None)
        if again is None:
            self.results.append(self._incoming.fails("accepted, and in no folder", MEND_LATE))
            return
        brought = await mailbox.read(again.folder, again.uid)
        self.results.append(await incoming.judged(self._incoming, self.access, self.domain, brought))


async def _travel(trip: Trip) -> list[Result]:
    if trip.account not in trip.access.passwords:
        reason = "the outputs have no password for this account" if trip.account else "the domain has no account"
        return [question.skipped(reason) for question in trip.questions]
    async with trip.access.domains:
        try:
            async with asyncio.timeout(TRIP_SECONDS):
                await trip.make()
        except TimeoutError:
            said = f"no result within {TRIP_SECONDS:g} s"
            trip.answer_rest(
                lambda question: question.unknown(said, "Try again; if it stays so, the server is too slow.")
            )
        except Failure as failure:
            said, mend = str(failure), failure.mend
            trip.answer_rest(lambda question: question.unknown(said, mend))
        finally:
            if trip.is_dirty:
                await trip.clean_anew()
    return trip.results
