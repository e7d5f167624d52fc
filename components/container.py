"""How a container of this stack runs: with no more rights than it needs, within limits, and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.container_network import Attachment
from mail import ports


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of the container, published on the Docker host.

    Attributes:
        internal: the port in the container.
        external: the port on the host.
        address: of the host.
    """

    internal: int
    external: int
    address: str


def published(port: int, external: int, addresses: Sequence[str]) -> list[Port]:
    """Publish the well-known `port` as `external` on addresses of the host; see `mail.ports` for why not from one."""
    return [
        Port(internal=ports.inside(port, index), external=external, address=address)
        for index, address in enumerate(addresses)
    ]


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """What differs from container to container.

    Attributes:
        name: the container's name, unique on the Docker host.
        image: the image's id.
        command: arguments; None for the image's own.
        hostname: the name that the container has for itself.
        volume: name of the one volume it sees.
        mount: where it sees the volume.
        volume_read_only: whether it may only read there.
        scratch: directories that are writable and forgotten, in memory; all else is read-only.
        capabilities: the few it keeps, such as `CAP_NET_BIND_SERVICE`.
        ports: what is published.
        network: the network it is in.
        dns: resolver addresses; empty for the host's own.
        memory: limit in MiB; there is no swap beyond it.
        cpus: limit in processor cores.
        health: shell command that fails while the server does not serve.
        fingerprints: what it reads at start; a change replaces the container, and the preview says which changed.
    """

    name: str
    image: pulumi.Input[str]
    command: Sequence[str] | None = None
    hostname: str
    volume: pulumi.Input[str]
    mount: str
    volume_read_only: bool = False
    scratch: Sequence[str]
    capabilities: Sequence[str] = ()
    ports: Sequence[Port]
    network: Attachment
    dns: Sequence[str] = ()
    memory: int
    cpus: float
    health: str
    fingerprints: Mapping[str, pulumi.Input[str]]


def run(name: str, spec: ContainerSpec, opts: pulumi.ResourceOptions) -> docker.Container:
    """Run a container, and wait until it is healthy."""
    return docker.Container(
        name,
        name=spec.name,
        image=spec.image,
        command=spec.command,
        hostname=spec.hostname,
        restart="unless-stopped",
        must_run=True,
        wait=True,
        wait_timeout=90,
        destroy_grace_seconds=20,
        read_only=True,
        tmpfs=dict.fromkeys(spec.scratch, "rw,nosuid,nodev,noexec,size=64m"),
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=list(spec.capabilities) or None),
        security_opts=["no-new-privileges:true"],
        memory=spec.memory,
        memory_swap=spec.memory,
        cpus=str(float(spec.cpus)),  # as the provider reads it back: `1` for `1.0` is a change at every update
        log_driver="json-file",
        log_opts={"max-size": "10m", "max-file": "3"},
        ports=[
            docker.ContainerPortArgs(internal=port.internal, external=port.external, ip=port.address)
            for port in sorted(spec.ports, key=lambda port: port.internal)  # the order in which they are read back
        ],
        mounts=[
            docker.ContainerMountArgs(
                type="volume", source=spec.volume, target=spec.mount, read_only=spec.volume_read_only
            )
        ],
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(
                name=spec.network.name, ipv4_address=spec.network.ipv4, ipv6_address=spec.network.ipv6
            )
        ],
        dns=list(spec.dns) or None,
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=["CMD-SHELL", spec.health], interval="5s", timeout="5s", retries=3, start_period="10s"
        ),
        labels=[
            docker.ContainerLabelArgs(label=f"maddy-stack.sha256.{label}", value=value)
            for label, value in sorted(spec.fingerprints.items())
        ],
        opts=pulumi.ResourceOptions.merge(
            opts,
            # The provider takes changes of these three as updates in place, and then does not make them.
            pulumi.ResourceOptions(
                replace_on_changes=["healthcheck", "tmpfs", "init"],
                delete_before_replace=True,
            ),
        ),
    )
