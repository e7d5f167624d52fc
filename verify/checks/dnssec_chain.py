"""DNSSEC, validated from the root down: the resolver is not trusted to have done it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from verify.dns_client import Answer, DnsClient


def anchor(text: str) -> Any:
    """Return a trust anchor from the text of a DS record."""
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DS, text)


ROOT_ANCHORS = (
    anchor("20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"),  # KSK-2017
    anchor("38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"),  # KSK-2024
)
"""Of the root zone: https://data.iana.org/root-anchors/root-anchors.xml"""


class Unsigned(Exception):  # noqa: N818 - it is an outcome
    """A zone on the way has no DS at its parent."""


class Broken(Exception):  # noqa: N818 - it is an outcome
    """What is signed does not validate: validating resolvers answer nothing of the name."""


class Unseen(Exception):  # noqa: N818 - it is an outcome
    """The resolver does not pass on what validation needs."""


@dataclass
class Chain:
    """Validates names; zones that were validated once are not looked at again.

    Attributes:
        client: asks the resolver, which passes all on unvalidated.
        now: at which signatures must be valid.
        anchors: DS records of the root's keys.
    """

    client: DnsClient
    now: datetime
    anchors: Sequence[Any] = ROOT_ANCHORS
    _keys: dict[str, dns.rrset.RRset] = field(default_factory=dict)

    async def validate(self, name: str, kinds: Sequence[str]) -> str:
        """Validate the records of a name, and return the zone that signs them.

        Args:
            name: full name, without the last dot.
            kinds: record types, those that there are; where there are none, the zone's keys are all.

        Raises:
            Unsigned: the zone is not signed.
            Broken: it is, and does not validate.
            Unseen: it could not be seen.
            Failure: a question was not answered.
        """
        zone, keys = ".", await self._zone_keys(".", self.anchors)
        labels = name.split(".")
        for start in range(len(labels) - 1, -1, -1):
            child = ".".join(labels[start:])
            answer = await self.client.ask(child, "DS", dnssec=True)
            if answer.records:
                self._check(answer, keys, zone)
                zone, keys = child, await self._zone_keys(child, answer.records)
            elif await self._is_zone(child):
                raise Unsigned(child)
        for kind in kinds:
            answer = await self.client.ask(name, kind, dnssec=True)
            if answer.records and len(answer.chain) > 1:
                await self._validate_alias(name, answer, keys, zone, kind)
            elif answer.records:
                self._check(answer, keys, zone)
        return zone

    async def _validate_alias(self, name: str, answer: Answer, keys: dns.rrset.RRset, zone: str, kind: str) -> None:
        """Validate an alias (CNAME), and what it leads to, which may be in another zone."""
        self._check(await self.client.ask(name, "CNAME", dnssec=True), keys, zone)
        await self.validate(answer.chain[1].to_text(omit_final_dot=True), (kind,))

    async def _is_zone(self, name: str) -> bool:
        answer = await self.client.ask(name, "SOA")
        return answer.rrset is not None and answer.chain == [answer.name]

    async def _zone_keys(self, zone: str, anchors: Sequence[Any]) -> dns.rrset.RRset:
        """Return the zone's keys, signed by one that its parent vouches for (RFC 4035 section 5.2)."""
        if zone in self._keys:
            return self._keys[zone]
        answer = await self.client.ask(zone, "DNSKEY", dnssec=True)
        if answer.rrset is None or _signatures(answer) is None:
            if zone == ".":
                raise Unseen("the resolver passes on no DNSSEC records of the root")
            raise Broken(f"{zone} has a DS record at its parent, and no signed DNSKEY")
        trusted = [key for key in answer.rrset if any(_vouches(ds, answer.name, key) for ds in anchors)]
        if not trusted:
            tags = ", ".join(str(ds.key_tag) for ds in anchors)
            raise Broken(f"none of the keys of {zone} is the one that the DS record at its parent names ({tags})")
        self._check(answer, dns.rrset.from_rdata_list(answer.name, answer.rrset.ttl, trusted), zone)
        self._keys[zone] = answer.rrset
        return answer.rrset

    def _check(self, answer: Answer, keys: dns.rrset.RRset, zone: str) -> None:
        """Check the signature over the records of an answer."""
        kind = dns.rdatatype.to_text(answer.kind)
        signatures, rrset = _signatures(answer), answer.rrset
        said = f"{answer.chain[-1].to_text(omit_final_dot=True) or '.'} {kind}"
        if signatures is None or rrset is None:
            raise Broken(f"{said} is not signed, though its zone {zone} is")
        try:
            dns.dnssec.validate(rrset, signatures, {keys.name: keys}, now=self.now.timestamp())
        except dns.exception.UnsupportedAlgorithm as error:
            raise Unseen(f"{said}: an algorithm that is not known here: {error}") from None
        except dns.exception.DNSException as error:
            raise Broken(f"{said}: {self._why(signatures, error)}") from None

    def _why(self, signatures: dns.rrset.RRset, error: Exception) -> str:
        now = self.now.timestamp()
        if all(signature.expiration < now for signature in signatures):
            return "its signature has expired"
        if all(signature.inception > now for signature in signatures):
            return "its signature is not valid yet"
        return f"its signature does not validate ({error or type(error).__name__})"


def _signatures(answer: Answer) -> dns.rrset.RRset | None:
    return answer.message.get_rrset(
        dns.message.ANSWER, answer.chain[-1], dns.rdataclass.IN, dns.rdatatype.RRSIG, answer.kind
    )


def _vouches(ds: Any, zone: dns.name.Name, key: Any) -> bool:
    """Tell whether a DS record is of a key."""
    try:
        return bool(dns.dnssec.make_ds(zone, key, ds.digest_type, validating=True) == ds)
    except (dns.exception.DNSException, ValueError):
        return False
