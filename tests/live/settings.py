"""What the stack of the tests is: three domains, one of them internationalised, with keys of every kind."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from lab.settings import Lab
from mail import dkim

LAB = Lab(
    name="e2e",
    # The other half of the documentation network whose first half is the dev lab's.
    subnet4="198.51.100.128/25",
    subnet6="2001:db8:26::/64",
    api_port=8426,
    zones=("example.test", "second.example", "xn--bcher-kva.example", "outside.example"),
    reverse=((25, "mail.example.test"), (26, "mx.outside.example")),
    token=f"token-of-the-e2e-lab-{secrets.token_hex(8)}",
)
SMALL_LAB = Lab(
    name="small",
    subnet4="198.18.30.0/25",  # RFC 2544's: of RFC 5737's three prefixes, those that hosts do not use are taken
    subnet6="2001:db8:30::/64",
    api_port=8430,
    zones=("small.example",),
    token=f"token-of-the-small-lab-{secrets.token_hex(8)}",
)
BOUND_TO = "127.0.0.26"
METRICS_PORT = 9749


@dataclass(frozen=True)
class Secret:
    """A value that is encrypted in the stack file."""

    text: str = field(repr=False)


GIVEN_PASSWORD = f"given, mit Ümlaut {secrets.token_hex(8)}"
ADOPTED_KEY = dkim.generate("rsa2048")


def network(host: int) -> dict[str, str]:
    """The lab's network, with the addresses of that number."""
    return {"name": LAB.network, "ipv4": LAB.address4(host), "ipv6": LAB.address6(host)}


BASE: dict[str, Any] = {
    "server": {
        "hostname": "mail.example.test",
        "ipv4": LAB.address4(25),
        "ipv6": LAB.address6(25),
        "bindAddress": BOUND_TO,
        "network": network(25),
        "dns": [LAB.dns4],
        "protectData": False,
        "metrics": {"bindAddress": BOUND_TO, "port": METRICS_PORT},
    },
    "policySite": {"ipv4": LAB.address4(80), "ipv6": LAB.address6(80), "network": network(80)},
    "tls": {"source": "self-signed"},
    "domains": [
        {
            "name": "example.test",
            "dkim": {"selectors": ["default", {"name": "ed", "algorithm": "ed25519"}]},
            "accounts": [{"name": "mail", "password": Secret(GIVEN_PASSWORD)}, "postmaster", "leaver"],
            "aliases": {"info": "mail", "team": ["mail", "postmaster"]},
        },
        {
            "name": "second.example",
            "dkim": {"selectors": [{"name": "s2026", "privateKey": Secret(ADOPTED_KEY)}]},
            "mtaSts": {"mode": "enforce"},
            "accounts": ["office"],
            "aliases": {"postmaster": "office"},
        },
        {"name": "bücher.example", "accounts": ["leser", "postmaster"]},
    ],
    "cloudflare": {"baseUrl": LAB.api_url, "apiToken": Secret(LAB.token)},
}

SMALL: dict[str, Any] = {
    "server": {
        "hostname": "mail.small.example",
        "ipv4": "192.0.2.25",
        "ipv6": SMALL_LAB.address6(25),
        "bindAddress": "127.0.0.30",
        "network": {
            "name": SMALL_LAB.network,
            "ipv4": SMALL_LAB.address4(25),
            "ipv6": SMALL_LAB.address6(25),
        },
        "protectData": False,
    },
    "tls": {"source": "self-signed"},
    "domains": [{"name": "small.example", "mtaSts": {"enabled": False}, "accounts": ["postmaster"]}],
    "cloudflare": {"baseUrl": SMALL_LAB.api_url, "apiToken": Secret(SMALL_LAB.token)},
}
"""As little as a stack can be, for what has to be done many times."""
