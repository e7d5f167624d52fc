"""The docker provider: the engine's requests, given to the resource type they are about."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import requests
from docker import APIClient
from docker.errors import DockerException
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from lab.plugins.diffing import check, diff
from lab.plugins.docker.container import Container
from lab.plugins.docker.daemon import connect, explain
from lab.plugins.docker.network import Network
from lab.plugins.docker.remote_image import RemoteImage
from lab.plugins.docker.resource_type import FoundWantingError, ResourceType
from lab.plugins.docker.volume import Volume
from lab.plugins.inputs import parse, problems
from lab.plugins.properties import UNKNOWN, Plain, outputs, own_type, plain, plain_map, redact, secret_strings, wrap
from lab.plugins.serving import InitFailedError, ResourceError

TYPES: dict[str, ResourceType[Any]] = {
    "docker:index/container:Container": Container(),
    "docker:index/network:Network": Network(),
    "docker:index/remoteImage:RemoteImage": RemoteImage(),
    "docker:index/volume:Volume": Volume(),
}

SETTINGS = {"host", "version"}
"""`version` is the engine's own addition."""

SHORTEST_PRIVATE_TEXT = 4
"""Characters; a variable's value of `1` or `yes` is no secret, and hiding it would garble the sentence."""

T = TypeVar("T")
Properties = dict[str, PropertyValue]


class DockerProvider(Provider):
    """Works on the daemon of its `host`, else DOCKER_HOST, else the local socket."""

    def __init__(self) -> None:
        self._client: APIClient | None = None

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Refuse what only the official provider has, such as sshOpts: ssh takes its options from ~/.ssh/config."""
        failures = [
            CheckFailure(name, f"the docker provider's '{name}' is not supported by this plugin")
            for name, value in request.new_inputs.items()
            if name not in SETTINGS and plain(value) not in (None, "", "[]", [])
        ]
        return CheckResponse(inputs=request.new_inputs, failures=failures)

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Connect, unless a preview does not know the host yet."""
        host = plain(request.args["host"]) if "host" in request.args else None
        if host is not UNKNOWN:
            self._client = await asyncio.to_thread(connect, str(host) if host else None)
        return ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Fill in the defaults, and name every input that is not supported or not right."""
        kind = _type(own_type(request.type))
        answer = check(kind.rules, request, partial(problems, kind.model))
        defaults = {name: wrap(value) for name, value in kind.rules.defaults.items()}
        answer.inputs = {**defaults, **request.new_inputs}
        return answer

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """By the rules of the type."""
        return diff(_type(own_type(request.type)).rules, request)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Create it; in a preview nothing is known of what only the daemon can say."""
        kind = _type(own_type(request.type))
        if request.preview:
            unknown = kind.computed | (kind.rules.computed - request.properties.keys())
            return CreateResponse(properties=outputs(request.properties, dict.fromkeys(unknown, UNKNOWN)))
        inputs = parse(kind.model, plain_map(request.properties))
        made = await self._run(request, request.properties, lambda client: kind.create(client, inputs))
        return CreateResponse(made.id, outputs(request.properties, made.computed))

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Look at it; an id of nothing tells the engine that it is gone."""
        kind = _type(own_type(request.type))
        state = plain_map(request.properties)
        found = await self._run(
            request, request.properties, lambda client: kind.read(client, request.resource_id, state)
        )
        if found is None:
            return ReadResponse()
        return ReadResponse(found.id, outputs(request.properties, found.computed), request.inputs)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Change it in place; what was computed before stays as it is where the change does not touch it."""
        kind = _type(own_type(request.type))
        kept = {name: value for name, value in request.olds.items() if name in kind.computed | kind.rules.computed}
        before: Properties = {**kept, **request.news}
        if request.preview:
            return UpdateResponse(before)
        inputs = parse(kind.model, plain_map(request.news))
        state = plain_map(request.olds)
        changed = await self._run(
            request, before, lambda client: kind.update(client, request.resource_id, state, inputs)
        )
        return UpdateResponse(outputs(before, changed.computed))

    async def delete(self, request: DeleteRequest) -> None:
        """Remove it."""
        kind = _type(own_type(request.type))
        state = plain_map(request.properties)
        await self._run(request, request.properties, lambda client: kind.delete(client, request.resource_id, state))

    async def _run(
        self,
        request: CreateRequest | ReadRequest | UpdateRequest | DeleteRequest,
        properties: Properties,
        action: Callable[[APIClient], T],
    ) -> T:
        """Run a blocking action; what goes wrong reaches the user as one sentence without secrets."""
        hidden = secret_strings(properties) | _private_texts(plain_map(properties))
        kind = own_type(request.type).rpartition(":")[2].removeprefix("Remote").lower()
        named = f"{kind} '{_docker_name(properties, request.name)}'"
        if self._client is None:
            raise ResourceError(f"{named}: the docker provider has no host yet")
        try:
            return await asyncio.to_thread(action, self._client)
        except FoundWantingError as error:
            text = redact(f"{named}: {error}", hidden)
            raise InitFailedError(text, error.found.id, outputs(properties, error.found.computed)) from error
        except ResourceError as error:
            text = str(error) if str(error).startswith(named) else f"{named}: {error}"
            raise ResourceError(redact(text, hidden)) from error
        except (DockerException, requests.RequestException) as error:
            raise ResourceError(f"{named}: {explain(error, hidden)}") from error


def _type(token: str) -> ResourceType[Any]:
    if token not in TYPES:
        raise ResourceError(f"this plugin has no resource type {token}; it has {', '.join(sorted(TYPES))}")
    return TYPES[token]


def _docker_name(properties: Properties, fallback: str) -> str:
    name = plain(properties["name"]) if "name" in properties else None
    return name if isinstance(name, str) else fallback


def _private_texts(values: dict[str, Plain]) -> set[str]:
    """What an error never repeats even if it is no secret: contents of uploads and values of variables."""
    uploads, envs = values.get("uploads"), values.get("envs")
    texts = [item.get("content") for item in uploads if isinstance(item, dict)] if isinstance(uploads, list) else []
    if isinstance(envs, list):
        texts += [str(item).partition("=")[2] for item in envs]
    return {text for text in texts if isinstance(text, str) and len(text) >= SHORTEST_PRIVATE_TEXT}
