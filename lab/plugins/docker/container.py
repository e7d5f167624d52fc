"""`docker:index/container:Container`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import requests
from docker import APIClient
from docker.errors import APIError, NotFound

from lab.plugins.docker.container_inputs import ContainerInputs
from lab.plugins.docker.container_rules import PUSHED, RULES
from lab.plugins.docker.container_spec import container_spec, limits
from lab.plugins.docker.container_state import connections, read_back
from lab.plugins.docker.daemon import find_image
from lab.plugins.docker.readiness import require_healthy, require_running
from lab.plugins.docker.resource_type import FoundWantingError, Resource, ResourceType
from lab.plugins.docker.uploads import upload_archive
from lab.plugins.properties import Plain
from lab.plugins.serving import EngineGoneError, ResourceError, require_engine


class Container(ResourceType[ContainerInputs]):
    """A container is replaced for nearly every change, always deleted first, so never two of one name at a time.

    What fails before or at the start leaves nothing behind. A container that starts and then does not live or get
    healthy stays for a look at it, and fails the operation with its last log lines.
    `replaceOnChanges` on one of the in-place inputs is a replacement that the provider knows nothing of: without
    `deleteBeforeReplace` on the resource, the engine then creates first, and the name is taken.
    """

    model = ContainerInputs
    rules = RULES
    computed = frozenset({"bridge", "containerLogs", "exitCode", "networkDatas"})

    def create(self, client: APIClient, inputs: ContainerInputs) -> Resource:
        """Create it, join its networks, put its files in, start it, and see that it lives."""
        find_image(client, inputs.image)
        container = _create(client, inputs)
        with _removed_on_error(client, container):
            _join_networks(client, container, inputs)
            if inputs.uploads:
                client.put_archive(container, "/", upload_archive(inputs.uploads))
            if inputs.start:
                client.start(container)
            logs = _attached(client, container, inputs)
            if inputs.start and not inputs.attach:
                _require_ready(client, container, inputs)
            made = _read(client, container, _as_state(inputs))
            require_engine()
        if made is None:
            raise ResourceError("it has removed itself: 'rm' is set and it has ended")
        return Resource(made.id, {**made.computed, **logs})

    def read(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> Resource | None:
        """As it is now. One that must run and does not says `mustRun: false`, which the next `up` changes back."""
        return _read(client, resource_id, state)

    def update(
        self, client: APIClient, resource_id: str, state: Mapping[str, Plain], inputs: ContainerInputs
    ) -> Resource:
        """Push the limits and the restart policy, start it if it should run again, and wait for health if asked."""
        wanted = _as_state(inputs)
        if any(state.get(name) != wanted.get(name) for name in PUSHED):
            client.update_container(resource_id, **limits(inputs))
        if inputs.start and inputs.must_run:
            if state.get("mustRun") is False:
                client.start(resource_id)
            if state.get("mustRun") is False or inputs.wait:
                _require_ready(client, resource_id, inputs)
        return Resource(resource_id, connections(client.inspect_container(resource_id)))

    def delete(self, client: APIClient, resource_id: str, state: Mapping[str, Plain]) -> None:
        """Stop it, at once unless `destroyGraceSeconds` gives it time, and remove it with its nameless volumes."""
        with _gone_is_fine():
            if not state.get("attach"):
                client.stop(resource_id, timeout=int(_number(state.get("destroyGraceSeconds"))))
            client.remove_container(resource_id, force=True, v=state.get("removeVolumes") is not False)


def _create(client: APIClient, inputs: ContainerInputs) -> str:
    try:
        made = client.create_container_from_config(  # type: ignore[no-untyped-call]
            container_spec(inputs), inputs.name
        )
    except APIError as error:
        if error.status_code == requests.codes.conflict:
            raise ResourceError(
                f"the name is taken already; if what has it is not needed any more: docker rm --force {inputs.name}"
            ) from error
        raise
    return str(made["Id"])


def _attached(client: APIClient, container: str, inputs: ContainerInputs) -> dict[str, Plain]:
    """Wait for the end of one that is to be attached to; its logs if they are asked for."""
    if not (inputs.start and inputs.attach):
        return {}
    client.wait(container, timeout=None)
    return {"containerLogs": client.logs(container).decode(errors="replace")} if inputs.logs else {}


def _join_networks(client: APIClient, container: str, inputs: ContainerInputs) -> None:
    if not inputs.networks_advanced:
        return
    if inputs.network_mode == "bridge":
        client.disconnect_container_from_network(container, "bridge")
    for network in inputs.networks_advanced:
        try:
            client.connect_container_to_network(
                container,
                network.name,
                ipv4_address=network.ipv4_address or None,
                ipv6_address=network.ipv6_address or None,
                aliases=network.aliases or None,
            )
        except APIError as error:
            raise ResourceError(f"cannot join network '{network.name}': {error.explanation}") from error


def _require_ready(client: APIClient, container: str, inputs: ContainerInputs) -> None:
    """See that it lives, and gets healthy where that is asked for; else keep it, recorded as it is."""
    try:
        if inputs.must_run:
            require_running(client, container)
        if inputs.wait:
            require_healthy(client, container, inputs.wait_timeout)
    except EngineGoneError:
        raise
    except ResourceError as error:
        found = _read(client, container, _as_state(inputs))
        if found is None:
            raise
        raise FoundWantingError(str(error), found) from error


def _read(client: APIClient, container: str, state: Mapping[str, Plain]) -> Resource | None:
    try:
        found = client.inspect_container(container)
    except NotFound:
        return None
    return Resource(found["Id"], read_back(found, state))


def _as_state(inputs: ContainerInputs) -> dict[str, Plain]:
    """The inputs under their Pulumi names, defaults filled in."""
    values: dict[str, Plain] = inputs.model_dump(by_alias=True)
    return values


def _number(value: Any) -> float:
    return float(value) if value else 0.0


@contextmanager
def _removed_on_error(client: APIClient, container: str) -> Iterator[None]:
    try:
        yield
    except FoundWantingError:
        raise
    except BaseException:
        with suppress(APIError):
            client.remove_container(container, force=True, v=True)
        raise


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except NotFound:
        return
    except APIError as error:
        if "is already in progress" not in str(error.explanation):
            raise
