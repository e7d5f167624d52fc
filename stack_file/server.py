"""`server` and `policySite`: the two containers, and their addresses in the world."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from mail import maddy_conf
from stack_file.model import Fault, Model, raise_all
from stack_file.values import (
    Address,
    AnyAddress,
    Between,
    CaPem,
    Cpus,
    DockerHost,
    HostName,
    Image,
    Ipv4,
    Ipv6,
    MessageSize,
    Port,
    PublicIpv4,
    PublicIpv6,
    RelayPassword,
    RelayUser,
    SomeAddresses,
    ZoneId,
    as_list,
)


class Network(Model):
    """An existing Docker network to join; without it the stack makes one of its own."""

    name: Annotated[str, Field(description="the name of the Docker network", examples=["backend"])]
    ipv4: Ipv4 | None = Field(
        default=None,
        description="the container's fixed address in it; Docker's choice unless set",
        examples=["172.20.0.25"],
    )
    ipv6: Ipv6 | None = Field(default=None, description="the same for IPv6", examples=["fd00:20::25"])


class Ports(Model):
    """The Docker host's port for each of the mail server's.

    SRV records name the published `submissions`, `submission` and `imaps`. Other servers deliver to port 25 only: map
    `smtp` to another where something in front of Docker maps it back.
    """

    smtp: Port = Field(default=25, description="the port for mail from other servers")
    imap: Port = Field(default=143, description="the port for reading mail, with STARTTLS")
    submissions: Port = Field(default=465, description="the port for sending mail, over TLS")
    submission: Port = Field(default=587, description="the port for sending mail, with STARTTLS", examples=[10587])
    imaps: Port = Field(default=993, description="the port for reading mail, over TLS")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        used = dict(self)
        first = {port: name for name, port in reversed(used.items())}
        raise_all(
            Fault(name, f"{port} is the port of {first[port]} already: give every protocol one of its own")
            for name, port in used.items()
            if first[port] != name
        )
        return self


class SmartHost(Model):
    """The provider that outgoing mail is relayed through, where port 25 is closed."""

    host: Annotated[
        HostName,
        Field(description="the relay's name, which its certificate covers", examples=["smtp.provider.example"]),
    ]
    port: Port = Field(
        default=587,
        description="its port: 465 is TLS from the first byte; on any other, STARTTLS is required",
        examples=[465],
    )
    user: RelayUser | None = Field(
        default=None, description="the login name; with `password` or not at all", examples=["mail@example.com"]
    )
    password: RelayPassword | None = Field(
        default=None,
        description="its password: no line break, no `{env:`, no `$(`, no backslash at the end or before a quote, "
        "which `maddy.conf` cannot carry",
    )
    ca_certificate: CaPem | None = Field(default=None, description="the CA of the relay, when it is not a public one")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.user is None) != (self.password is None):
            missing = "password" if self.password is None else "user"
            raise_all([Fault(missing, "is missing: a login needs both user and password; give both or neither")])
        return self


class Metrics(Model):
    """Where the Docker host publishes Maddy's OpenMetrics page; `{}` takes the defaults."""

    bind_address: AnyAddress = Field(
        default=IPv4Address("127.0.0.1"),
        description="on which address: a private one, since the page has no login",
        examples=["10.0.0.5"],
    )
    port: Port = Field(default=maddy_conf.METRICS_PORT, description="on which port", examples=[9100])

    @field_validator("bind_address")
    @classmethod
    def _private(cls, address: Address) -> Address:
        if not address.is_private or address.is_unspecified:
            raise ValueError("is not private, and the metrics have no login: use an address such as 127.0.0.1")
        return address


class Server(Model):
    """The mail server: its name and addresses in the world, and how its container runs."""

    hostname: Annotated[HostName, Field(description="the name of the MX host, such as mail.example.com")]
    ipv4: PublicIpv4 | None = Field(
        default=None,
        description="its public address, this or `ipv6` at least; behind NAT, the router's",
        examples=["198.51.100.25"],
    )
    ipv6: PublicIpv6 | None = Field(default=None, description="the same for IPv6", examples=["2001:db8::25"])
    zone_id: ZoneId | None = Field(
        default=None,
        description="Cloudflare's zone of `hostname`, required when that is in none of the domains",
        examples=["023e105f4ecef8ad9ca31a8372d0c353"],
    )
    image: Image = Field(
        default="foxcpp/maddy:0.8.2", description="an exact tag or digest", examples=["foxcpp/maddy:0.8.2"]
    )
    docker_host: DockerHost | None = Field(
        default=None,
        description="where Docker is, as in `DOCKER_HOST`; the `docker` command must reach it too; this machine's "
        "unless set",
        examples=["ssh://root@mail.example.com"],
    )
    bind_address: SomeAddresses | None = Field(
        default=None,
        description="the Docker host's addresses on which ports are published; unless set all: `0.0.0.0`, and `::` "
        "with `ipv6`",
        examples=[["198.51.100.25", "2001:db8::25"]],
    )
    ports: Ports = Field(default=Ports(), description="the Docker host's port for each of the server's")
    network: Network | None = Field(default=None, description="an existing Docker network to join")
    dns: Annotated[list[AnyAddress], BeforeValidator(as_list)] = Field(
        default_factory=list, description="its resolvers; Docker's unless set", examples=["9.9.9.9"]
    )
    memory: Annotated[int, Between(64, 1048576, "MiB")] = Field(
        default=512, description="its limit in MiB; there is no swap beyond it", examples=[256]
    )
    cpus: Cpus = Field(default=1.0, description="its limit in cores", examples=[0.5])
    max_message_size: MessageSize = Field(
        default="32M",
        description="the largest message accepted, in bytes of that power of 1024",
        examples=["64M"],
    )
    protect_data: bool = Field(
        default=True, description="whether Pulumi refuses to remove the volume with the mail", examples=[False]
    )
    smart_host: SmartHost | None = Field(default=None, description="a provider to relay outgoing mail through")
    metrics: Metrics | None = Field(default=None, description="publishes Maddy's OpenMetrics page")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_all(self._faults())
        return self

    def _faults(self) -> Iterator[Fault]:
        if self.ipv4 is None and self.ipv6 is None:
            yield Fault("ipv4", "is missing, and so is ipv6: set one or both to the server's public addresses")
        yield from repeated_addresses(self.bind_address)

    @property
    def bound_to(self) -> list[Address]:
        """The host's addresses on which ports are published."""
        everywhere: list[Address] = [IPv4Address("0.0.0.0")]  # noqa: S104 - a mail server is reached from everywhere
        return self.bind_address or (everywhere + ([IPv6Address("::")] if self.ipv6 else []))


class PolicySite(Model):
    """The web server of the MTA-STS policies; on the mail server's host and addresses unless told otherwise."""

    image: Image = Field(default="caddy:2.11.9", description="an exact tag or digest", examples=["caddy:2.11.9"])
    ipv4: PublicIpv4 | None = Field(
        default=None, description="its public address; the server's unless set", examples=["198.51.100.80"]
    )
    ipv6: PublicIpv6 | None = Field(default=None, description="the same for IPv6", examples=["2001:db8::80"])
    network: Network | None = Field(default=None, description="an existing Docker network to join")
    bind_address: SomeAddresses | None = Field(
        default=None,
        description="the Docker host's addresses on which ports are published; the server's unless set",
        examples=["198.51.100.80"],
    )
    http_port: Port = Field(default=80, description="the Docker host's port for HTTP", examples=[10080])
    https_port: Port = Field(default=443, description="the Docker host's port for HTTPS", examples=[10443])
    memory: Annotated[int, Between(32, 1048576, "MiB")] = Field(
        default=128, description="its limit in MiB", examples=[64]
    )
    cpus: Cpus = Field(default=0.5, description="its limit in cores", examples=[0.25])

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_all(repeated_addresses(self.bind_address))
        return self


def repeated_addresses(addresses: list[Address] | None) -> Iterator[Fault]:
    """Yield a fault for each address that is bound twice."""
    for index, address in enumerate(addresses or ()):
        if address in (addresses or ())[:index]:
            yield Fault(f"bindAddress[{index}]", f"{address} is there twice: leave one")
