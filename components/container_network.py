"""The Docker network that the stack's containers are in."""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A container's place in a network; addresses are Docker's choice where they are None."""

    name: pulumi.Input[str]
    ipv4: str | None = None
    ipv6: str | None = None


@dataclass(frozen=True, kw_only=True)
class ContainerNetworkArgs:
    """Arguments of `ContainerNetwork`.

    Attributes:
        network_name: the name on the Docker host.
        ipv6: whether the server is reached over IPv6.
    """

    network_name: str
    ipv6: bool


class ContainerNetwork(pulumi.ComponentResource):
    """A network of the stack's own, for a server that joins no existing one.

    With IPv6 it has a unique local prefix (RFC 4193), so that Docker forwards IPv6 rather than proxying it: behind the
    proxy every IPv6 client has the address of the bridge, and SPF judges that one.
    """

    name: pulumi.Output[str]

    def __init__(self, name: str, args: ContainerNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:ContainerNetwork", name, {}, opts)
        prefix = hashlib.sha256(args.network_name.encode()).hexdigest()
        ipv6 = docker.NetworkIpamConfigArgs(subnet=f"fd{prefix[:2]}:{prefix[2:6]}:{prefix[6:10]}::/64")
        network = docker.Network(
            name,
            name=args.network_name,
            driver="bridge",
            ipv6=args.ipv6,
            ipam_configs=[ipv6] if args.ipv6 else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = network.name
        self.register_outputs({"name": self.name})
