"""Whether the server takes the accounts' passwords, and no other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial

from pydantic import SecretStr

from verify.checks.access import Access, ShutOut
from verify.failures import Failure
from verify.probe import Probe
from verify.result import Question, Result
from verify.submission import LoginRefused

MEND = "Give the account a new password in the stack file (docs/operations.md) and run `pulumi up`, which sets it."
MEND_OPEN = "Take the server off the net until its `auth` is right again: anybody can read and send mail."


def probes(access: Access, seconds: float) -> Iterator[Probe]:
    """Give one probe for each account but a domain's first, which the round trip logs in to, and one for the server."""
    for domain in access.look.expected.domains:
        for account in access.accounts(domain)[1:]:
            yield Probe(
                group="delivery",
                about=(question_on(account),),
                look=partial(_one, access, account),
                seconds=seconds,
            )
    if access.look.expected.accounts:
        question = Question(
            check="wrong-password",
            domain=access.look.expected.mail_host,
            subject="imaps and submissions",
            expected="a made-up password is refused",
        )
        yield Probe(group="delivery", about=(question,), look=partial(_wrong, access, question), seconds=seconds)


def question_on(account: str) -> Question:
    """Return the question whether an account's password works."""
    return Question(
        check="login", domain=account.rpartition("@")[2], subject=account, expected="the stack's password logs in"
    )


def judged(access: Access, account: str, failure: Failure | None) -> Result:
    """Judge how a login over IMAPS ended."""
    question = question_on(account)
    if account not in access.passwords:
        return question.skipped("the outputs have no password for this account")
    if isinstance(failure, ShutOut):
        return question.skipped(str(failure))
    if isinstance(failure, LoginRefused):
        return question.fails("the server refuses it", MEND)
    if failure is not None:
        return question.unknown(str(failure), failure.mend)
    return question.passes("it does")


async def _one(access: Access, account: str) -> list[Result]:
    failure: Failure | None = None
    if account in access.passwords:
        try:
            async with access.mailbox(account):
                pass
        except Failure as caught:
            failure = caught
    return [judged(access, account, failure)]


async def _wrong(access: Access, question: Question) -> list[Result]:
    account, made_up = access.look.expected.accounts[0], SecretStr(secrets.token_urlsafe(18))
    taken: list[str] = []
    unseen: list[Failure] = []
    for protocol in ("imaps", "submissions"):
        opening = (
            access.mailbox(account, made_up) if protocol == "imaps" else access.submitting(protocol, account, made_up)
        )
        try:
            async with opening:
                taken.append(protocol)
        except LoginRefused:
            continue
        except Failure as failure:
            unseen.append(failure)
    if taken:
        return [question.fails(f"{' and '.join(taken)} let {account} in with it", MEND_OPEN)]
    if not unseen:
        return [question.passes("both refuse it")]
    first = min(unseen, key=lambda failure: isinstance(failure, ShutOut))
    if isinstance(first, ShutOut):
        return [question.skipped(str(first))]
    return [question.unknown(str(first), first.mend)]
