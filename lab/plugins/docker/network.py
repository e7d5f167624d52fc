"""`docker:index/network:Network`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from docker import APIClient
from docker.errors import NotFound
from docker.types import IPAMConfig, IPAMPool
from pydantic import Field

from lab.plugins.diffing import Rules
from lab.plugins.docker.resource_type import Label, Resource, ResourceType, label_map
from lab.plugins.inputs import Inputs
from lab.plugins.properties import Plain


class IpamConfig(Inputs):
    """One subnet; addresses and ranges in CIDR form."""

    subnet: str | None = None
    gateway: str | None = None
    ip_range: str | None = None


class NetworkInputs(Inputs):
    """See https://www.pulumi.com/registry/packages/docker/api-docs/network/#inputs."""

    name: str
    driver: str = ""
    ipv6: bool = False
    internal: bool = False
    attachable: bool = False
    ipam_configs: tuple[IpamConfig, ...] = ()
    labels: tuple[Label, ...] = ()
    options: dict[str, str] = Field(default_factory=dict)


class Network(ResourceType[NetworkInputs]):
    """Every input replaces it."""

    model = NetworkInputs
    rules = Rules(
        inputs=NetworkInputs.names(),
        required=NetworkInputs.required(),
        replaces=NetworkInputs.names(),
        computed={"driver", "internal", "ipamConfigs", "options"},
        unordered={"ipamConfigs", "labels"},
        maps={"options"},
        delete_before_replace=True,
        zero_is_absent=True,
    )
    computed = frozenset({"scope"})

    def create(self, client: APIClient, inputs: NetworkInputs) -> Resource:
        """Create it; a second one of the same name is refused."""
        pools = [
            IPAMPool(subnet=item.subnet, gateway=item.gateway, iprange=item.ip_range) for item in inputs.ipam_configs
        ]
        made = client.create_network(
            inputs.name,
            driver=inputs.driver or None,
            options=inputs.options or None,
            ipam=IPAMConfig(pool_configs=pools) if pools else None,
            check_duplicate=True,
            internal=inputs.internal,
            attachable=inputs.attachable,
            enable_ipv6=inputs.ipv6,
            labels=label_map(inputs.labels),
        )
        return _found(client.inspect_network(made["Id"]))

    def read(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> Resource | None:  # noqa: ARG002
        """A network cannot be changed from outside, only be gone."""
        try:
            return _found(client.inspect_network(resource_id))
        except NotFound:
            return None

    def update(
        self,
        client: APIClient,  # noqa: ARG002
        resource_id: str,
        state: Mapping[str, Plain],  # noqa: ARG002
        inputs: NetworkInputs,  # noqa: ARG002
    ) -> Resource:
        """Nothing of a network changes in place; the engine may ask all the same, to record changed options."""
        return Resource(resource_id)

    def delete(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> None:  # noqa: ARG002
        """Remove it; one with containers on it is an error, at once."""
        with suppress(NotFound):
            client.remove_network(resource_id)


def _found(network: Mapping[str, Any]) -> Resource:
    return Resource(network["Id"], {"scope": network["Scope"], "driver": network["Driver"]})
