"""DNS questions to a recursive resolver, and to each authoritative server itself.

Every question is asked once a run: who asks it again gets the same answer. A server that stays silent is given up after
one time limit, whatever number of questions there is for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from verify.failures import Failure, Gibberish, NoRoute, Refused, Silent

QUESTION_SECONDS = 2.0
TRIES = 2
MOST_AT_ONCE = 200
_Answered = TypeVar("_Answered")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A DNS server: one address of it.

    Attributes:
        name: of an authoritative server, its host name; of a resolver, "".
    """

    address: str
    port: int = 53
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.address})" if self.name else self.address


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered.

    Attributes:
        message: all of it.
        name: that was asked for, absolute.
        kind: that was asked for.
    """

    message: dns.message.Message
    name: dns.name.Name
    kind: dns.rdatatype.RdataType

    @property
    def exists(self) -> bool:
        """Whether there is such a name at all."""
        return self.message.rcode() != dns.rcode.NXDOMAIN

    @cached_property
    def chain(self) -> list[dns.name.Name]:
        """The name and what its CNAME records lead to; one name where there are none."""
        names = [self.name]
        while len(names) < 16 and self.kind != dns.rdatatype.CNAME:
            alias = self.message.get_rrset(dns.message.ANSWER, names[-1], dns.rdataclass.IN, dns.rdatatype.CNAME)
            if alias is None or alias[0].target in names:
                break
            names.append(alias[0].target)
        return names

    @cached_property
    def rrset(self) -> dns.rrset.RRset | None:
        """The records of the kind asked for, at the end of the chain."""
        return self.message.get_rrset(dns.message.ANSWER, self.chain[-1], dns.rdataclass.IN, self.kind)

    @property
    def records(self) -> list[dns.rdata.Rdata]:
        """The records; none when there are none."""
        return list(self.rrset or ())

    @property
    def ttl(self) -> int | None:
        """Seconds that others may keep the records; None when there are none."""
        return self.rrset.ttl if self.rrset else None

    @property
    def texts(self) -> list[str]:
        """The records as text: names lower-case without the last dot, the strings of a TXT record joined."""
        return sorted(text_of(record) for record in self.records)


def text_of(record: Any) -> str:
    """Return one record as the stack declares it: `10 mail.example.org`, an address, the text of a TXT record."""
    if record.rdtype == dns.rdatatype.TXT:
        return b"".join(record.strings).decode("utf-8", errors="backslashreplace")
    text = str(record.to_text())
    if record.rdtype in (dns.rdatatype.MX, dns.rdatatype.SRV, dns.rdatatype.CNAME, dns.rdatatype.PTR, dns.rdatatype.NS):
        text = text.lower()
        return text if text.split()[-1] == "." else text.removesuffix(".")
    return text


@dataclass
class DnsClient:
    """Asks, and remembers the answers.

    Attributes:
        resolver: the recursive one.
    """

    resolver: Server
    _known: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    async def ask(self, name: str, kind: str, server: Server | None = None, *, dnssec: bool = False) -> Answer:
        """Ask the resolver, or one authoritative server itself.

        Args:
            name: full name, without the last dot.
            kind: such as `MX`.
            server: which one; None is the resolver.
            dnssec: ask for signatures as well.

        Raises:
            Failure: no answer, or one that is no use: SERVFAIL, REFUSED, or no DNS message at all.
        """
        asked = server or self.resolver
        first = (".", "NS") if server is None else (name, kind)
        await self._once(("alive", asked), lambda: self._must_answer(asked, *first))
        key = (asked, name.lower(), kind, dnssec)
        return await self._once(key, lambda: self._ask(asked, name, kind, recursive=server is None, dnssec=dnssec))

    async def zone_of(self, name: str) -> str:
        """Return the zone that a name is in, as the resolver knows it.

        Raises:
            Failure: it could not be found out.
        """
        labels = name.split(".")
        for start in range(len(labels)):
            candidate = ".".join(labels[start:])
            answer = await self.ask(candidate, "SOA")
            if answer.rrset is not None and answer.chain == [answer.name]:
                return candidate
        return "."

    async def authoritative(self, name: str) -> list[Server]:
        """Return every address of every authoritative server of the zone that a name is in.

        A server whose address could not be found out is left out, unless no other one is there.

        Raises:
            Failure: it could not be found out.
        """
        zone = await self.zone_of(name)
        hosts = (await self.ask(zone, "NS")).texts
        looked_up = await asyncio.gather(*(self.addresses(host) for host in hosts), return_exceptions=True)
        found = [[] if isinstance(addresses, BaseException) else addresses for addresses in looked_up]
        if not any(found) and (failed := [error for error in looked_up if isinstance(error, BaseException)]):
            raise failed[0]
        port = self.resolver.port
        return [
            Server(address=address, port=port if address == self.resolver.address else 53, name=host)
            for host, addresses in zip(hosts, found, strict=True)
            for address in addresses
        ]

    async def served(self, name: str, kind: str, within: str) -> Answer:
        """Return what the authoritative servers answer: the first of them, in the zone's order, that does.

        Args:
            name: full name, without the last dot.
            kind: such as `MX`.
            within: name whose zone's servers are asked.

        Raises:
            Failure: none answers, or which they are could not be found out.
        """
        return (await self.served_by_each(name, kind, within))[0]

    async def served_by_each(self, name: str, kind: str, within: str) -> list[Answer]:
        """Return what each authoritative server that answers has, at least one; arguments and errors as in `served`."""
        servers = await self.authoritative(within)
        answers = await asyncio.gather(*(self.ask(name, kind, server) for server in servers), return_exceptions=True)
        if found := [answer for answer in answers if isinstance(answer, Answer)]:
            return found
        raise next(
            (answer for answer in answers if isinstance(answer, BaseException)),
            Silent(f"no authoritative server of {within} has an address"),
        )

    async def addresses(self, host: str) -> list[str]:
        """Return a host's addresses as the resolver has them, IPv4 first.

        Raises:
            Failure: it could not be found out.
        """
        four, six = await asyncio.gather(self.ask(host, "A"), self.ask(host, "AAAA"))
        return [*four.texts, *six.texts]

    async def _once(self, key: Hashable, ask: Callable[[], Awaitable[_Answered]]) -> _Answered:
        """Share one look-up among all who want it; one who gives up does not end it for the others."""
        if key not in self._known:
            self._known[key] = asyncio.ensure_future(ask())
            self._known[key].add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._known[key])

    async def _must_answer(self, server: Server, name: str, kind: str) -> None:
        """Give up a silent server once for all questions.

        An authoritative server is tried with a question of its zone: some are silent to all others.
        """
        try:
            await self._exchange(server, _question(name, kind, flags=dns.flags.Flag(0)))
        except (Silent, NoRoute, Refused, Gibberish):
            raise
        except Failure:
            return

    async def _ask(self, server: Server, name: str, kind: str, *, recursive: bool, dnssec: bool) -> Answer:
        flags = dns.flags.RD if recursive else dns.flags.Flag(0)
        question = _question(name, kind, flags=flags, dnssec=dnssec)
        if dnssec:
            question.flags |= dns.flags.CD  # the validation is ours
        message = await self._exchange(server, question)
        if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise DnsRefusal(f"{server} answers {dns.rcode.to_text(message.rcode())} for {name} {kind}")
        if not recursive and not message.flags & dns.flags.AA and not message.answer:
            raise DnsRefusal(f"{server} answers nothing for {name} {kind}, and without authority")
        return Answer(message=message, name=question.question[0].name, kind=question.question[0].rdtype)

    async def _exchange(self, server: Server, question: dns.message.Message) -> dns.message.Message:
        async with self._turns:
            for last in (attempt == TRIES for attempt in range(1, TRIES + 1)):
                try:
                    message, _ = await dns.asyncquery.udp_with_fallback(
                        question, server.address, timeout=QUESTION_SECONDS, port=server.port
                    )
                except dns.exception.Timeout:
                    if last:
                        raise Silent(f"{server} did not answer within {TRIES * QUESTION_SECONDS:g} s") from None
                except ConnectionRefusedError:
                    raise Refused(f"no DNS server listens at {server}") from None
                except OSError as error:
                    raise NoRoute(f"no way to {server}: {error.strerror or error}") from None
                except (dns.exception.DNSException, EOFError, ValueError) as error:
                    raise Gibberish(f"{server} answers what is no DNS message: {type(error).__name__}") from None
                else:
                    return message
        raise AssertionError("the last try returns or raises")


def _question(name: str, kind: str, *, flags: dns.flags.Flag, dnssec: bool = False) -> dns.message.QueryMessage:
    try:
        return dns.message.make_query(name, kind, want_dnssec=dnssec, flags=flags, payload=1232)
    except dns.exception.DNSException as error:
        raise DnsRefusal(f"{name} is no name that DNS can be asked for: {error}") from None


class DnsRefusal(Failure):
    """A DNS server answered that it will not or cannot answer."""

    mend = "Look at that DNS server: it does not serve the zone, or cannot reach who does."
