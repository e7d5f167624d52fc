"""The real program, run against a Pulumi engine that only records what is declared, and answers as the providers do.

In an update every answer is known. In a preview it holds what was asked for alone, as with a resource that is not there
yet.
"""

import asyncio
import base64
import contextlib
import contextvars
import gc
import hashlib
import json
import runpy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dill
import pulumi
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks, rpc, run_in_stack, settings, sync_await
from pulumi.runtime.proto import resource_pb2

PROGRAM = Path(__file__).parents[2] / "__main__.py"
PROJECT = "maddy-stack"
STACK = "dev"


@dataclass(frozen=True)
class Secret:
    """A value that the engine keeps encrypted."""

    value: Any


class Unknown:
    """A value that is known after the update only."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource as it was declared; secrets in `inputs` are `Secret`, unknown values `UNKNOWN`."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    parent: str
    dependencies: frozenset[str]
    provider: str
    options: Mapping[str, Any] = field(repr=False)

    @property
    def plain(self) -> dict[str, Any]:
        """The inputs with the secrets open."""
        opened = opened_up(self.inputs)
        assert isinstance(opened, dict)
        return opened


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Everything that a run of the program declared."""

    resources: list[Resource]
    outputs: dict[str, Any]
    ids: dict[str, str]
    """URN to the id that the provider gave."""

    def of_type(self, kind: str) -> dict[str, Resource]:
        """The resources of a type (its last part, such as `Container`), by name."""
        return {found.name: found for found in self.resources if found.type.rpartition(":")[2] == kind}

    def one(self, kind: str, name: str) -> Resource:
        (found,) = (resource for key, resource in self.of_type(kind).items() if key == name)
        return found

    def records(self) -> dict[tuple[str, str], list[Any]]:
        """What is published: name and type to the contents."""
        published: dict[tuple[str, str], list[Any]] = {}
        for resource in self.of_type("DnsRecord").values():
            inputs = resource.plain
            content = inputs.get("content", inputs.get("data"))
            published.setdefault((inputs["name"], inputs["type"]), []).append(content)
        return published

    def seeded(self, seed: str = "data-seed") -> dict[str, dict[str, Any]]:
        """The files that a seed container carries in: path to content and permissions."""
        return {upload["file"]: upload for upload in self.one("Container", seed).plain["uploads"]}


def zone_id(domain: str) -> str:
    """Return the id of the zone that a domain's name finds."""
    return hashlib.md5(domain.encode(), usedforsecurity=False).hexdigest()


def opened_up(value: Any) -> Any:
    """Return a recorded value with the secrets open."""
    match value:
        case Secret():
            return opened_up(value.value)
        case dict():
            return {key: opened_up(inner) for key, inner in value.items()}
        case list():
            return [opened_up(inner) for inner in value]
    return value


def closed(value: Any) -> Any:
    """Return a recorded value without the secrets: what anybody may read in the state."""
    match value:
        case Secret():
            return "[secret]"
        case dict():
            return {key: closed(inner) for key, inner in value.items()}
        case list():
            return [closed(inner) for inner in value]
    return value


def record(
    config: Mapping[str, Any], *, secrets: tuple[str, ...] = ("cloudflare", "domains"), preview: bool = False
) -> Recording:
    """Run the program with a stack file's settings, of which some keys are encrypted.

    Raises:
        SettingsError: the program refuses the settings.
    """
    # A run makes so many small objects that looking for garbage among them would take most of its time.
    gc.disable()
    try:
        return contextvars.Context().run(_record, config, secrets, preview)
    finally:
        gc.freeze()
        gc.enable()


def _record(config: Mapping[str, Any], secrets: tuple[str, ...], preview: bool) -> Recording:
    monitor = _Monitor(preview=preview)
    settings.configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
            engine=mocks.MockEngine(None),
            project=PROJECT,
            stack=STACK,
            dry_run=preview,
            organization=None,
            callbacks=None,
        )
    )
    pulumi.runtime.set_all_config(
        {f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()},
        [f"{PROJECT}:{key}" for key in secrets],
    )
    with warnings.catch_warnings():
        # The SDKs warn of their own old names while they load.
        warnings.simplefilter("ignore", DeprecationWarning)
        # The SDK takes the thread's loop, which an earlier test may have closed.
        asyncio.set_event_loop(loop := asyncio.new_event_loop())
        with contextlib.closing(loop):
            sync_await._sync_await(run_in_stack(lambda: runpy.run_path(str(PROGRAM), run_name="__main__") and None))
    return Recording(resources=monitor.recorded, outputs=monitor.outputs, ids=monitor.ids)


class _Monitor(mocks.MockMonitor):
    """The engine's side of a run."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__(mocks=None)
        self.preview = preview
        self.recorded: list[Resource] = []
        self.outputs: dict[str, Any] = {}
        self.ids: dict[str, str] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = _from_struct(request.object)
        self.recorded.append(
            Resource(
                type=request.type,
                name=request.name,
                urn=urn,
                inputs=inputs,
                parent=request.parent,
                dependencies=frozenset(request.dependencies),
                provider=request.provider,
                options={
                    "protect": request.protect,
                    "retain_on_delete": request.retainOnDelete,
                    "replace_on_changes": list(request.replaceOnChanges),
                    "ignore_changes": list(request.ignoreChanges),
                    "additional_secret_outputs": list(request.additionalSecretOutputs),
                    "delete_before_replace": request.deleteBeforeReplace,
                },
            )
        )
        answer = json_format.MessageToDict(request.object)
        made_id = ""
        if request.custom and not self.preview:
            made_id, computed = _created(request.type, request.name, opened_up(inputs))
            self.ids[urn] = made_id
            hidden = request.additionalSecretOutputs
            answer |= {key: _secret(value) if key in hidden else value for key, value in computed.items()}
        return resource_pb2.RegisterResourceResponse(urn=urn, id=made_id, object=_struct(answer))

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.outputs = _from_struct(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        assert request.tok == "cloudflare:index/getZone:getZone", request.tok
        name = json_format.MessageToDict(request.args)["filter"]["name"]
        found = {"id": zone_id(name), "zoneId": zone_id(name), "name": name}
        return resource_pb2.ResourceInvokeResponse(**{"return": _struct(found)})


def _created(kind: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return id and computed outputs of a new resource."""
    if kind.startswith("pulumi-python:dynamic"):
        made = dill.loads(base64.b64decode(inputs["__provider"])).create(  # noqa: S301 - the program wrote it
            {key: value for key, value in inputs.items() if key != "__provider"}
        )
        return made.id, made.outs
    if kind.endswith(":DnsRecord"):  # whose id outlives a change of all but its name and type
        return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), {}
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    if kind.endswith(":RemoteImage"):
        return f"sha256:{digest}{inputs['name']}", {"imageId": f"sha256:{digest}"}
    return (inputs["name"] if kind.endswith((":Volume", ":Network")) else digest), {}


def _secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def _struct(value: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update({key: inner for key, inner in value.items() if inner is not None})
    return struct


def _from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    read = _from_json(json_format.MessageToDict(struct))
    assert isinstance(read, dict)
    return read


def _from_json(value: Any) -> Any:
    match value:
        case dict() if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return Secret(_from_json(value["value"]))
        case dict():
            return {key: _from_json(inner) for key, inner in value.items()}
        case list():
            return [_from_json(inner) for inner in value]
        case rpc.UNKNOWN:
            return UNKNOWN
        case float() if value.is_integer():
            return int(value)
    return value
