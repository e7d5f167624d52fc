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
    between,
)


class Network(Model):
    """An existing Docker network to join, with fixed addresses in it; without it the stack makes one of its own."""

    name: Annotated[str, Field(description="the name of the Docker network")]
    ipv4: Ipv4 | None = None
    ipv6: Ipv6 | None = None


class Ports(Model):
    """The host's port for each of the mail server's."""

    smtp: Port = 25
    imap: Port = 143
    submissions: Port = 465
    submission: Port = 587
    imaps: Port = 993

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
    """The provider that relays outgoing mail where port 25 is closed."""

    host: Annotated[HostName, Field(description="the relay's name, which its certificate covers")]
    port: Port = 587
    user: RelayUser | None = None
    password: RelayPassword | None = None
    ca_certificate: CaPem | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.user is None) != (self.password is None):
            missing = "password" if self.password is None else "user"
            raise_all([Fault(missing, "is missing: a login needs both user and password; give both or neither")])
        return self


class Metrics(Model):
    """Where the host publishes Maddy's OpenMetrics page; a private address, since the page has no login."""

    bind_address: AnyAddress = IPv4Address("127.0.0.1")
    port: Port = maddy_conf.METRICS_PORT

    @field_validator("bind_address")
    @classmethod
    def _private(cls, address: Address) -> Address:
        if not address.is_private or address.is_unspecified:
            raise ValueError("is not private, and the metrics have no login: use an address such as 127.0.0.1")
        return address


class Server(Model):
    """The mail server: its name and addresses in the world, and how its container runs."""

    hostname: Annotated[HostName, Field(description="the name of the MX host, such as mail.example.com")]
    ipv4: PublicIpv4 | None = None
    ipv6: PublicIpv6 | None = None
    zone_id: ZoneId | None = None
    image: Image = "foxcpp/maddy:0.8.2"
    docker_host: DockerHost | None = None
    bind_address: SomeAddresses | None = None
    ports: Ports = Ports()
    network: Network | None = None
    dns: Annotated[list[AnyAddress], BeforeValidator(as_list)] = Field(default_factory=list)
    memory: Annotated[int, between(64, 1048576, "MiB"), Field(description="its limit in MiB")] = 512
    cpus: Cpus = 1.0
    max_message_size: MessageSize = "32M"
    protect_data: bool = True
    smart_host: SmartHost | None = None
    metrics: Metrics | None = None

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

    image: Image = "caddy:2.11.9"
    ipv4: PublicIpv4 | None = None
    ipv6: PublicIpv6 | None = None
    network: Network | None = None
    bind_address: SomeAddresses | None = None
    http_port: Port = 80
    https_port: Port = 443
    memory: Annotated[int, between(32, 1048576, "MiB"), Field(description="its limit in MiB")] = 128
    cpus: Cpus = 0.5

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_all(repeated_addresses(self.bind_address))
        return self


def repeated_addresses(addresses: list[Address] | None) -> Iterator[Fault]:
    """Yield a fault for each address that is bound twice."""
    for index, address in enumerate(addresses or ()):
        if address in (addresses or ())[:index]:
            yield Fault(f"bindAddress[{index}]", f"{address} is there twice: leave one")
