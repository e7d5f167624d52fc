"""How a run looks at the world: through which resolver, trusting whom, connecting where, at what time."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from verify.dns_client import DnsClient
from verify.expectation import Expectation

_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One run's view of the world; nothing in it is kept for the next run.

    Attributes:
        expected: what the stack says it is.
        dns: questions and answers.
        trusted: PEM of the certificate authorities to trust besides the system's; the stack's own is among them.
        connect: host to the addresses to connect to in place of the declared ones (before DNS is switched).
        send_to: an address elsewhere to send a test message to; None for no such message.
        now: the time at which certificates and signatures must be valid, aware, in UTC.
    """

    expected: Expectation
    dns: DnsClient
    trusted: Sequence[str] = ()
    connect: Mapping[str, Sequence[str]] = field(default_factory=dict)
    send_to: str | None = None
    now: datetime

    async def addresses(self, host: str) -> list[str]:
        """Where to connect to for a host: as told, else as declared, else as the resolver has it.

        Raises:
            Failure: it could not be found out.
        """
        if host in self.connect:
            return list(self.connect[host])
        return self.expected.addresses(host) or await self.dns.addresses(host)

    def tls(self) -> ssl.SSLContext:
        """What a client has that checks the certificate: chain, name and time."""
        context = ssl.create_default_context()
        for pem in self.trusted:
            context.load_verify_locations(cadata=pem)
        return context

    @cached_property
    def tls_with_a_trusted_chain(self) -> ssl.SSLContext:
        """What checks who signed the certificate, but neither its name nor its time."""
        context = self.tls()
        context.check_hostname = False
        context.verify_flags |= _NO_CHECK_TIME
        return context

    def tls_with_any_certificate(self) -> ssl.SSLContext:
        """What a client has that looks at no certificate, as most sending servers do."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
