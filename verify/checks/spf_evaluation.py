"""SPF evaluated by checkdmarc and pyspf, in threads, with every question asked through the run's DNS client.

Both libraries block. Here they run in threads of their own, and each look-up goes back to the event loop, which has the
time limits and the answers that are known already. After the deadline every further look-up fails at once, so that no
thread outlives it for long.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import checkdmarc.spf  # type: ignore[import-untyped]
import checkdmarc.utils  # type: ignore[import-untyped]
import dns.message
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import spf  # type: ignore[import-untyped]
from expiringdict import ExpiringDict  # type: ignore[import-untyped]

from verify.dns_client import Answer, DnsClient
from verify.failures import Failure, Silent

SECONDS = 12.0
MOST_AT_ONCE = 32

_Evaluated = TypeVar("_Evaluated")

# Its cache lives as long as the process and does not know which resolver answered; the DNS client remembers for a run.
checkdmarc.utils.DNS_CACHE = ExpiringDict(max_len=1, max_age_seconds=0)

_threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="spf")


@dataclass
class LookUps:
    """What a thread asks through.

    Attributes:
        client: where it asks.
        loop: the client's.
        deadline: of `time.monotonic`, after which nothing is asked.
        failure: the first look-up that failed.
    """

    client: DnsClient
    loop: asyncio.AbstractEventLoop
    deadline: float
    failure: Failure | None = None
    _never_asked: frozenset[str] = field(default=frozenset({"SPF", "CNAME"}), init=False)

    def answer(self, name: str, kind: str) -> Answer | None:
        """Return the answer; None for what only leads to remarks that nobody reads here.

        Raises:
            Failure: there is none.
        """
        if kind in self._never_asked:
            return None
        left = self.deadline - time.monotonic()
        try:
            if left <= 0:
                raise Silent(f"SPF could not be evaluated within {SECONDS:g} s")
            return asyncio.run_coroutine_threadsafe(self.client.ask(name, kind), self.loop).result(left)
        except Failure as failure:
            self.failure = self.failure or failure
            raise
        except (CancelledError, TimeoutError, RuntimeError, ValueError, dns.exception.DNSException) as error:
            self.failure = self.failure or Silent(f"the look-up of {name} {kind} was given up: {type(error).__name__}")
            raise self.failure from None


class _Resolver(dns.resolver.Resolver):
    """What checkdmarc asks, by the one method that it calls."""

    def __init__(self, look_ups: LookUps) -> None:
        super().__init__(configure=False)
        self._look_ups = look_ups

    def resolve(self, qname: Any, rdtype: Any = "A", *_: Any, **__: Any) -> Any:
        try:
            answer = self._look_ups.answer(str(qname).rstrip("."), str(rdtype))
        except Failure:
            raise dns.exception.DNSException from None
        if answer is None:
            raise dns.resolver.NoAnswer
        if not answer.exists:
            raise dns.resolver.NXDOMAIN
        if not answer.records:
            raise dns.resolver.NoAnswer
        return answer.records


_asking: ContextVar[LookUps] = ContextVar("_asking")


def _pyspf_look_up(name: str, kind: str, *_: Any, **__: Any) -> list[tuple[tuple[str, str], Any]]:
    """Answer pyspf in the form that its own drivers have."""
    try:
        answer = _asking.get().answer(name, kind)
    except Failure as failure:
        raise spf.TempError(f"DNS {failure}") from None
    return [((name, kind), _pyspf_value(record)) for record in (answer.records if answer else ())]


def _pyspf_value(record: Any) -> Any:
    match record.rdtype:
        case dns.rdatatype.MX:
            return record.preference, record.exchange.to_text(omit_final_dot=True)
        case dns.rdatatype.PTR:
            return record.target.to_text(omit_final_dot=True)
        case dns.rdatatype.TXT:
            return record.strings
        case _:
            return record.address


spf.DNSLookup = _pyspf_look_up


@dataclass(frozen=True, kw_only=True)
class Count:
    """What evaluating an SPF record takes, includes and all.

    Attributes:
        error: why it cannot be evaluated at all, else "".
        look_ups: terms that need DNS.
        void: look-ups that find nothing; from the third on nothing more is counted.
        failure: a look-up that failed, so that the rest may be incomplete.
    """

    error: str = ""
    look_ups: int = 0
    void: int = 0
    failure: Failure | None = None


async def counted(client: DnsClient, domain: str, record: str) -> Count:
    """Parse an SPF record, follow its includes, and count the look-ups."""
    return await _in_thread(client, lambda look_ups: _count(look_ups, domain, record))


async def evaluated(client: DnsClient, *, address: str, sender: str, helo: str) -> tuple[str, str, Failure | None]:
    """Return what a receiver finds for mail from an address: pyspf's result, its reason, and a look-up that failed."""

    def evaluate(look_ups: LookUps) -> tuple[str, str, Failure | None]:
        token = _asking.set(look_ups)
        try:
            result, _, reason = spf.query(i=address, s=sender, h=helo, timeout=SECONDS).check()
        finally:
            _asking.reset(token)
        return str(result), str(reason), look_ups.failure

    return await _in_thread(client, evaluate)


async def _in_thread(client: DnsClient, evaluate: Callable[[LookUps], _Evaluated]) -> _Evaluated:
    loop = asyncio.get_running_loop()
    look_ups = LookUps(client=client, loop=loop, deadline=time.monotonic() + SECONDS)
    return await loop.run_in_executor(_threads, evaluate, look_ups)


def _count(look_ups: LookUps, domain: str, record: str) -> Count:
    record = (
        record[: len("v=spf1")].lower() + record[len("v=spf1") :]
    )  # its case is free, which checkdmarc does not know
    try:
        parsed: Any = checkdmarc.spf.parse_spf_record(
            record, domain, ignore_too_many_lookups=True, resolver=_Resolver(look_ups), timeout=SECONDS, retries=0
        )
    except checkdmarc.spf.SPFTooManyVoidDNSLookups as error:
        return Count(void=error.data["void_dns_lookups"], failure=look_ups.failure)
    except checkdmarc.spf.SPFError as error:
        return Count(error=str(error), failure=look_ups.failure)
    except (checkdmarc.utils.DNSException, dns.exception.DNSException, RecursionError) as error:
        return Count(error=type(error).__name__, failure=look_ups.failure)
    too_many = str(parsed.get("error", ""))
    counts = [_number(pattern, too_many) for pattern in (r"(\d+)/10 maximum DNS", r"(\d+)/2 maximum void")]
    return Count(
        error="" if any(counts) else too_many,
        look_ups=max(parsed["dns_lookups"], counts[0]),
        void=max(parsed["void_dns_lookups"], counts[1]),
        failure=look_ups.failure,
    )


def _number(pattern: str, text: str) -> int:
    """Return the count of an included record that was too much by itself, and so did not reach the sum."""
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
