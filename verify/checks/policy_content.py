"""What a policy site answers, judged against what the domain declares and what DNS serves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mail import mta_sts
from verify.checks import policy_text
from verify.checks.declared import is_as_declared, served
from verify.checks.policy_fetch import LARGEST, Fetched
from verify.checks.policy_text import Policy, PolicyError
from verify.checks.reachability import Because, not_seen, see
from verify.expectation import MtaSts
from verify.failures import Failure
from verify.look import Look
from verify.result import Question, Result

SHORTEST_MAX_AGE = 86_400  # seconds, one day
_OK = 200
_MEND = "Run `pulumi up --refresh`: it puts back what was changed by hand."

Questions = Mapping[str, Question]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the policy is held against.

    Attributes:
        declared: by the stack.
        hosts: the domain's MX hosts as DNS serves them, or why they cannot be told.
        identifier: the id that DNS serves, or why it cannot be told.
    """

    declared: MtaSts
    hosts: Sequence[str] | Because
    identifier: str | Because

    @classmethod
    async def of(cls, look: Look, domain: str, declared: MtaSts) -> Known:
        """Find out what DNS serves."""
        return cls(declared=declared, hosts=await _hosts(look, domain), identifier=await _identifier(look, domain))


def expectations(declared: MtaSts) -> dict[str, str]:
    """Return the checks with what each expects."""
    mode = _declared_mode(declared)
    return {
        "policy-status": "status 200, no redirect",
        "policy-type": "text/plain",
        "policy-size": f"at most {LARGEST // 1024} KiB",
        "policy-syntax": "a policy that senders can read",
        "policy-mode": f"mode: {mode}" if mode else "mode: testing or enforce",
        "policy-max-age": f"max_age from {SHORTEST_MAX_AGE} to {mta_sts.LONGEST_MAX_AGE} s",
        "policy-mx": "an mx line for every MX host",
        "policy-id": "the id in DNS is that of the policy served",
    }


def judge(questions: Questions, answer: Fetched | Failure, known: Known) -> dict[str, Result]:
    """Return the results by check, of what one address answered."""
    status = _status(questions["policy-status"], answer)
    others = {check: question for check, question in questions.items() if check != "policy-status"}
    if status.verdict != "pass" or isinstance(answer, Failure):
        because = see("policy-status", status.found)
        return {"policy-status": status} | {check: because(question) for check, question in others.items()}
    results = {"policy-status": status, "policy-type": _type(questions["policy-type"], answer)}
    results |= _size_and_text(questions, answer, known)
    results["policy-id"] = _in_step(questions["policy-id"], answer, known, results)
    return results


def _status(question: Question, answer: Fetched | Failure) -> Result:
    if isinstance(answer, Failure):
        return question.fails(str(answer), "Start the web server; senders cannot get the policy.")
    if answer.status == _OK:
        return question.passes("200")
    if answer.location:
        return question.fails(
            f"{answer.status}, a redirect to {answer.location}",
            "Serve the policy itself at its address: senders follow no redirect, and go without the policy.",
        )
    return question.fails(str(answer.status), "Have the web server serve the policy there: run `pulumi up --refresh`.")


def _type(question: Question, answer: Fetched) -> Result:
    said = answer.content_type
    if said.partition(";")[0].strip().lower() == "text/plain":
        return question.passes(said)
    return question.fails(said or "no Content-Type", "Serve the policy as text/plain: senders refuse other types.")


def _size_and_text(questions: Questions, answer: Fetched, known: Known) -> dict[str, Result]:
    size, syntax = questions["policy-size"], questions["policy-syntax"]
    of_the_text = [questions[check] for check in ("policy-mode", "policy-max-age", "policy-mx")]

    def without_text(because: Because) -> dict[str, Result]:
        return {question.check: because(question) for question in of_the_text}

    if not answer.is_whole:
        found = f"over {LARGEST // 1024} KiB; no more was read"
        because = see("policy-size", found)
        mend = "Serve the policy itself, which has less than 1 KiB: senders stop reading."
        return {size.check: size.fails(found, mend), syntax.check: because(syntax), **without_text(because)}
    results = {size.check: size.passes(f"{len(answer.body)} bytes")}
    try:
        policy = policy_text.read(answer.body)
    except PolicyError as fault:
        results[syntax.check] = syntax.fails(str(fault), f"Senders go without the policy. {_MEND}")
        return results | without_text(see(syntax.check, str(fault)))
    if policy.oddities:
        results[syntax.check] = syntax.warns("; ".join(policy.oddities), _MEND)
    else:
        results[syntax.check] = syntax.passes(f"version STSv1, {len(policy.mx)} mx")
    judged = (
        _mode(of_the_text[0], policy, known),
        _max_age(of_the_text[1], policy),
        _mx(of_the_text[2], policy, known),
    )
    return results | {result.check: result for result in judged}


def _mode(question: Question, policy: Policy, known: Known) -> Result:
    found, declared = f"mode: {policy.mode}", _declared_mode(known.declared)
    if declared and policy.mode != declared:
        return question.fails(found, f"The site serves another policy than the stack's. {_MEND}")
    if policy.mode == "none":
        return question.warns(
            found, "Set `mtaSts.mode` to testing, later to enforce: with none, anybody in between can read the mail."
        )
    return question.passes(found)


def _max_age(question: Question, policy: Policy) -> Result:
    found = f"max_age: {policy.max_age}"
    if policy.max_age > mta_sts.LONGEST_MAX_AGE:
        return question.fails(found, f"Set `mtaSts.maxAge` to {mta_sts.LONGEST_MAX_AGE} (a year) at most.")
    if policy.max_age < SHORTEST_MAX_AGE and policy.mode != "none":
        return question.warns(
            found,
            "Set `mtaSts.maxAge` to a week (604800) or more: a sender that remembers the policy for so short a time is "
            "open to whoever suppresses it.",
        )
    return question.passes(found)


def _mx(question: Question, policy: Policy, known: Known) -> Result:
    if policy.mode == "none":
        return question.skipped("mode: none asks for no MX host")
    if callable(known.hosts):
        return known.hosts(question)
    found = f"mx: {', '.join(policy.mx)}"
    if missing := [host for host in known.hosts if not policy.covers(host)]:
        return question.fails(
            f"{found}; without {', '.join(missing)}",
            f"Name every MX host in the policy: in mode enforce senders deliver to no other. {_MEND}",
        )
    return question.passes(found)


def _in_step(question: Question, answer: Fetched, known: Known, results: Mapping[str, Result]) -> Result:
    text = answer.body.decode(errors="replace")
    if text != known.declared.policy:
        for result in results.values():
            if result.verdict != "pass" and result.check != question.check:
                return question.skipped(f"see `{result.check}`: it is not the policy that the id stands for")
    if callable(known.identifier):
        return known.identifier(question)
    found = f"DNS has id={known.identifier}, the policy's is {mta_sts.policy_id(text)}"
    if known.identifier == mta_sts.policy_id(text):
        return question.passes(f"id={known.identifier}")
    return question.fails(
        found,
        "Run `pulumi up --refresh`: it serves the policy again that the id stands for; senders with an old policy "
        "notice a change by the id alone.",
    )


def _declared_mode(declared: MtaSts) -> str:
    try:
        return policy_text.read(declared.policy.encode()).mode
    except PolicyError:
        return ""


async def _hosts(look: Look, domain: str) -> Sequence[str] | Because:
    try:
        found = (await served(look, domain, "MX")).texts
        if not await is_as_declared(look, domain, "MX"):
            return see("published", "the MX record is not as declared")
    except Failure as failure:
        return not_seen(failure)
    declared = {record.value for record in look.expected.domains[domain].records if record.type == "MX"}
    if set(found) - declared:
        return see("mx-single", "there are other MX records than the declared one")
    hosts = [text.split(" ")[-1] for text in found]
    return hosts if any(host != "." for host in hosts) else see("published", "there is no MX host")


async def _identifier(look: Look, domain: str) -> str | Because:
    name = mta_sts.record_name(domain)
    try:
        if not await is_as_declared(look, name, "TXT"):
            return see("published", f"{name} TXT is not as declared")
        texts = [text for text in (await served(look, name, "TXT")).texts if text.startswith("v=STSv1")]
    except Failure as failure:
        return not_seen(failure)
    if len(texts) > 1:
        return see("mta-sts-single", f"{name} has {len(texts)} records")
    found = re.search(r";[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(;|$)", texts[0] if texts else "")
    return found[1] if found else see("mta-sts-record", f"{name} has no id")
