"""The names of the mail host's addresses (PTR), which most receivers look at first."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator, Sequence
from functools import partial

import dns.reversename

from verify.checks.declared import SEE_PUBLISHED, is_as_declared, or_unknown
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe for the mail host."""
    host = look.expected.mail_host
    addresses = look.expected.addresses(host)
    pointers = [Question(check="ptr", domain=host, subject=address, expected=host) for address in addresses]
    forwards = [
        Question(check="ptr-forward", domain=host, subject=address, expected=f"its name leads back to {address}")
        for address in addresses
    ]
    if addresses:
        yield Probe(group="records", about=(*pointers, *forwards), look=partial(_all, look, pointers, forwards))


async def _all(look: Look, pointers: Sequence[Question], forwards: Sequence[Question]) -> list[Result]:
    return list(
        await asyncio.gather(
            *(or_unknown(question, _pointer(look, question)) for question in pointers),
            *(or_unknown(question, _forward(look, question)) for question in forwards),
        )
    )


async def _names(look: Look, address: str) -> list[str]:
    name = dns.reversename.from_address(address).to_text(omit_final_dot=True)
    return (await look.dns.ask(name, "PTR")).texts


async def _pointer(look: Look, question: Question) -> Result:
    names = await _names(look, question.subject)
    if question.expected in names:
        return question.passes(", ".join(names))
    return question.fails(
        ", ".join(names) or "no PTR record",
        f"Set the reverse DNS (PTR) of {question.subject} to {question.expected} at the hosting provider: many "
        "receivers refuse mail without it.",
    )


async def _forward(look: Look, question: Question) -> Result:
    """Judge every name of an address; that the only one is not the mail host's is the matter of `ptr`."""
    host = look.expected.mail_host
    names = await _names(look, question.subject)
    if not names:
        return question.skipped("see `ptr`: there is no PTR record")
    if host not in names:
        return question.skipped(f"see `ptr`: the PTR record names {names[0]}")
    if not await is_as_declared(look, host, "A") or not await is_as_declared(look, host, "AAAA"):
        return question.skipped(f"{SEE_PUBLISHED}the addresses of {host} are not as declared")
    lost = [name for name in names if not await _leads_back(look, name, question.subject)]
    if lost == [host]:
        return question.skipped(f"see `resolver`: it has other addresses of {host} than the servers")
    if lost:
        return question.fails(
            f"{', '.join(lost)}: does not lead back",
            f"Remove the PTR record that names {lost[0]} at the hosting provider: receivers that take that name "
            "distrust the server.",
        )
    return question.passes(", ".join(names))


async def _leads_back(look: Look, name: str, address: str) -> bool:
    return ipaddress.ip_address(address) in map(ipaddress.ip_address, await look.dns.addresses(name))
