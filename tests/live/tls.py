"""TLS to the stack's servers, on every port that has it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live.mail import any_certificate

SMTP = ((b"", b"220 "), (b"EHLO client.example\r\n", b"250 "), (b"STARTTLS\r\n", b"220 "))
IMAP = ((b"", b"* OK "), (b"a STARTTLS\r\n", b"a OK "))
STARTTLS = {25: SMTP, 587: SMTP, 143: IMAP}
"""For the ports that begin in plain text: what is said, and how the last line of the answer begins."""

MAIL_PORTS = (25, 143, 465, 587, 993)


@contextmanager
def tls_to(host: str, port: int, context: ssl.SSLContext, server_name: str | None = None) -> Iterator[ssl.SSLSocket]:
    """Connect to a port and have TLS on it, from the first byte or by STARTTLS.

    Raises:
        ssl.SSLError: there is none with this context.
    """
    with socket.create_connection((host, port), timeout=20) as connection:
        for said, granted in STARTTLS.get(port, ()):
            connection.sendall(said)
            last = _last_line(connection)
            assert last.startswith(granted), last
        with context.wrap_socket(connection, server_hostname=server_name or host) as encrypted:
            yield encrypted


def _last_line(connection: socket.socket) -> bytes:
    """Read an answer to its end: of several lines, SMTP marks all but the last with a dash after the code."""
    answer = b""
    while not answer.endswith(b"\r\n") or (last := answer.splitlines()[-1])[3:4] == b"-":
        received = connection.recv(4096)
        assert received, f"the connection was closed after {answer!r}"
        answer += received
    return last


def with_version(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that speaks one version only, be it one that is no longer secure."""
    context = any_certificate()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = version, version
    return context


def with_cipher(cipher: str) -> ssl.SSLContext:
    """A client of TLS 1.2 that has one cipher suite only, in OpenSSL's name for it."""
    context = with_version(ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    return context
