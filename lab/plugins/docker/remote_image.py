"""`docker:index/remoteImage:RemoteImage`: an image that is on the host, or can be pulled."""

from collections.abc import Mapping
from contextlib import suppress

from docker import APIClient
from docker.errors import NotFound
from pydantic import Field

from lab.plugins.diffing import Rules
from lab.plugins.docker.daemon import find_image
from lab.plugins.docker.resource_type import Resource, ResourceType
from lab.plugins.inputs import Inputs
from lab.plugins.properties import Plain


class RemoteImageInputs(Inputs):
    """See https://www.pulumi.com/registry/packages/docker/api-docs/remoteimage/#inputs."""

    name: str
    keep_locally: bool = False
    force_remove: bool = False
    platform: str = ""
    pull_triggers: tuple[str, ...] = ()
    triggers: dict[str, str] = Field(default_factory=dict)


class RemoteImage(ResourceType[RemoteImageInputs]):
    """Its id is the image's id and the name in one, as the official one has it; `imageId` is the id alone."""

    model = RemoteImageInputs
    rules = Rules(
        inputs=RemoteImageInputs.names(),
        required=RemoteImageInputs.required(),
        replaces={"name", "platform", "pullTriggers", "triggers"},
        unordered={"pullTriggers"},
        maps={"triggers"},
        zero_is_absent=True,
    )
    computed = frozenset({"imageId", "repoDigest"})

    def create(self, client: APIClient, inputs: RemoteImageInputs) -> Resource:
        """Find it on the host, or pull it."""
        find_image(client, inputs.name, inputs.platform or None)
        found = self._inspect(client, inputs.name)
        assert found is not None  # noqa: S101 - find_image has just seen it
        return found

    def read(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> Resource | None:  # noqa: ARG002
        """What the name means now: another image than before replaces the containers made from it."""
        return self._inspect(client, str(state["name"]))

    def update(
        self,
        client: APIClient,
        resource_id: str,  # noqa: ARG002
        state: Mapping[str, Plain],  # noqa: ARG002
        inputs: RemoteImageInputs,
    ) -> Resource:
        """Nothing of the image itself changes in place."""
        return self.create(client, inputs)

    def delete(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> None:  # noqa: ARG002
        """Remove the name, and with the last name the image, unless it is to be kept."""
        if state.get("keepLocally"):
            return
        with suppress(NotFound):
            client.remove_image(str(state["name"]), force=bool(state.get("forceRemove")))

    def _inspect(self, client: APIClient, name: str) -> Resource | None:
        try:
            image = client.inspect_image(name)  # type: ignore[no-untyped-call]
        except NotFound:
            return None
        computed: dict[str, Plain] = {"imageId": image["Id"], "repoDigest": _digest(name, image["RepoDigests"])}
        return Resource(image["Id"] + name, computed)


def _digest(name: str, digests: list[str] | None) -> str:
    """The digest under the image's own name; an image that was never pulled or pushed has none."""
    if not digests:
        return ""
    repository = name.partition(":")[0]
    return next((digest for digest in digests if digest.startswith(repository)), digests[0])
