"""DANE (RFC 7672): whether the TLSA records are those of the certificate that the server shows."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from verify.checks.declared import or_unknown, served
from verify.checks.dnssec import reserved_under
from verify.checks.dnssec_chain import ROOT_ANCHORS, Broken, Chain, Unseen, Unsigned
from verify.checks.served_certificate import after_starttls, without_certificate
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

TRUST_ANCHOR, END_ENTITY = 2, 3  # certificate usages DANE-TA and DANE-EE


def probes(look: Look, anchors: Sequence[Any] = ROOT_ANCHORS) -> Iterator[Probe]:
    """Give one probe for the mail host; `anchors` are DS records of the root's keys."""
    host = look.expected.mail_host
    question = Question(
        check="tlsa", domain=host, subject=f"_25._tcp.{host}", expected="TLSA records of the certificate on port 25"
    )
    yield Probe(
        group="records", about=(question,), look=partial(_tlsa, look, Chain(look.dns, look.now, anchors), question)
    )


async def _tlsa(look: Look, chain: Chain, question: Question) -> list[Result]:
    return [await or_unknown(question, _judged(look, chain, question))]


async def _judged(look: Look, chain: Chain, question: Question) -> Result:
    records = (await served(look, question.subject, "TLSA")).records
    if not records:
        return question.skipped("There is no TLSA record: DANE is not in use.")
    if unsigned := await _unsigned(chain, question.subject):
        return question.warns(
            unsigned, "Sign the zone with DNSSEC: until then no sender looks at the TLSA records; or remove them."
        )
    usable: list[Any] = [record for record in records if _is_usable(record)]
    if not usable:
        return question.warns(
            "no record of usage 2 or 3", "Publish `3 1 1` records: senders do not use others for mail (RFC 7672)."
        )
    chains = await _chains(look)
    if isinstance(chains, Failure):
        return without_certificate(question, chains)
    for where, shown in chains:
        if not any(_matches(record, shown) for record in usable):
            said = ", ".join(f"{record.usage} {record.selector} {record.mtype}" for record in usable)
            return question.fails(
                f"port 25 on {where} shows another certificate than the records ({said})",
                "Publish the TLSA record of the certificate in use, or remove the old ones: mail from servers that use "
                "DANE is held back.",
            )
    return question.passes(f"{len(usable)} of usage 2 or 3")


async def _unsigned(chain: Chain, name: str) -> str:
    """Say why senders do not look at the record; reserved names cannot be told."""
    if reserved_under([name]):
        return ""
    try:
        await chain.validate(name, ("TLSA",))
    except Unsigned as zone:
        return f"the zone {zone} is not signed"
    except (Broken, Unseen) as reason:
        return str(reason)
    return ""


async def _chains(look: Look) -> list[tuple[str, Sequence[x509.Certificate]]] | Failure:
    """Return what each address shows, or the failure where none shows anything."""
    addresses = await look.addresses(look.expected.mail_host)
    port = look.expected.endpoints["smtp"].port if "smtp" in look.expected.endpoints else 25
    found = await asyncio.gather(
        *(after_starttls(look, address, port) for address in addresses), return_exceptions=True
    )
    shown = [
        (address, chain)
        for address, chain in zip(addresses, found, strict=True)
        if not isinstance(chain, BaseException)
    ]
    if shown:
        return shown
    return next((error for error in found if isinstance(error, Failure)), Failure("no address"))


def _is_usable(record: Any) -> bool:
    return record.usage in (TRUST_ANCHOR, END_ENTITY) and record.selector in (0, 1) and record.mtype in (0, 1, 2)


def _matches(record: Any, chain: Sequence[x509.Certificate]) -> bool:
    """Tell whether a record is of the leaf (usage 3), or of an authority in the chain (usage 2)."""
    certificates = chain[:1] if record.usage == END_ENTITY else chain[1:]
    return any(_data(record, certificate) == record.cert for certificate in certificates)


def _data(record: Any, certificate: x509.Certificate) -> bytes:
    """Return what a record of this selector and matching type says of a certificate (RFC 6698 section 2.1)."""
    if record.selector == 0:
        raw = certificate.public_bytes(Encoding.DER)
    else:
        raw = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    match record.mtype:
        case 1:
            return hashlib.sha256(raw).digest()
        case 2:
            return hashlib.sha512(raw).digest()
        case _:
            return raw
