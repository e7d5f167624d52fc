"""A small world of DNS in memory for the checker: zones, name servers, a resolver, and what may be wrong with each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename
import dns.rrset
import dns.zone

from mail import dkim, record_table, zone_file
from mail.records import Addresses, Host, dkim_record, domain_records, host_records
from verify import expectation
from verify.dns_client import DnsClient, Server
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Result
from verify.run import run

DOMAIN = "example.test"
MX = f"mail.{DOMAIN}"
ADDRESS4, ADDRESS6 = "198.51.100.25", "2001:db8:25::25"
SITE4, SITE6 = "198.51.100.80", "2001:db8:25::80"
NS1, NS2 = "198.51.100.53", "198.51.100.54"
RESOLVER = "192.0.2.1"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
POINTERS = "".join(f"{dns.reversename.from_address(address)} PTR {MX}.\n" for address in (ADDRESS4, ADDRESS6))
KEY = dkim.public_key(dkim.generate("rsa2048"))

Outputs = dict[str, Any]


def stack(domain: str = DOMAIN, mx: str = MX) -> Outputs:
    """The outputs of a stack with one domain."""
    text = dkim.record_text("rsa2048", KEY)
    records = [
        *host_records(Host(name=mx, ipv4=ADDRESS4, ipv6=ADDRESS6)),
        *domain_records(
            domain=domain,
            mx_host=mx,
            apex=None,
            policy_host=Addresses(ipv4=SITE4, ipv6=SITE6),
            spf="v=spf1 mx ~all",
            dmarc=f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}",
            mta_sts="v=STSv1; id=20260101",
            tls_rpt=f"v=TLSRPTv1; rua=mailto:postmaster@{domain}",
        ),
        dkim_record(domain=domain, selector="default", text=text),
    ]
    return {
        "mail_host": mx,
        "endpoints": {
            name: {"host": mx, "port": port}
            for name, port in {"smtp": 25, "submissions": 465, "submission": 587, "imaps": 993, "https": 443}.items()
        },
        "domains": {
            domain: {
                "records": [record_table.as_dict(record) for record in records],
                "dkim": {"default": {"name": f"default._domainkey.{domain}", "public_key": KEY}},
                "mta_sts": {"id": "20260101", "url": f"https://mta-sts.{domain}/", "policy": "version: STSv1\r\n"},
            }
        },
    }


def declare(outputs: Outputs, key: str, **changes: object) -> Outputs:
    """Change a declared record of every domain."""
    for domain in outputs["domains"].values():
        for record in domain["records"]:
            if record["key"] == key:
                record.update(changes)
    return outputs


def zone_text(outputs: Outputs, domain: str = DOMAIN) -> str:
    """The zone that serves what is declared, and nothing else."""
    declared = expectation.read(outputs).domains[domain].records
    return zone_file.zone_text(domain, declared) + "\n"


Text = str | dns.zone.Zone


@dataclass
class FakeDns(DnsClient):
    """Answers from zones in memory; each server can be made to answer otherwise.

    Attributes:
        zones: by origin, without the last dot.
        lies: server's address, name and type to what is answered there: records, or none.
        broken: server's address to how it fails.
        refused: names (and all below) that the resolver cannot look up.
        lame: addresses of servers that answer nothing, and without authority.
        asked: every question that was asked.
    """

    zones: dict[str, dns.zone.Zone] = field(default_factory=dict)
    lies: Mapping[tuple[str, str, str], Sequence[str]] = field(default_factory=dict)
    broken: Mapping[str, Failure] = field(default_factory=dict)
    refused: Sequence[str] = ()
    lame: Sequence[str] = ()
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def _exchange(self, server: Server, question: dns.message.Message) -> dns.message.Message:
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((server.address, name, kind))
        await asyncio.sleep(0)
        if server.address in self.broken:
            raise self.broken[server.address]
        answer = dns.message.make_response(question)
        if server.address in self.lame:
            return answer
        if server != self.resolver:
            answer.flags |= dns.flags.AA
        elif any(name == cut or name.endswith(f".{cut}") for cut in self.refused):
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        told = self.lies.get((server.address, name, kind))
        if told is not None:
            if told:
                answer.answer.append(dns.rrset.from_text(asked.name, 300, "IN", kind, *told))
            return dns.message.from_wire(answer.to_wire(max_size=65535))
        self._fill(answer, asked.name, asked.rdtype, dnssec=bool(question.ednsflags & dns.flags.DO))
        return dns.message.from_wire(answer.to_wire(max_size=65535))

    def _fill(
        self, answer: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType, dnssec: bool
    ) -> None:
        zone = self._zone_of(name, kind)
        if zone is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return
        node = zone.get_node(name) or _wildcard(zone, name)
        for found_kind in (kind, dns.rdatatype.CNAME):
            found = node and node.get_rdataset(dns.rdataclass.IN, found_kind)
            if not found:
                continue
            answer.answer.append(_rrset(name, found))
            signatures = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.RRSIG, found_kind)
            if dnssec and signatures:
                answer.answer.append(_rrset(name, signatures))
            if found_kind != kind:
                self._fill(answer, found[0].target, kind, dnssec)
            return
        answer.set_rcode(dns.rcode.NOERROR if node or _is_between(zone, name) else dns.rcode.NXDOMAIN)
        answer.authority.append(_rrset(zone.origin, zone.get_rdataset(zone.origin, "SOA")))

    def _zone_of(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.zone.Zone | None:
        names = [name]
        while names[-1] != dns.name.root:
            names.append(names[-1].parent())
        above = names[1:] if kind == dns.rdatatype.DS else names
        return next(
            (
                self.zones[candidate.to_text(omit_final_dot=True)]
                for candidate in above
                if candidate.to_text(omit_final_dot=True) in self.zones
            ),
            None,
        )


def _rrset(name: dns.name.Name, rdataset: Any) -> dns.rrset.RRset:
    rrset = dns.rrset.RRset(name, rdataset.rdclass, rdataset.rdtype, rdataset.covers)
    rrset.update(rdataset)
    rrset.ttl = rdataset.ttl
    return rrset


def _wildcard(zone: dns.zone.Zone, name: dns.name.Name) -> Any:
    """The wildcard that stands for a name (RFC 4592): that of the nearest parent that is there."""
    while not _is_between(zone, name) and name != zone.origin:
        name = name.parent()
    return zone.get_node(dns.name.from_text("*", name))


def _is_between(zone: dns.zone.Zone, name: dns.name.Name) -> bool:
    return any(known.is_subdomain(name) for known in zone.nodes)


def zone(origin: str, text: str, servers: Sequence[str] = (NS1,)) -> dns.zone.Zone:
    """A zone from text, with SOA and name servers where the text has none; TTL 300 unless told."""
    if " IN SOA " not in text:
        hosts = [f"ns{number}" for number in range(1, len(servers) + 1)]
        text = "\n".join(
            [
                "@ 300 IN SOA ns1 hostmaster 1 3600 600 86400 60",
                *(f"@ 300 IN NS {host}" for host in hosts),
                *(f"{host} 300 IN A {address}" for host, address in zip(hosts, servers, strict=True)),
                text,
            ]
        )
    name = "." if origin == "." else f"{origin}."
    return dns.zone.from_text(f"$TTL 300\n{text}\n", origin=name, relativize=False, check_origin=False)


def world(
    zones: Mapping[str, Text],
    outputs: Outputs | None = None,
    *,
    now: datetime = NOW,
    connect: Mapping[str, Sequence[str]] | None = None,
    servers: Sequence[str] = (NS1,),
    **dns_faults: Any,
) -> Look:
    """A look at zones, each by its origin; PTR records are there for the mail host unless told.

    Args:
        zones: origin to zone, or its text (see `zone`).
        outputs: of the stack, else those of `stack()`.
        now: the time.
        connect: host to addresses to connect to.
        servers: addresses of the zones' name servers.
        dns_faults: attributes of `FakeDns`.
    """
    known = {"arpa": POINTERS, **zones}
    client = FakeDns(
        resolver=Server(address=RESOLVER),
        zones={
            origin: zone(origin, text, servers) if isinstance(text, str) else text for origin, text in known.items()
        },
        **dns_faults,
    )
    return Look(expected=expectation.read(outputs or stack()), dns=client, now=now, connect=connect or {})


def healthy(outputs: Outputs | None = None, more: str = "", **how: Any) -> Look:
    """A world that serves what is declared, and `more` in the domain's zone."""
    told = outputs or stack()
    return world({DOMAIN: zone_text(told) + more}, told, **how)


def without(text: str, *lines: str) -> str:
    """A zone's text without the lines that contain one of these."""
    kept = [line for line in text.splitlines() if not any(part in line for part in lines if not line.startswith(";"))]
    assert len(kept) < len(text.splitlines()), f"nothing to leave out: {lines}"
    return "\n".join(kept) + "\n"


def look_at(probes: Iterable[Probe]) -> list[Result]:
    """Run the probes."""
    return asyncio.run(run(probes, lambda probe, results: None))


def of(results: Iterable[Result], check: str, subject: str | None = None) -> Result:
    """The one result of a check (on a subject)."""
    found = [r for r in results if r.check == check and (subject is None or r.subject == subject)]
    assert len(found) == 1, f"{check} {subject}: {found}"
    return found[0]


def said(result: Result) -> str:
    """All that the user reads of a result."""
    return f"{result.expected} | {result.found} | {result.mend}"
