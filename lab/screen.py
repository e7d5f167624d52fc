"""What `make up` says at the end: everything that a person needs to use the new mail domain."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.settings import Lab

_SECURITY = {
    "smtp": "mail from other servers; STARTTLS",
    "submissions": "sending; TLS",
    "submission": "sending; STARTTLS",
    "imaps": "reading; TLS",
    "imap": "reading; STARTTLS",
}


def closing_screen(outputs: Mapping[str, Any], lab: Lab, ca_file: Path | None) -> str:
    """The text, from the stack's outputs.

    Args:
        outputs: As `pulumi stack output --json` has them.
        lab: The lab that the stack is in.
        ca_file: Where the CA's certificate is, if the stack has a CA of its own.
    """
    return "\n".join(_lines(outputs, lab, ca_file))


def _lines(outputs: Mapping[str, Any], lab: Lab, ca_file: Path | None) -> Iterator[str]:
    host = outputs["mail_host"]
    addresses = published_addresses(outputs, host)
    yield ""
    yield f"{', '.join(outputs['domains'])} is up: {host} ({', '.join(addresses) or 'no address'})"
    yield ""
    for name, security in _SECURITY.items():
        if endpoint := outputs["endpoints"].get(name):
            yield f"  {name:<12} port {endpoint['port']:<5} {security}"
    yield ""
    yield "Accounts"
    for account in outputs["accounts"]:
        yield f"  {account}"
    yield "  passwords: make outputs SECRETS=1"
    if ca_file is not None:
        yield "CA certificate, for mail clients to trust"
        yield f"  {ca_file}"
    yield "Try it"
    if outputs["accounts"] and "imaps" in outputs["endpoints"]:
        port = outputs["endpoints"]["imaps"]["port"]
        yield "  log in and list the folders (curl asks for the password):"
        options = ["--user", outputs["accounts"][0], f"imaps://{host}:{port}"]
        yield f"    {_curl(host, port, addresses, ca_file)} {shlex.join(options)}"
    domain = next(iter(outputs["domains"]))
    yield "  ask the lab's DNS:"
    yield f"    dig @{lab.dns4} {domain} MX"
    if policy := outputs["domains"][domain].get("mta_sts"):
        site = outputs["endpoints"]["https"]
        where = published_addresses(outputs, site["host"])
        yield "  read the MTA-STS policy:"
        yield f"    {_curl(site['host'], site['port'], where, ca_file)} {shlex.quote(policy['url'])}"
    yield "Next"
    yield "  make verify    prove from outside that all of it is as it should be"
    yield "  make preview   what a change of the settings would do"
    yield "  make down      remove it all but the mail; make down PURGE=1 the mail too"


def published_addresses(outputs: Mapping[str, Any], host: str) -> list[str]:
    """The A and AAAA records of a host among the stack's records, IPv4 first."""
    records = [record for domain in outputs["domains"].values() for record in domain["records"]]
    return [
        record["content"]
        for kind in ("A", "AAAA")
        for record in records
        if record["type"] == kind and record["name"] == host
    ]


def _curl(host: str, port: int, addresses: list[str], ca_file: Path | None) -> str:
    """A curl command up to its URL, which needs neither this machine's resolver nor its CAs."""
    command = ["curl"]
    if ca_file is not None:
        command += ["--cacert", str(ca_file)]
    if addresses:
        command += ["--resolve", f"{host}:{port}:{addresses[0]}"]
    return shlex.join(command)
