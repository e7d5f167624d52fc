"""Whether DNS block lists name the mail server's addresses."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from verify.dns_client import DnsRefusal
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

TEST_ENTRY = ipaddress.ip_address("127.0.0.2")
"""An address that every list that is at work has (RFC 5782 section 5)."""
MEND_REFUSED = "Give a resolver of your own with `--resolver`: the list answers no public or heavily used one."
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class BlockList:
    """A list.

    Attributes:
        zone: below which the reversed addresses are.
        delisting: page on which to ask to be taken off.
        versions: of IP that it has.
    """

    zone: str
    delisting: str
    versions: tuple[int, ...] = (4,)


LISTS = (
    BlockList("zen.spamhaus.org", "https://check.spamhaus.org/", (4, 6)),
    BlockList("bl.spamcop.net", "https://www.spamcop.net/bl.shtml"),
    BlockList("b.barracudacentral.org", "https://www.barracudacentral.org/rbl/removal-request"),
    BlockList("psbl.surriel.com", "https://psbl.org/remove"),
)


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe for each declared address of the mail server."""
    for text in look.expected.addresses(look.expected.mail_host):
        address = ipaddress.ip_address(text)
        asked = [
            (block_list, _question(look, address, block_list))
            for block_list in LISTS
            if address.version in block_list.versions
        ]
        yield Probe(
            group="reach",
            about=tuple(question for _, question in asked),
            look=partial(_listed, look, address, asked),
        )


def reversed_name(address: Address, zone: str) -> str:
    """Return the name under which a list has an address (RFC 5782 section 2.1 and 2.4)."""
    return f"{address.reverse_pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


def _question(look: Look, address: Address, block_list: BlockList) -> Question:
    return Question(
        check="block-list",
        domain=look.expected.mail_host,
        subject=f"{address} on {block_list.zone}",
        expected="not listed",
    )


async def _listed(look: Look, address: Address, asked: Sequence[tuple[BlockList, Question]]) -> list[Result]:
    return list(await asyncio.gather(*(_judged(look, address, *one) for one in asked)))


async def _judged(look: Look, address: Address, block_list: BlockList, question: Question) -> Result:
    if not address.is_global:
        return question.skipped(f"{address} is no address of the Internet: lists have none of those")
    try:
        answer, test = await asyncio.gather(
            *(look.dns.ask(reversed_name(one, block_list.zone), "A") for one in (address, TEST_ENTRY))
        )
    except DnsRefusal as failure:
        return question.unknown(str(failure), MEND_REFUSED)
    except Failure as failure:
        return question.unknown(str(failure), failure.mend)
    codes = answer.texts
    if not codes and not test.texts:
        return question.unknown(f"the list does not have its own test entry, {TEST_ENTRY}", MEND_REFUSED)
    if not codes:
        return question.passes("not listed")
    said = ", ".join(codes)
    if any(code.startswith("127.255.255.") for code in codes):
        return question.unknown(f"the list refuses to answer ({said})", MEND_REFUSED)
    if not all(code.startswith("127.") for code in codes):
        return question.unknown(f"what answers is no block list ({said})", MEND_REFUSED)
    mend = f"Stop what sends unwanted mail, then ask at {block_list.delisting} for {address} to be taken off."
    return question.fails(f"listed ({said})", mend)
