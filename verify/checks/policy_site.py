"""The site that serves a domain's MTA-STS policy (RFC 8461 section 3.3): connection, certificate, answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from mail import mta_sts
from verify.checks import certificates, policy_content
from verify.checks.certificates import Shown
from verify.checks.policy_content import Known, Questions
from verify.checks.policy_fetch import Fetched, fetch
from verify.checks.reachability import behind, judge, not_seen, see, together
from verify.conversation import connected
from verify.expectation import MtaSts
from verify.failures import Failure, TlsFailed
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

PROBE_SECONDS = 60.0
MOST_AT_ONCE = 100
_CERTIFICATE = ("policy-chain", "policy-name", "policy-expiry")


@dataclass
class Sites:
    """The policy sites as one run looks at them; many domains may share an address.

    Attributes:
        look: the run's view of the world.
    """

    look: Look
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))
    _reached: dict[str, asyncio.Task[Failure | None]] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Where they are served."""
        endpoint = self.look.expected.endpoints.get("https")
        return endpoint.port if endpoint else 443

    async def unreachable(self, address: str) -> Failure | None:
        """Return why an address takes no connection, None where it does; tried once, however many ask."""
        if address not in self._reached:
            self._reached[address] = asyncio.ensure_future(self._connect(address))
        return await asyncio.shield(self._reached[address])

    async def certificate(self, address: str, host: str) -> Shown | Failure:
        """Return the certificate that is shown for a host."""
        try:
            async with self._turns:
                return await self._certificate(address, host)
        except Failure as failure:
            return failure

    async def answer(self, address: str, host: str) -> Fetched | Failure:
        """Return the answer, whatever the certificate."""
        try:
            async with self._turns:
                return await fetch(host, address, self.port, self._any_certificate)
        except Failure as failure:
            return failure

    @cached_property
    def _any_certificate(self) -> ssl.SSLContext:
        return self.look.tls_with_any_certificate()

    async def _connect(self, address: str) -> Failure | None:
        try:
            async with connected(address, self.port):
                return None
        except Failure as failure:
            return failure

    async def _certificate(self, address: str, host: str) -> Shown:
        try:
            tls = self.look.tls_with_a_trusted_chain
            async with connected(address, self.port, tls=tls, server_name=host) as conversation:
                return certificates.trusted(conversation)
        except TlsFailed as failure:
            if not failure.verify_code:
                raise
            reason = failure.reason
        async with connected(address, self.port, tls=self._any_certificate, server_name=host) as conversation:
            return certificates.distrusted(conversation, reason)


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe for each domain with a policy."""
    sites = Sites(look)
    for domain, expected in look.expected.domains.items():
        if expected.mta_sts is not None:
            questions = _questions(domain, expected.mta_sts)
            yield Probe(
                group="policy",
                about=tuple(questions.values()),
                look=partial(_all, sites, domain, expected.mta_sts, questions),
                seconds=PROBE_SECONDS,
            )


def _questions(domain: str, declared: MtaSts) -> dict[str, Question]:
    host = mta_sts.policy_host(domain)
    expected = {
        "policy-reachable": "takes connections",
        "policy-chain": "a chain to a CA that is trusted",
        "policy-name": f"a certificate for {host}",
        "policy-expiry": "valid now, and for a while yet",
        **policy_content.expectations(declared),
    }
    return {
        check: Question(check=check, domain=domain, subject=host, expected=what) for check, what in expected.items()
    }


async def _all(sites: Sites, domain: str, declared: MtaSts, questions: Questions) -> list[Result]:
    host = mta_sts.policy_host(domain)
    addresses = await sites.look.addresses(host)
    if not addresses:
        because = see("published", f"{host} has no address")
        return [because(question) for question in questions.values()]
    reach, known = questions["policy-reachable"], await Known.of(sites.look, domain, declared)
    others = {check: question for check, question in questions.items() if check != reach.check}
    found = await asyncio.gather(*(_at(sites, host, address, others, known) for address in addresses))
    rows = [
        judge(replace(reach, subject=f"{host} {sites.port} on {address}"), address, sites.port, failure)
        for address, (failure, _) in zip(addresses, found, strict=True)
    ]
    return rows + [
        together(question, [(address, results[check]) for address, (_, results) in zip(addresses, found, strict=True)])
        for check, question in others.items()
    ]


async def _at(
    sites: Sites, host: str, address: str, questions: Questions, known: Known
) -> tuple[Failure | None, Mapping[str, Result]]:
    """Return why an address takes no connection, or None, and what follows for each check."""
    if failure := await sites.unreachable(address):
        because = behind("policy-reachable", failure)
        return failure, {check: because(question) for check, question in questions.items()}
    answer, shown = await asyncio.gather(sites.answer(address, host), sites.certificate(address, host))
    content = {check: question for check, question in questions.items() if check not in _CERTIFICATE}
    judged = dict(policy_content.judge(content, answer, known))
    for check in _CERTIFICATE:
        judged[check] = _certificate(sites.look, host, questions[check], shown, answer)
    return None, judged


def _certificate(
    look: Look, host: str, question: Question, shown: Shown | Failure, answer: Fetched | Failure
) -> Result:
    if isinstance(shown, Failure):
        because = see("policy-status", str(shown)) if isinstance(answer, Failure) else not_seen(shown)
        return because(question)
    if question.check == "policy-chain":
        return certificates.judge_chain(question, shown)
    if question.check == "policy-name":
        return certificates.judge_name(question, shown, host)
    return certificates.judge_expiry(question, shown, look.now)
