"""`docker:index/volume:Volume`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from docker import APIClient
from docker.errors import NotFound
from pydantic import Field

from lab.plugins.diffing import Rules
from lab.plugins.docker.resource_type import Label, Resource, ResourceType, label_list, label_map
from lab.plugins.inputs import Inputs
from lab.plugins.properties import Plain


class VolumeInputs(Inputs):
    """See https://www.pulumi.com/registry/packages/docker/api-docs/volume/#inputs."""

    name: str
    driver: str = ""
    driver_opts: dict[str, str] = Field(default_factory=dict)
    labels: tuple[Label, ...] = ()


class Volume(ResourceType[VolumeInputs]):
    """Every input replaces it, which deletes what is in it: protect volumes that hold something.

    Docker's own creation is idempotent, so a volume of this name that exists already is adopted with the labels and
    options it has; where those differ from the inputs, the next `up` replaces it, unless they are ignored.
    """

    model = VolumeInputs
    rules = Rules(
        inputs=VolumeInputs.names(),
        required=VolumeInputs.required(),
        replaces={"name", "driver", "driverOpts", "labels"},
        computed={"driver"},
        unordered={"labels"},
        maps={"driverOpts"},
        delete_before_replace=True,
        zero_is_absent=True,
    )
    computed = frozenset({"mountpoint"})

    def create(self, client: APIClient, inputs: VolumeInputs) -> Resource:
        """Create or adopt it."""
        return _found(
            client.create_volume(
                name=inputs.name,
                driver=inputs.driver or None,
                driver_opts=inputs.driver_opts or None,
                labels=label_map(inputs.labels) or None,
            )
        )

    def read(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> Resource | None:  # noqa: ARG002
        """Labels and options as they are on the host."""
        try:
            return _found(client.inspect_volume(resource_id))
        except NotFound:
            return None

    def update(
        self,
        client: APIClient,  # noqa: ARG002
        resource_id: str,
        state: Mapping[str, Plain],  # noqa: ARG002
        inputs: VolumeInputs,  # noqa: ARG002
    ) -> Resource:
        """Nothing of a volume changes in place; the engine may ask all the same, to record changed options."""
        return Resource(resource_id)

    def delete(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> None:  # noqa: ARG002
        """Remove it; one in use is an error, at once."""
        with suppress(NotFound):
            client.remove_volume(resource_id)


def _found(volume: Mapping[str, Any]) -> Resource:
    return Resource(
        volume["Name"],
        {
            "mountpoint": volume["Mountpoint"],
            "driver": volume["Driver"],
            "driverOpts": dict(volume["Options"] or {}),
            "labels": label_list(volume["Labels"]),
        },
    )
