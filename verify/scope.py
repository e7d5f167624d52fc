"""What the command line says, compared with the stack that it is about."""

from __future__ import annotations

from collections.abc import Sequence

from verify.arguments import UsageError, nearest
from verify.expectation import Expectation
from verify.options import Options
from verify.printable import printable


def domains(chosen: Options, expectation: Expectation) -> Sequence[str]:
    """Return the mail domains to look at.

    Raises:
        UsageError: one is none of the stack's.
    """
    for domain in chosen.domains:
        if domain not in expectation.domains:
            known = printable(", ".join(expectation.domains)) or "none"
            raise UsageError(f"--domain {domain}: the stack has no such domain; it has {known}.")
    return [domain for domain in expectation.domains if not chosen.domains or domain in chosen.domains]


def must_know_hosts(chosen: Options, expectation: Expectation) -> None:
    """Look whether the stack has every host that is to be connected to elsewhere.

    Raises:
        UsageError: it has not.
    """
    hosts = {expectation.mail_host, *(endpoint.host for endpoint in expectation.endpoints.values())}
    declared = [*expectation.host_records, *(one for domain in expectation.domains.values() for one in domain.records)]
    hosts |= {record.name for record in declared if record.type in ("A", "AAAA", "CNAME")}
    for host in chosen.connect:
        if host not in hosts:
            hint = nearest(host, hosts, f"the mail server is {expectation.mail_host}.")
            raise UsageError(f"--connect {host}: the stack has no such host; {hint}")
