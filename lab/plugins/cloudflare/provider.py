"""The provider: what the engine asks, answered with the resource's rules and the API."""

import asyncio
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

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
    InvokeRequest,
    InvokeResponse,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from lab.plugins import diffing
from lab.plugins.cloudflare import record, zone
from lab.plugins.cloudflare.api import DEFAULT_BASE_URL, IDENTICAL_EXISTS, Api, Fields, RefusedError, UnclearError
from lab.plugins.properties import UNKNOWN, Plain, outputs, own_type, plain, plain_map, wrap
from lab.plugins.serving import EngineGoneError, ResourceError, require_engine

TOKEN_VARIABLE = "CLOUDFLARE_API_TOKEN"  # noqa: S105 - the name of a variable
CONFIGURATION = frozenset({"apiToken", "baseUrl"})
ENGINE_CONFIGURATION = frozenset({"version", "pluginDownloadURL", "__internal"})

PAUSES_SECONDS = (0.5, 1.0)
"""Before a creation whose answer was lost is sent again."""
CLOCKS_APART = timedelta(minutes=5)
"""By how much this machine's clock may be ahead of Cloudflare's."""

_NO_TOKEN = (
    "there is no API token: give the provider an api_token, or set the config key cloudflare:apiToken "
    f"(`pulumi config set --secret cloudflare:apiToken`) or the variable {TOKEN_VARIABLE}"
)


class CloudflareProvider(Provider):
    """DNS records and zone look-ups with one API token."""

    def __init__(self) -> None:
        self._api: Api | None = None

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Refuse what is not supported, and a missing token."""
        failures = [
            CheckFailure(name, f"the provider has no '{name}' in this plugin, only {', '.join(sorted(CONFIGURATION))}")
            for name in request.new_inputs
            if name not in CONFIGURATION | ENGINE_CONFIGURATION
        ]
        token = request.new_inputs.get("apiToken")
        if (token is None or not token.value) and not os.environ.get(TOKEN_VARIABLE):
            failures.append(CheckFailure("apiToken", _NO_TOKEN))
        return CheckResponse(inputs=request.new_inputs, failures=failures)

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Make the client; nothing is asked of the API yet."""
        given = plain_map(request.args)
        token = str(given.get("apiToken") or os.environ.get(TOKEN_VARIABLE) or "")
        if token:
            self._api = Api(token, str(given.get("baseUrl") or DEFAULT_BASE_URL))
        return ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """Answer `getZone`."""
        if request.tok != zone.TOKEN:
            return InvokeResponse(failures=[CheckFailure("", f"this plugin has no function {request.tok}")])
        arguments = plain_map(request.args)
        failures = zone.problems(arguments)
        if failures:
            return InvokeResponse(failures=failures)
        try:
            found = await asyncio.to_thread(zone.look_up, self._ready(), arguments)
        except ResourceError as error:
            return InvokeResponse(failures=[CheckFailure(next(iter(arguments)), str(error))])
        if isinstance(found, CheckFailure):
            return InvokeResponse(failures=[found])
        return InvokeResponse(return_value={name: wrap(value) for name, value in found.items()})

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Refuse what no record can have."""
        _require_record(own_type(request.type))
        response = diffing.check(record.RULES, request)
        if not response.failures:
            response.failures = record.problems(plain_map(request.new_inputs))
        return response

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """A new type or zone replaces the record; anything else is changed in place."""
        return diffing.diff(record.RULES, request)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Add the record."""
        if request.preview:
            unknown = dict.fromkeys(record.created(_all_unknown(), plain_map(request.properties)), UNKNOWN)
            return CreateResponse(properties=outputs(request.properties, unknown))
        inputs = plain_map(request.properties)
        stored = await asyncio.to_thread(self._create, inputs, request.name)
        added = record.created(record.state(stored, str(inputs["zoneId"])), inputs)
        return CreateResponse(resource_id=stored["id"], properties=outputs(request.properties, added))

    async def read(self, request: ReadRequest) -> ReadResponse:
        """The record as it is now: for a refresh by its identifier, for an import by `ZONE_ID/RECORD_ID`."""
        old = plain_map(request.properties)
        zone_id, record_id = _identifiers(request.resource_id, old)
        found = await asyncio.to_thread(self._ready().read, zone_id, record_id, _described(old, record_id))
        if found is None:
            return ReadResponse(resource_id="")
        state = record.state(found, zone_id)
        given = {name: state[name] for name in request.inputs if name in state}
        inputs = given if request.inputs else record.importable(state)
        return ReadResponse(
            resource_id=record_id,
            properties=_marked(request.properties, state),
            inputs=_marked(request.inputs, inputs),
        )

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Change the record in place."""
        old, new = plain_map(request.olds), plain_map(request.news)
        if request.preview:
            kept = record.created(old, new) | dict.fromkeys(record.CHANGING_OUTPUTS, UNKNOWN)
            return UpdateResponse(properties=outputs(request.news, kept))
        # The API resets what it is not given; what the program leaves to Cloudflare stays as it is.
        kept = {name: old.get(name) for name in ("tags", "settings") if new.get(name) is None and old.get(name)}
        zone_id = str(new["zoneId"])
        stored = await asyncio.to_thread(self._ready().replace, zone_id, request.resource_id, record.body(new | kept))
        return UpdateResponse(properties=outputs(request.news, record.created(record.state(stored, zone_id), new)))

    async def delete(self, request: DeleteRequest) -> None:
        """Remove the record."""
        old = plain_map(request.properties)
        described = _described(old, request.resource_id)
        await asyncio.to_thread(self._ready().delete, str(old["zoneId"]), request.resource_id, described)

    def _ready(self) -> Api:
        if self._api is None:
            raise ResourceError(f"{_NO_TOKEN}.")
        return self._api

    def _create(self, inputs: dict[str, Plain], resource_name: str) -> Fields:
        api = self._ready()
        zone_id, body = str(inputs["zoneId"]), record.body(inputs)
        try:
            made = _created_once(api, zone_id, body)
        except RefusedError as error:
            if error.code != IDENTICAL_EXISTS:
                raise
            twins = [item["id"] for item in api.find(zone_id, str(body["type"])) if record.is_twin(item, body)]
            twin = twins[0] if len(twins) == 1 else "RECORD_ID"
            command = f"pulumi import {record.TYPE} {resource_name} {zone_id}/{twin}"
            mend = f"adopt that record with `{command}`, or delete it at Cloudflare first"
            raise RefusedError(error.described, error.code, mend) from error
        try:
            require_engine()
        except EngineGoneError:
            # The state will not know of this record, and the next `up` would find it in its way.
            api.delete(zone_id, made["id"], f"{body['type']} record {body['name']}")
            raise
        return made


def _created_once(api: Api, zone_id: str, body: Fields) -> Fields:
    """Add a record; where the answer is lost, find what was made, or else add it again.

    Raises:
        UnclearError: it was neither found nor added.
    """
    since = datetime.now(UTC) - CLOCKS_APART
    try:
        return api.create(zone_id, body)
    except UnclearError as error:
        lost = error
    for pause in PAUSES_SECONDS:
        if found := _made(api, zone_id, body, since):
            return found
        time.sleep(pause)
        try:
            return api.create(zone_id, body)
        except UnclearError as error:
            lost = error
        except RefusedError as error:  # the lost one was carried out after the look
            if error.code != IDENTICAL_EXISTS:
                raise
    if found := _made(api, zone_id, body, since):
        return found
    raise lost


def _made(api: Api, zone_id: str, body: Fields, since: datetime) -> Fields | None:
    try:
        found = api.find(zone_id, str(body["type"]))
    except ResourceError:
        return None
    return next((item for item in found if record.is_twin(item, body) and record.is_made_for(item, body, since)), None)


def _require_record(resource_type: str) -> None:
    if resource_type != record.TYPE:
        raise ResourceError(f"this plugin has no resource {resource_type}, only {record.TYPE}.")


def _all_unknown() -> dict[str, Plain]:
    return dict.fromkeys((*record.RULES.inputs, *record.PURE_OUTPUTS), UNKNOWN)


def _identifiers(resource_id: str, old: Mapping[str, Plain]) -> tuple[str, str]:
    zone_id, slash, record_id = resource_id.partition("/")
    if slash:
        return zone_id, record_id
    if not old.get("zoneId"):
        raise ResourceError(f"'{resource_id}' cannot be imported: the identifier has the form ZONE_ID/RECORD_ID.")
    return str(old["zoneId"]), resource_id


def _described(old: Mapping[str, Plain], record_id: str) -> str:
    return f"{old['type']} record {old['name']}" if old.get("name") else f"record {record_id}"


def _marked(old: Mapping[str, PropertyValue], new: Mapping[str, Plain]) -> dict[str, PropertyValue]:
    """The new values; a value that was a secret stays one, and an object with a secret in it becomes one."""
    known = {name: value for name, value in old.items() if name in new and plain(value) is not UNKNOWN}
    return outputs(known, new)
