"""The lab's Docker network, and CoreDNS in it, which serves what was published at the Cloudflare stand-in."""

from __future__ import annotations

import hashlib
import socket
import time
from typing import TYPE_CHECKING

import docker
from docker.errors import APIError, NotFound
from docker.types import IPAMConfig, IPAMPool, LogConfig

from lab import images
from lab.settings import Lab
from lab.terminal import LabError, say

if TYPE_CHECKING:
    from docker.models.containers import Container
    from docker.models.networks import Network

LABEL = "maddy-stack.lab"
COREFILE_LABEL = "maddy-stack.corefile"
ANSWER_SECONDS = 10.0


def ensure(client: docker.DockerClient, lab: Lab) -> None:
    """Have the network and a CoreDNS that serves the lab's zones; what is right already is left alone.

    The Cloudflare stand-in runs by now and has written the Corefile.

    Raises:
        LabError: An address or a name is taken by something that is not the lab's, or CoreDNS does not start.
    """
    _ensure_network(client, lab)
    container = find_container(client, lab)
    if container is not None:
        if _is_right(client, container, lab):
            return
        container.remove(force=True)
    created = client.containers.create(
        images.COREDNS.reference,
        ["-conf", "/zones/Corefile"],
        name=lab.dns_container,
        labels={LABEL: lab.name, COREFILE_LABEL: _corefile_digest(lab)},
        volumes={str(lab.zones_directory): {"bind": "/zones", "mode": "ro"}},
        restart_policy={"Name": "always"},
        read_only=True,
        cap_drop=["ALL"],
        cap_add=["NET_BIND_SERVICE"],
        log_config=LogConfig(type="json-file", config={"max-size": "1m", "max-file": "2"}),
        network=lab.network,
        networking_config={
            lab.network: client.api.create_endpoint_config(ipv4_address=lab.dns4, ipv6_address=lab.dns6)
        },
    )
    try:
        created.start()
    except APIError as problem:
        raise LabError(f"The lab's DNS server did not start: {problem.explanation}") from problem
    _wait(created, lab)


def remove(client: docker.DockerClient, lab: Lab) -> bool:
    """Remove the container and the network; True when there was something to remove.

    Raises:
        LabError: Something that is not the lab's is still in the network.
    """
    container, network = find_container(client, lab), find_network(client, lab)
    if container is not None:
        container.remove(force=True)
    if network is not None:
        try:
            network.remove()
        except APIError as problem:
            network.reload()
            names = ", ".join(str(inside.name) for inside in network.containers)
            raise LabError(
                f"The network {lab.network} can't be removed while it is in use by: {names or 'unknown'}. "
                f"Remove these containers (`docker rm -f NAME`), then run `make down` again."
            ) from problem
    return container is not None or network is not None


def find_container(client: docker.DockerClient, lab: Lab) -> Container | None:
    """The lab's CoreDNS container, running or not.

    Raises:
        LabError: A container of that name is not the lab's.
    """
    try:
        container = client.containers.get(lab.dns_container)
    except NotFound:
        return None
    if container.labels.get(LABEL) != lab.name:
        raise LabError(f"A container named {lab.dns_container} is there that is not the lab's: rename it.")
    return container


def find_network(client: docker.DockerClient, lab: Lab) -> Network | None:
    """The lab's network."""
    found = client.networks.list(names=[lab.network], filters={"label": f"{LABEL}={lab.name}"})
    return next((network for network in found if network.name == lab.network), None)


def _ensure_network(client: docker.DockerClient, lab: Lab) -> None:
    network = find_network(client, lab)
    if network is not None:
        subnets = {pool["Subnet"] for pool in network.attrs["IPAM"]["Config"]}
        if subnets == {lab.subnet4, lab.subnet6}:
            return
        remove(client, lab)
    pools = [IPAMPool(subnet=lab.subnet4), IPAMPool(subnet=lab.subnet6)]
    try:
        client.networks.create(
            lab.network,
            driver="bridge",
            ipam=IPAMConfig(pool_configs=pools),
            enable_ipv6=True,
            check_duplicate=True,
            labels={LABEL: lab.name},
        )
    except APIError as problem:
        raise LabError(
            f"The Docker network {lab.network} with {lab.subnet4} and {lab.subnet6} can't be made: "
            f"{problem.explanation}. If another network has these addresses, `docker network ls` and "
            f"`docker network rm NAME` free them."
        ) from problem


def _is_right(client: docker.DockerClient, container: Container, lab: Lab) -> bool:
    image = client.images.get(images.COREDNS.reference)
    sources = [mount["Source"] for mount in container.attrs["Mounts"]]
    return (
        container.status == "running"
        and container.attrs["Image"] == image.id
        and container.labels.get(COREFILE_LABEL) == _corefile_digest(lab)
        and sources == [str(lab.zones_directory)]
        and lab.network in container.attrs["NetworkSettings"]["Networks"]
    )


def _corefile_digest(lab: Lab) -> str:
    """CoreDNS sees a changed zone file by itself, but not a changed list of zones."""
    return hashlib.sha256((lab.zones_directory / "Corefile").read_bytes()).hexdigest()


def _wait(container: Container, lab: Lab) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        container.reload()
        if container.status != "running" or container.attrs["RestartCount"] > 0:
            log = container.logs(tail=12).decode(errors="replace").strip()
            raise LabError(f"The lab's DNS server does not stay up:\n{log}")
        try:
            socket.create_connection((lab.dns4, 53), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    say(
        f"The lab's DNS server runs, but {lab.dns4} can't be reached from here. Docker Desktop does not "
        f"route to its networks: everything works between the containers, not from this machine."
    )
