"""The endpoints: who may ask, what is asked, and the answer in Cloudflare's envelope."""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lab.cloudflare import errors, records
from lab.cloudflare.errors import ApiError, no_route
from lab.cloudflare.filters import RECORD_FILTERS, Query, matching, ordered, page_of
from lab.cloudflare.rights import EDIT_RECORDS, READ_RECORDS, READ_ZONE, Rights
from lab.cloudflare.store import Store, Zone, zone_id
from lab.cloudflare.zone_answer import zone_answer

BASE_PATH = "/client/v4"
RECORDS_A_PAGE = 100
ZONES_A_PAGE = 20

_IDENTIFIER = re.compile(r"[0-9a-f]{32}")
_TOKEN = re.compile(r"Bearer [A-Za-z0-9_.-]+")


class Request(NamedTuple):
    """One request; `path` is what follows the base path, `body` is not yet parsed."""

    method: str
    path: str
    query: Query
    authorization: str | None
    body: bytes


class Answer(NamedTuple):
    """HTTP status and JSON body."""

    status: int
    body: Mapping[str, object]


def _success(result: Any, result_info: Mapping[str, int] | None = None, message: str | None = None) -> Answer:
    messages = [{"code": 10000, "message": message, "type": None}] if message else []
    body = {"result": result, "success": True, "errors": [], "messages": messages}
    return Answer(200, body if result_info is None else body | {"result_info": result_info})


class Api:
    """Answers requests about the zones of one store.

    Args:
        store: with the zones.
        token: may do everything.
        others: further tokens, and what each of them may do.
    """

    def __init__(self, store: Store, token: str, others: Mapping[str, Rights] | None = None) -> None:
        self._store = store
        tokens = {token: Rights()} | dict(others or {})
        self._rights = {f"Bearer {known}": rights for known, rights in tokens.items()}

    def answer(self, request: Request) -> Answer:
        """The answer, be it an error."""
        try:
            return self._route(request, self._authorize(request))
        except ApiError as error:
            return Answer(error.status, error.envelope())
        except OSError as error:
            failed = ApiError(500, errors.NOT_STORED, f"The lab cannot store this: {error}")
            return Answer(failed.status, failed.envelope())

    def _authorize(self, request: Request) -> Rights:
        given = request.authorization
        if given is None:
            text = "Missing X-Auth-Key, X-Auth-Email or Authorization headers"
            raise ApiError(400, errors.MISSING_AUTHORIZATION, text)
        if not _TOKEN.fullmatch(given):
            chain = (errors.MALFORMED_AUTHORIZATION, "Invalid format for Authorization header")
            raise ApiError(400, errors.MALFORMED_HEADERS, "Invalid request headers", chain)
        for authorization, rights in self._rights.items():
            if hmac.compare_digest(given, authorization) and (rights.status == "active" or _verifies(request)):
                return rights
        if request.path.startswith("/user/tokens"):
            raise ApiError(401, errors.WRONG_TOKEN_ON_VERIFY, "Invalid API Token")
        if "/dns_records" in request.path:
            raise ApiError(403, errors.AUTHENTICATION_ERROR, "Authentication error")
        raise ApiError(403, errors.ACCESS_DENIED, "Invalid access token")

    def _route(self, request: Request, rights: Rights) -> Answer:
        match request.path.strip("/").split("/"):
            case ["user", "tokens", "verify"]:
                return self._dispatch(request, GET=lambda _: self._verify(rights))
            case ["zones"]:
                return self._dispatch(request, GET=lambda _: self._list_zones(request, rights))
            case ["zones", zone]:
                found = self._zone(request, zone, rights)
                return self._dispatch(request, GET=lambda _: _success(zone_answer(found, rights.shown)))
            case ["zones", zone, "dns_records"]:
                found = self._zone(request, zone, rights)
                return self._dispatch(
                    request,
                    GET=lambda _: self._list_records(request, found),
                    POST=lambda _: self._create(request, found),
                )
            case ["zones", zone, "dns_records", record]:
                return self._record(request, self._zone(request, zone, rights), record)
        raise no_route(BASE_PATH + request.path)

    def _dispatch(self, request: Request, **handlers: Callable[[Request], Answer]) -> Answer:
        handler = handlers.get(request.method)
        if handler is None:
            raise ApiError(405, errors.METHOD_NOT_ALLOWED, "Method not allowed for this authentication scheme")
        return handler(request)

    def _verify(self, rights: Rights) -> Answer:
        result = {"id": zone_id("token"), "status": rights.status}
        return _success(result, message=f"This API Token is valid and {rights.status}")

    def _zone(self, request: Request, identifier: str, rights: Rights) -> Zone:
        if not _IDENTIFIER.fullmatch(identifier):
            raise no_route(BASE_PATH + request.path)
        zone = self._store.zones.get(identifier)
        needed = READ_ZONE
        if "/dns_records" in request.path:
            needed = READ_RECORDS if request.method == "GET" else EDIT_RECORDS
        if zone is not None and rights.allow(needed, zone.name):
            return zone
        if "/dns_records" in request.path:
            raise ApiError(403, errors.AUTHENTICATION_ERROR, "Authentication error")
        raise ApiError(403, errors.ACCESS_DENIED, "Unauthorized to access requested resource")

    def _list_zones(self, request: Request, rights: Rights) -> Answer:
        seen = [zone for zone in self._store.zones.values() if rights.allow(READ_ZONE, zone.name)]
        zones = [zone_answer(zone, rights.shown) for zone in seen]
        found = matching(zones, request.query, ("name", "status"))
        return _success(*page_of(ordered(found, request.query, ("name", "status")), request.query, ZONES_A_PAGE))

    def _list_records(self, request: Request, zone: Zone) -> Answer:
        shown = [records.answer(record) for record in zone.records.values()]
        found = matching(shown, request.query, RECORD_FILTERS)
        sortable = ("name", "type", "content", "ttl", "proxied")
        return _success(*page_of(ordered(found, request.query, sortable), request.query, RECORDS_A_PAGE))

    def _create(self, request: Request, zone: Zone) -> Answer:
        spec = records.spec_from(_json(request.body), zone.name)
        return _success(records.answer(self._store.create(zone, spec)))

    def _record(self, request: Request, zone: Zone, identifier: str) -> Answer:
        if not _IDENTIFIER.fullmatch(identifier):
            raise no_route(BASE_PATH + request.path)

        def changed(body: Mapping[str, Any]) -> Answer:
            spec = records.spec_from(body, zone.name)
            return _success(records.answer(self._store.change(zone, identifier, spec)))

        def merged() -> dict[str, Any]:
            return records.body_of(self._store.record(zone, identifier).spec) | _json(request.body)

        def deleted() -> Answer:
            self._store.delete(zone, identifier)
            return _success({"id": identifier})

        return self._dispatch(
            request,
            GET=lambda _: _success(records.answer(self._store.record(zone, identifier))),
            PUT=lambda _: changed(_json(request.body)),
            PATCH=lambda _: changed(merged()),
            DELETE=lambda _: deleted(),
        )


def _verifies(request: Request) -> bool:
    return request.path.startswith("/user/tokens/verify")


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        text = "Failed to parse request body, content-type must be application/json"
        raise ApiError(400, errors.BODY_NOT_JSON, text)
    return parsed
