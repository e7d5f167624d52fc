"""The names of the lab, as the world sees them: asked from the lab's DNS server."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from lab.settings import Lab

SERVED_SECONDS = 5.0
"""The lab's DNS serves a change within two."""


class LabDns:
    """Asks the lab's DNS server, and makes this process's own look-ups do so."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.families = [socket.AF_INET, socket.AF_INET6]

    def look_up(self, name: str, kind: str) -> set[str]:
        """The records of a name, as text; none when there are none."""
        question = dns.message.make_query(name, kind)
        answer, _ = dns.query.udp_with_fallback(question, self.lab.dns4, timeout=5)
        assert answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN), f"{name} {kind}: {answer.rcode()}"
        wanted = dns.rdatatype.from_text(kind)
        return {rdata.to_text() for rrset in answer.answer if rrset.rdtype == wanted for rdata in rrset}

    def text(self, name: str) -> str | None:
        """The one TXT record of a name, its strings joined."""
        found = list(self.look_up(name, "TXT"))
        assert len(found) <= 1, f"{name} has {len(found)} TXT records"
        return "".join(found[0][1:-1].split('" "')) if found else None

    def for_dkimpy(self, name: bytes, timeout: float = 5) -> bytes | None:
        """The key record that dkimpy asks for."""
        found = self.text(name.decode())
        return found.encode() if found else None

    def wait_for(self, name: str, kind: str, expected: set[str]) -> None:
        """Wait until a name has these records and no others."""
        deadline = time.monotonic() + SERVED_SECONDS
        while (found := self.look_up(name, kind)) != expected:
            assert time.monotonic() < deadline, f"{name} {kind}: {found}, expected {expected}"
            time.sleep(0.1)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Have this process resolve the lab's names there, for the length of the block."""
        system: Any = socket.getaddrinfo

        def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, *more: Any, **named: Any) -> Any:  # noqa: A002
            if not str(host).endswith(self.lab.zones):
                return system(host, port, family, type, *more, **named)
            return [
                found
                for wanted in self.families
                if family in (0, wanted)
                for address in sorted(self.look_up(host, "A" if wanted == socket.AF_INET else "AAAA"))
                for found in system(address, port, wanted, type, *more, **named)
            ]

        with pytest.MonkeyPatch.context() as names:
            names.setattr(socket, "getaddrinfo", getaddrinfo)
            yield

    @contextmanager
    def only(self, family: socket.AddressFamily) -> Iterator[None]:
        """Have this process use addresses of one family only, for the length of the block."""
        self.families = [family]
        try:
            yield
        finally:
            self.families = [socket.AF_INET, socket.AF_INET6]
