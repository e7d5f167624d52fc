"""What a lab is called, where it lives on the network and on disk.

Two places are shared by every checkout on a machine:

- the cache (`$MADDY_STACK_CACHE`, else `~/.cache/maddy-stack`): whatever was built or downloaded; safe to
  delete;
- the lab's home (`$MADDY_LAB_HOME/<lab>`, else `~/.local/state/maddy-stack/<lab>`): Pulumi's state, the
  zones, pid files and logs.

Two checkouts therefore drive one and the same `dev` lab: what `make up` made in the first, the second one
changes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout that this code runs from."""

PROJECT = "maddy-stack"
"""The name in Pulumi.yaml."""


def cache() -> Path:
    """The directory of everything built or downloaded."""
    if chosen := os.environ.get("MADDY_STACK_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "maddy-stack"


def homes() -> Path:
    """The directory that holds the home of each lab, and what the labs of a machine share (dockerd's log)."""
    if chosen := os.environ.get("MADDY_LAB_HOME"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "maddy-stack"


@dataclass(frozen=True, kw_only=True)
class Lab:
    """One lab: a Docker network with fixed addresses, a DNS server, a Cloudflare stand-in and a Pulumi state.

    Args:
        name: Also the name of the Pulumi stack; containers and volumes of that stack start with
            `maddy-<name>`.
        subnet4: The network's IPv4 addresses, a /25 or larger in CIDR notation.
        subnet6: The network's IPv6 addresses, a /64 in CIDR notation.
        api_port: TCP port on 127.0.0.1 of the Cloudflare stand-in.
        zones: The DNS zones that exist at the stand-in.
        reverse: Names of addresses (PTR), as pairs of a host's number in the network and its name.
        token: What the stand-in takes as API token. It opens nothing but this lab.
    """

    name: str
    subnet4: str
    subnet6: str
    api_port: int
    zones: tuple[str, ...]
    reverse: tuple[tuple[int, str], ...] = ()
    token: str = "lab-token"  # noqa: S105

    def address4(self, host: int) -> str:
        """The IPv4 address with that number in the lab's network."""
        return str(IPv4Network(self.subnet4)[host])

    def address6(self, host: int) -> str:
        """The IPv6 address that reads like the IPv4 one: host 53 is `...::53`."""
        return str(IPv6Network(self.subnet6)[int(str(host), 16)])

    @property
    def home(self) -> Path:
        """Pulumi's state, zones, pid files and logs."""
        return homes() / self.name

    @property
    def network(self) -> str:
        """Name of the Docker network."""
        return f"maddy-lab-{self.name}"

    @property
    def dns_container(self) -> str:
        """Name of the CoreDNS container."""
        return f"{self.network}-dns"

    @property
    def dns4(self) -> str:
        """IPv4 address of the DNS server."""
        return self.address4(53)

    @property
    def dns6(self) -> str:
        """IPv6 address of the DNS server."""
        return self.address6(53)

    @property
    def api_url(self) -> str:
        """Base URL of the Cloudflare stand-in, as Cloudflare's clients want it."""
        return f"http://127.0.0.1:{self.api_port}/client/v4"

    @property
    def cloudflare_data(self) -> Path:
        """Where the Cloudflare stand-in keeps its records."""
        return self.home / "cloudflare"

    @property
    def zones_directory(self) -> Path:
        """The zone files and the Corefile that CoreDNS serves."""
        return self.cloudflare_data / "zones"

    @property
    def state(self) -> Path:
        """The directory of Pulumi's file backend."""
        return self.home / "state"

    @property
    def stack_file(self) -> Path:
        """Where the file backend keeps this lab's stack."""
        return self.state / ".pulumi" / "stacks" / PROJECT / f"{self.name}.json"


DEV = Lab(
    name="dev",
    subnet4="198.51.100.0/25",
    subnet6="2001:db8:25::/64",
    api_port=8425,
    zones=("example.test",),
    reverse=((25, "mail.example.test"),),
)
