"""The checks, a module for each subject; each gives the probes that a stack calls for."""

from __future__ import annotations

from collections.abc import Iterator

from verify.checks import (
    block_lists,
    caa,
    delivery,
    dkim_key,
    dmarc_record,
    dnssec,
    mail_exchanger,
    outbound,
    policy_site,
    published,
    reverse,
    servers,
    single,
    spf_record,
    texts,
    tlsa,
    transport,
    ttl,
)
from verify.look import Look
from verify.probe import Probe


def probes(look: Look) -> Iterator[Probe]:
    """Give every probe that the stack calls for, in the order of the catalogue."""
    yield from servers.probes(look)
    yield from published.probes(look)
    yield from ttl.probes(look)
    yield from single.probes(look)
    yield from mail_exchanger.probes(look)
    yield from spf_record.probes(look)
    yield from dmarc_record.probes(look)
    yield from dkim_key.probes(look)
    yield from texts.probes(look)
    yield from reverse.probes(look)
    yield from caa.probes(look)
    yield from dnssec.probes(look)
    yield from tlsa.probes(look)
    yield from policy_site.probes(look)
    yield from transport.probes(look)
    yield from delivery.probes(look)
    yield from block_lists.probes(look)
    yield from outbound.probes(look)
