"""The configuration that Maddy reads, rendered from `templates/maddy.conf.j2`.

Sources: Maddy's reference documentation, and the default `maddy.conf` of its Docker image, whose routing this keeps.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mail import names, ports
from mail.templates import render as render_template

AEAD_CIPHERS = (
    "ECDHE-ECDSA-WITH-AES128-GCM-SHA256",
    "ECDHE-ECDSA-WITH-AES256-GCM-SHA384",
    "ECDHE-ECDSA-WITH-CHACHA20-POLY1305",
    "ECDHE-RSA-WITH-AES128-GCM-SHA256",
    "ECDHE-RSA-WITH-AES256-GCM-SHA384",
    "ECDHE-RSA-WITH-CHACHA20-POLY1305",
)
"""The TLS 1.2 suites that NCSC-NL's 2025 guideline calls sufficient or better; those of TLS 1.3 are all AEAD."""

METRICS_PORT = 9749
"""The port on which Maddy serves `/metrics` inside its container (the one its documentation uses)."""


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """One DKIM signature on outgoing mail: the key of `selector` signs for `domain`."""

    domain: str
    selector: str


@dataclass(frozen=True, kw_only=True)
class SmartHost:
    """A mail provider that relays everything that leaves, for networks where port 25 is closed.

    Attributes:
        host: the relay's name, which its certificate must cover.
        port: TCP port; TLS from the first byte on 465, STARTTLS (required) on any other.
        user: login name, or None to relay without a login.
        password: its password; a secret, so it is never part of this object's `repr`.
        has_own_ca: True when the relay's certificate is signed by a CA that the stack brings along.
    """

    host: str
    port: int = 587
    user: str | None = None
    password: str | None = None
    has_own_ca: bool = False

    def __repr__(self) -> str:
        return f"SmartHost(host={self.host!r}, port={self.port}, user={self.user!r})"

    @property
    def implicit_tls(self) -> bool:
        """Whether TLS starts with the connection (RFC 8314, section 3.3)."""
        return self.port == 465

    @property
    def login(self) -> str | None:
        """User and password as two words of maddy.conf; None without a login."""
        if self.user is None or self.password is None:
            return None
        return f"{quoted(self.user)} {quoted(self.password)}"

    @property
    def endpoint(self) -> str:
        """The relay in Maddy's notation, such as `tls://relay.example:465`."""
        return f"{'tls' if self.implicit_tls else 'tcp'}://{self.host}:{self.port}"


def quoted(value: str) -> str:
    r"""Write a value as one quoted word of maddy.conf.

    Inside quotes, Maddy knows `\"` alone as an escape, expands `$(...)` and `{env:...}`, and takes a lone brace for the
    one of a block; a value that cannot be written so is refused.

    Raises:
        ValueError: with the reason; the value, which may be a password, is not in the text.
    """
    if any(ord(char) < 32 for char in value):
        raise ValueError("has a line break or control character, which maddy.conf cannot carry")
    if "{env:" in value:
        raise ValueError("contains '{env:', which Maddy would replace by an environment variable")
    if "$(" in value:
        raise ValueError("contains '$(', which Maddy would replace by a macro")
    if value in ("{", "}"):
        raise ValueError("is a brace, with which maddy.conf begins or ends a block")
    if '\\"' in value or value.endswith("\\"):
        raise ValueError("has a backslash at its end or before a quote, which maddy.conf cannot carry")
    return '"' + value.replace('"', '\\"') + '"'


def render(
    *,
    hostname: str,
    domains: Sequence[str],
    signing_keys: Sequence[SigningKey],
    smart_host: SmartHost | None = None,
    metrics: bool = False,
    max_message_size: str = "32M",
    addresses: int = 1,
) -> str:
    """Render maddy.conf.

    Args:
        hostname: the MX host's name, in A-labels.
        domains: the mail domains in A-labels; the first is the one that bounces and bare `postmaster` belong to.
        signing_keys: the DKIM signatures put on outgoing mail, in order.
        smart_host: where to relay outgoing mail; None delivers to the recipients' MX hosts.
        metrics: whether to serve OpenMetrics on `METRICS_PORT`.
        max_message_size: largest accepted message, in Maddy's notation (`32M`: mebibytes).
        addresses: on how many of the Docker host's addresses the ports are published; see `mail.ports`.
    """

    def listen(scheme: str, port: int) -> str:
        # An unspecified IPv4 address is both families for Go.
        return " ".join(f"{scheme}://0.0.0.0:{inside}" for inside in ports.all_inside(port, addresses))

    return render_template(
        "maddy.conf.j2",
        hostname=hostname,
        domains=list(domains),
        ciphers=AEAD_CIPHERS,
        signing_keys=list(signing_keys),
        international=[
            {"ascii": domain, "unicode_pattern": re.escape(names.to_unicode(domain))}
            for domain in domains
            if names.to_unicode(domain) != domain
        ],
        smart_host=smart_host,
        metrics=metrics,
        metrics_port=METRICS_PORT,
        max_message_size=max_message_size,
        listen=listen,
    )


def render_aliases(aliases: Mapping[str, Sequence[str]]) -> str:
    """Render the table of aliases: one `alias: target, target` a line, sorted, so that order changes nothing."""
    lines = [
        f"{lookup_form(alias)}: {', '.join(lookup_form(target) for target in targets)}\n"
        for alias, targets in sorted(aliases.items())
    ]
    return "# alias: where its mail goes\n" + "".join(lines)


def lookup_form(address: str) -> str:
    """Return an address as Maddy keeps its accounts and looks up aliases: the domain in Unicode."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{names.to_unicode(domain)}"
