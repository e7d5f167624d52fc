"""The mail server's ports, as other servers and mail clients meet them, on each address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from verify.checks import certificates, relay, tls_versions
from verify.checks.certificates import Shown
from verify.checks.mail_port import Port, ports
from verify.checks.reachability import see, together
from verify.checks.visit import Visit
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

PROBE_SECONDS = 60.0
_EACH_ADDRESS = ("port-reachable", "greeting", "starttls", "auth-after-tls")

Questions = Mapping[str, Question]


@dataclass
class Visits:
    """The conversations with one port, had once for all who want to know.

    Attributes:
        look: the run's view of the world.
        port: which port.
        questions: its checks; the subject is the port.
    """

    look: Look
    port: Port
    questions: Questions
    _made: asyncio.Task[list[Visit]] | None = field(default=None)

    async def made(self) -> list[Visit]:
        """Return a visit to each address.

        Raises:
            Failure: the addresses could not be found out.
        """
        if self._made is None:
            self._made = asyncio.ensure_future(self._make())
        return await asyncio.shield(self._made)

    async def _make(self) -> list[Visit]:
        addresses = await self.look.addresses(self.port.host)
        visits = [self._visit(address) for address in addresses]
        await asyncio.gather(*(visit.make() for visit in visits))
        return visits

    def _visit(self, address: str) -> Visit:
        questions = {
            check: replace(self.questions[check], subject=f"{self.port} on {address}")
            for check in _EACH_ADDRESS
            if check in self.questions
        }
        return Visit(look=self.look, port=self.port, address=address, questions=questions)


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a port, and one for the key of them all."""
    every = [Visits(look, port, _questions(look, port)) for port in ports(look)]
    for visits in every:
        about = tuple(visits.questions.values())
        if visits.port.name != "smtp":
            yield Probe(group="transport", about=about, look=partial(_port, visits), seconds=PROBE_SECONDS)
            continue
        relaying = Question(
            check="open-relay",
            domain=look.expected.mail_host,
            subject=str(visits.port),
            expected="mail for others is refused",
        )
        postmasters = [
            Question(check="postmaster", domain=domain, subject=f"postmaster@{domain}", expected="is accepted")
            for domain in look.expected.domains
        ]
        yield Probe(
            group="transport",
            about=(*about, relaying, *postmasters),
            look=partial(_smtp, visits, relaying, postmasters),
            seconds=PROBE_SECONDS,
        )
    if every:
        key = Question(check="cert-key", domain=look.expected.mail_host, expected="ECDSA P-256, or RSA of 3072 bits")
        yield Probe(group="transport", about=(key,), look=partial(_key, every, key), seconds=PROBE_SECONDS)


def _questions(look: Look, port: Port) -> dict[str, Question]:
    expected = {
        "port-reachable": "takes connections",
        "greeting": f"220 {port.host}" if port.is_smtp else "* OK",
        "starttls": "offered and granted",
        "auth-after-tls": "no login before TLS" if port.name == "smtp" else "login under TLS alone",
        "cert-chain": "a chain to a CA that is trusted",
        "cert-name": f"a certificate for {port.host}",
        "cert-expiry": "valid now, and for a while yet",
        "tls-old": "TLS 1.0 and 1.1 are refused",
        "tls-new": "TLS 1.2 and 1.3 are offered",
        "ciphers": "with TLS 1.2, ECDHE and AEAD alone",
    }
    if port.has_tls_at_once:
        del expected["starttls"]
    return {
        check: Question(check=check, domain=look.expected.mail_host, subject=str(port), expected=what)
        for check, what in expected.items()
    }


async def _port(visits: Visits) -> list[Result]:
    made = await visits.made()
    if not made:
        because = see("published", f"{visits.port.host} has no address")
        return [because(question) for question in visits.questions.values()]
    rows = [visit.results[check] for check in _EACH_ADDRESS if check in visits.questions for visit in made]
    return [*rows, *_certificate(visits, made), *await _tls(visits, made)]


async def _smtp(visits: Visits, relaying: Question, postmasters: Sequence[Question]) -> list[Result]:
    rows, recipients = await asyncio.gather(_port(visits), _recipients(visits, relaying, postmasters))
    return [*rows, *recipients]


async def _recipients(visits: Visits, relaying: Question, postmasters: Sequence[Question]) -> list[Result]:
    """Name recipients at every address, those of the domains at the first one alone."""
    made = await visits.made()
    greeted = [visit.address for visit in made if visit.greeted]
    if not greeted:
        return [_nowhere(question, visits, made) for question in (relaying, *postmasters)]
    found = await asyncio.gather(
        *(
            relay.recipients(visits.look, visits.port, address, relaying, () if number else postmasters)
            for number, address in enumerate(greeted)
        )
    )
    row = together(relaying, [(address, rows[0]) for address, rows in zip(greeted, found, strict=True)])
    if row.verdict == "pass":  # which holds where it was seen everywhere alone
        row = next((rows[0] for rows in found if rows[0].verdict == "unknown"), row)
    return [row, *found[0][1:]]


def _certificate(visits: Visits, made: Sequence[Visit]) -> list[Result]:
    def judge(question: Question, shown: Shown) -> Result:
        if question.check == "cert-chain":
            return certificates.judge_chain(question, shown)
        if question.check == "cert-name":
            return certificates.judge_name(question, shown, visits.port.host)
        return certificates.judge_expiry(question, shown, visits.look.now)

    return [
        together(
            question,
            [(visit.address, judge(question, visit.shown) if visit.shown else visit.rest(question)) for visit in made],
        )
        for check in ("cert-chain", "cert-name", "cert-expiry")
        for question in [visits.questions[check]]
    ]


async def _tls(visits: Visits, made: Sequence[Visit]) -> list[Result]:
    """Judge versions and suites at every address."""
    questions = [visits.questions[check] for check in ("tls-old", "tls-new", "ciphers")]
    if not made:
        return [_nowhere(question, visits, made) for question in questions]
    found = await asyncio.gather(*(_tls_at(visits.port, visit, *questions) for visit in made))
    return [
        together(question, [(visit.address, rows[number]) for visit, rows in zip(made, found, strict=True)])
        for number, question in enumerate(questions)
    ]


async def _tls_at(port: Port, visit: Visit, old: Question, new: Question, ciphers: Question) -> list[Result]:
    if visit.tls_failure:
        failed = new.fails(str(visit.tls_failure), "Look at the server's TLS settings, and what listens there.")
        return [visit.rest(old), failed, visit.rest(ciphers)]
    if not visit.shown:
        return [visit.rest(question) for question in (old, new, ciphers)]
    refused, (offered, suite) = await asyncio.gather(
        tls_versions.judge_old(old, port, visit.address),
        tls_versions.judge_new(new, port, visit.address, visit.version),
    )
    if not suite:
        reason = see("tls-new", "TLS 1.2 could not be had, and TLS 1.3 has strong suites alone")
        return [refused, offered, reason(ciphers)]
    has_old = refused.verdict == "fail"
    judged = await tls_versions.judge_ciphers(ciphers, port, visit.address, suite, has_old=has_old)
    return [refused, offered, judged]


async def _key(every: Sequence[Visits], question: Question) -> list[Result]:
    made = [(visits.port, visit) for visits in every for visit in await visits.made()]
    if not made:
        return [see("published", f"{every[0].port.host} has no address")(question)]
    return [
        together(
            question,
            [
                (
                    f"{port} on {visit.address}",
                    certificates.judge_key(question, visit.shown) if visit.shown else visit.rest(question),
                )
                for port, visit in made
            ],
        )
    ]


def _nowhere(question: Question, visits: Visits, made: Sequence[Visit]) -> Result:
    if not made:
        return see("published", f"{visits.port.host} has no address")(question)
    return together(question, [(visit.address, visit.rest(question)) for visit in made])
