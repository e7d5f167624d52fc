"""CAA (RFC 8659): whether the authority that signed a certificate may sign the next one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from verify.checks.declared import or_unknown, policy_hosts, served
from verify.checks.served_certificate import over_tls, without_certificate
from verify.failures import Failure
from verify.look import Look
from verify.probe import Probe
from verify.result import Question, Result

_SECTIGO = ("sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "trust-provider.com")
IDENTITIES = {
    "let's encrypt": ("letsencrypt.org",),
    "google trust services": ("pki.goog",),
    "zerossl": _SECTIGO,
    "sectigo": _SECTIGO,
    "digicert": ("digicert.com", "symantec.com", "thawte.com", "geotrust.com", "rapidssl.com"),
    "buypass": ("buypass.com", "buypass.no"),
    "ssl corp": ("ssl.com",),
    "ssl.com": ("ssl.com",),
    "globalsign": ("globalsign.com",),
}
"""How issuers call themselves in certificates, in lower case, and in CAA records, where any of the names will do."""

UNKNOWN = "Look in the authority's documentation for its CAA identity, and compare it with the record."


def probes(look: Look) -> Iterator[Probe]:
    """Give one probe a host that has a certificate."""
    mail_host = look.expected.mail_host
    hosts = [(mail_host, mail_host, "submissions")] + [
        (domain, host, "https") for domain, host in policy_hosts(look).items()
    ]
    for domain, host, service in hosts:
        endpoint = look.expected.endpoints.get(service)
        if endpoint is None:
            continue
        question = Question(
            check="caa", domain=domain, subject=host, expected="the certificate's authority may sign for the name"
        )
        yield Probe(group="records", about=(question,), look=partial(_caa, look, question, endpoint.port))


async def _caa(look: Look, question: Question, port: int) -> list[Result]:
    if look.expected.ca_certificate is not None:
        return [question.skipped("The stack has its own certificate authority, which asks nobody.")]
    return [await or_unknown(question, _judged(look, question, port))]


async def _judged(look: Look, question: Question, port: int) -> Result:
    host = question.subject
    name, records = await _relevant(look, host)
    if not records:
        return question.passes("no CAA record: any authority may")
    try:
        certificate = await over_tls(look, host, port)
    except Failure as failure:
        return without_certificate(question, failure, is_policy=host != look.expected.mail_host)
    allowed = _allowed(records, wildcard=host not in _names(certificate))
    if allowed is None:
        return question.passes(f"the CAA record of {name} limits nobody")
    issuer = _issuer(certificate)
    identities = next((identities for part, identities in IDENTITIES.items() if part in issuer.lower()), ())
    said = f"{name} allows {', '.join(sorted(allowed)) or 'nobody'}; the certificate is from {issuer or '(no name)'}"
    if not identities:
        return question.unknown(said, UNKNOWN)
    if allowed & set(identities):
        return question.passes(said)
    return question.fails(
        said,
        f'Add `{name} CAA 0 issue "{identities[0]}"` at the DNS provider, or get the certificate elsewhere: the next '
        "renewal will be refused.",
    )


async def _relevant(look: Look, host: str) -> tuple[str, list[Any]]:
    """Return the records that count for a host, and where they are: its own or its nearest parent's."""
    labels = host.split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        if records := (await served(look, name, "CAA")).records:
            return name, list(records)
    return "", []


def _allowed(records: list[Any], *, wildcard: bool) -> set[str] | None:
    """Return who may sign; None where the records do not say (RFC 8659 section 4.2 and 4.3)."""
    values: dict[str, set[str]] = {}
    for record in records:
        tag = record.tag.decode("ascii", "replace").lower()
        identity = record.value.decode("ascii", "replace").partition(";")[0].strip().lower()
        values.setdefault(tag, set()).add(identity)
    limits = values.get("issuewild") if wildcard and "issuewild" in values else values.get("issue")
    return None if limits is None else limits - {""}


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return (
        [name.lower() for name in names.get_values_for_type(x509.DNSName)]
        if isinstance(names, x509.SubjectAlternativeName)
        else []
    )


def _issuer(certificate: x509.Certificate) -> str:
    organisations = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(organisations[0].value) if organisations else ""
