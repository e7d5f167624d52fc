"""Which DNS records a mail domain needs, and why."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from mail import dkim, dmarc, mta_sts, names, report_uri, spf, tls_rpt

Need = Literal["required", "recommended", "optional"]
Type = Literal["A", "AAAA", "MX", "TXT", "SRV"]

LONGEST_COMMENT = 100  # characters, Cloudflare's limit
LONGEST_TXT = 4096  # bytes of text in one record, Cloudflare's limit
AUTOMATIC_TTL = 1  # Cloudflare's word for its own choice, five minutes
MX_PRIORITY = 10

_CHUNK = 255  # octets in one character-string of a TXT record


@dataclass(frozen=True, kw_only=True)
class Record:
    """One DNS record.

    Attributes:
        key: short stable name, unique among the records of one domain (or one host).
        name: full owner name as A-labels, without a trailing dot.
        content: address, target host, or the unquoted text of a TXT record.
        priority: of MX and SRV.
        weight: of SRV.
        port: of SRV.
        ttl: seconds, or 1 for the DNS provider's own choice.
        proxied: always False: mail does not pass through a web proxy.
        need: how bad it is to leave it out.
        why: one sentence, for the record table and for the comment at the DNS provider.
    """

    key: str
    name: str
    type: Type
    content: str
    priority: int | None = None
    weight: int | None = None
    port: int | None = None
    ttl: int = AUTOMATIC_TTL
    proxied: bool = False
    need: Need
    why: str

    @property
    def comment(self) -> str:
        """The need and the why, at most 100 characters."""
        return f"{self.need}: {self.why}"

    @property
    def value(self) -> str:
        """What resolvers answer: `10 mail.example.org`, an address, the unquoted text of a TXT record."""
        numbers = [number for number in (self.priority, self.weight, self.port) if number is not None]
        return " ".join([*map(str, numbers), self.content])


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a name points to; either address may be missing."""

    ipv4: str | None = None
    ipv6: str | None = None


@dataclass(frozen=True, kw_only=True)
class Host(Addresses):
    """A host and its addresses."""

    name: str


@dataclass(frozen=True, kw_only=True)
class ServicePorts:
    """Ports that mail clients are told about (RFC 6186, RFC 8314); None leaves a service out."""

    submissions: int | None = 465
    submission: int | None = 587
    imaps: int | None = 993


def host_records(host: Host) -> list[Record]:
    """Return the records of the MX host: its addresses, and SPF for the name it says in EHLO.

    Raises:
        ValueError: the host has no address at all (RFC 5321 section 5.1 needs one), or one that is none.
    """
    return [
        *_address_records(
            "host",
            host.name,
            host,
            need="required",
            why="The MX host's address, where other servers deliver mail.",
        ),
        Record(
            key="host-spf",
            name=host.name,
            type="TXT",
            content=spf.MX_HOST,
            need="recommended",
            why="SPF for the name the server says in EHLO, used for bounces.",
        ),
    ]


def domain_records(
    *,
    domain: str,
    mx_host: str,
    apex: Addresses | None,
    policy_host: Addresses,
    spf: str,
    dmarc: str,
    mta_sts: str | None,
    tls_rpt: str | None,
    ports: ServicePorts = ServicePorts(),
) -> list[Record]:
    """Return the records of one domain, but for DKIM (`dkim_record`) and the MX host's own (`host_records`).

    Args:
        domain: as A-labels.
        mx_host: the host that receives the domain's mail; it may lie in another zone.
        apex: what the domain's own name points to, None where that is not ours to say.
        policy_host: addresses of the MTA-STS site; not used without `mta_sts`.
        spf: TXT text, checked.
        dmarc: TXT text, checked.
        mta_sts: TXT text with the policy's id; None for a domain without MTA-STS.
        tls_rpt: TXT text; None for none.
        ports: for SRV.

    Raises:
        ValueError: a name that needs an address has none, or one that is none.
    """
    return [
        _mx_record(domain, mx_host),
        _spf_record(domain, spf),
        _dmarc_record(domain, dmarc),
        *([] if mta_sts is None else _mta_sts_records(domain, policy_host, mta_sts)),
        *([] if tls_rpt is None else [_tls_rpt_record(domain, tls_rpt)]),
        *_service_records(domain, mx_host, ports),
        *([] if apex is None else _apex_records(domain, apex)),
    ]


def dkim_record(*, domain: str, selector: str, text: str) -> Record:
    """Return the record that publishes (or, with `dkim.revoked_text`, withdraws) a DKIM key."""
    withdrawn = text == dkim.revoked_text()
    return Record(
        key=f"dkim-{dkim.check_selector(selector)}",
        name=dkim.record_name(domain, selector),
        type="TXT",
        content=text,
        need="required",
        why=(
            "DKIM: tells receivers that this selector's key is withdrawn."
            if withdrawn
            else "DKIM: the public key that receivers verify signatures with."
        ),
    )


def external_rua_domains(rua: Iterable[str], domain: str) -> list[str]:
    """Return the other domains that DMARC reports on `domain` go to, each of which has to agree (RFC 9990).

    Domains above and below `domain` belong to the same organisation and need not.

    Raises:
        ValueError: a URI is none.
    """
    hosts = dict.fromkeys(report_uri.host(uri) for uri in rua)
    return [host for host in hosts if not names.is_within(host, domain) and not names.is_within(domain, host)]


def dmarc_report_authorization(domain: str, rua_domain: str) -> Record:
    """Return the record by which `rua_domain`, in whose zone it is, agrees to receive reports on `domain`."""
    return Record(
        key=f"dmarc-report-{domain}-{rua_domain}",
        name=f"{domain}._report._dmarc.{rua_domain}",
        type="TXT",
        content="v=DMARC1",
        need="required",
        why="Agrees to receive DMARC reports on another domain here.",
    )


def quote_txt(text: str) -> str:
    """Return a TXT text in presentation form, as zone files and Cloudflare have it.

    Quoted character-strings of at most 255 octets each, a space between them, `"` and the backslash escaped.

    Raises:
        ValueError: the text is over 4,096 bytes or not printable ASCII.
    """
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"TXT text {text[:40]!r}... is not printable ASCII: write it in ASCII, domains as xn--")
    if len(text) > LONGEST_TXT:
        raise ValueError(f"TXT text {text[:40]!r}... has {len(text)} bytes: shorten it to {LONGEST_TXT} at most")
    chunks = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)] or [""]
    escaped = (chunk.replace("\\", "\\\\").replace('"', '\\"') for chunk in chunks)
    return " ".join(f'"{chunk}"' for chunk in escaped)


def in_order(records: Iterable[Record]) -> list[Record]:
    """Return the records as a zone file lists them: every name after its parent, then by type and content."""

    def position(record: Record) -> tuple[Sequence[str], int, str]:
        return record.name.split(".")[::-1], get_args(Type).index(record.type), record.content

    return sorted(records, key=position)


def _mx_record(domain: str, mx_host: str) -> Record:
    return Record(
        key="mx",
        name=domain,
        type="MX",
        content=mx_host,
        priority=MX_PRIORITY,
        need="required",
        why="Names the server that receives the domain's mail.",
    )


def _spf_record(domain: str, text: str) -> Record:
    return Record(
        key="spf",
        name=domain,
        type="TXT",
        content=text,
        need="required",
        why="SPF: which hosts may send mail in the domain's name.",
    )


def _dmarc_record(domain: str, text: str) -> Record:
    return Record(
        key="dmarc",
        name=dmarc.record_name(domain),
        type="TXT",
        content=text,
        need="required",
        why="DMARC: what receivers do with forged mail, and where they report it.",
    )


def _mta_sts_records(domain: str, policy_host: Addresses, text: str) -> list[Record]:
    return [
        Record(
            key="mta-sts-txt",
            name=mta_sts.record_name(domain),
            type="TXT",
            content=text,
            need="recommended",
            why="MTA-STS: says that there is a TLS policy; the id changes with it.",
        ),
        *_address_records(
            "mta-sts",
            mta_sts.policy_host(domain),
            policy_host,
            need="recommended",
            why="MTA-STS: the web site that serves the TLS policy.",
        ),
    ]


def _tls_rpt_record(domain: str, text: str) -> Record:
    return Record(
        key="tls-rpt",
        name=tls_rpt.record_name(domain),
        type="TXT",
        content=text,
        need="recommended",
        why="TLS-RPT: where other servers report failed TLS connections.",
    )


def _service_records(domain: str, mx_host: str, ports: ServicePorts) -> list[Record]:
    services: tuple[tuple[str, int | None, Need, str], ...] = (
        (
            "submissions",
            ports.submissions,
            "recommended",
            "Lets mail clients find where to send, over TLS from the start.",
        ),
        ("submission", ports.submission, "optional", "Lets mail clients find where to send, with STARTTLS."),
        ("imaps", ports.imaps, "recommended", "Lets mail clients find where to read mail, over TLS."),
    )
    return [
        Record(
            key=f"srv-{service}",
            name=f"_{service}._tcp.{domain}",
            type="SRV",
            content=mx_host,
            priority=0,
            weight=1,
            port=port,
            need=need,
            why=why,
        )
        for service, port, need, why in services
        if port is not None
    ]


def _apex_records(domain: str, apex: Addresses) -> list[Record]:
    why = "The address of the domain's own name; mail does not need it."
    return _address_records("apex", domain, apex, need="optional", why=why)


def _address_records(key: str, name: str, addresses: Addresses, *, need: Need, why: str) -> list[Record]:
    """Return A and AAAA for a name, the addresses written in their one canonical form."""
    if addresses.ipv4 is None and addresses.ipv6 is None:
        raise ValueError(f"{name!r} has no address: give it an IPv4 or IPv6 address")
    records = []
    if addresses.ipv4 is not None:
        ipv4 = str(ipaddress.IPv4Address(addresses.ipv4))
        records.append(Record(key=f"{key}-a", name=name, type="A", content=ipv4, need=need, why=why))
    if addresses.ipv6 is not None:
        ipv6 = str(ipaddress.IPv6Address(addresses.ipv6))
        records.append(Record(key=f"{key}-aaaa", name=name, type="AAAA", content=ipv6, need=need, why=why))
    return records
