"""Cloudflare's API through its official client, with errors that say what to do.

One client serves the whole plugin and reuses its connections; its calls block, and may come from many threads.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import cloudflare
import httpx
from cloudflare import APIConnectionError, APIError, APIStatusError, NotFoundError

from lab.plugins.properties import redact
from lab.plugins.serving import ResourceError

DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4"
TIMEOUT_SECONDS = 60.0
CONNECT_SECONDS = 5.0

Fields = dict[str, Any]

RECORD_UNKNOWN = 81044
IDENTICAL_EXISTS = 81058

_CHECK_ACCESS = "check the provider's apiToken, which needs 'Zone Read' and 'DNS Edit' for the zone, and the zoneId"
_OTHER_RECORD = (
    "remove the other record of that name first, or, if it is this one under its former type, set "
    "delete_before_replace=True on the resource"
)
_MENDS: Mapping[int, str] = {
    1000: _CHECK_ACCESS,
    6003: _CHECK_ACCESS,
    7003: "check the zoneId: 32 hexadecimal digits, which are on the zone's overview page",
    9106: _CHECK_ACCESS,
    9109: _CHECK_ACCESS,
    10000: _CHECK_ACCESS,
    81044: "it was deleted by someone else, so run `pulumi refresh` and then this again",
    81053: _OTHER_RECORD,
    81054: _OTHER_RECORD,
}
_RATE_LIMITED = 429


class RefusedError(ResourceError):
    """Cloudflare said no; `code` is its number for the reason, `described` the sentence up to the mend."""

    def __init__(self, described: str, code: int, mend: str) -> None:
        super().__init__(f"{described}; {mend}.")
        self.described = described
        self.code = code


class Api:
    """The zones and records that one token can see."""

    def __init__(self, token: str, base_url: str) -> None:
        self.base_url = base_url
        self._token = token
        self._client = cloudflare.Cloudflare(
            api_token=token,
            base_url=base_url,
            http_client=httpx.Client(
                # A proxy for the outside world does not lead to this machine.
                trust_env=not _is_loopback(base_url),
                timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=100),
            ),
        )
        # Repeating a write whose answer was lost could meet its own result; so a write is sent once.
        self._once = self._client.with_options(max_retries=0)
        # The client would send what it finds in the environment instead of the token.
        for client in (self._client, self._once):
            client.api_key = client.api_email = client.user_service_key = None

    def zones(self, query: Fields) -> list[Fields]:
        """The zones that a filter lets through; the first 50 of them."""
        with self._explained("the zone could not be looked up", writing=False):
            answer = self._client.zones.with_raw_response.list(**query, per_page=50)
            return _all_fields(answer)

    def zone(self, zone_id: str) -> Fields:
        """One zone."""
        with self._explained(f"zone {zone_id} could not be looked up", writing=False):
            return _fields(self._client.zones.with_raw_response.get(zone_id=zone_id))

    def create(self, zone_id: str, body: Fields) -> Fields:
        """Add a record; the answer is the record as stored."""
        with self._explained(f"{body['type']} record {body['name']} could not be created", writing=True):
            return _fields(self._once.dns.records.with_raw_response.create(zone_id=zone_id, **body))

    def replace(self, zone_id: str, record_id: str, body: Fields) -> Fields:
        """Give a record other content; what the body leaves out is reset."""
        with self._explained(f"{body['type']} record {body['name']} could not be updated", writing=True):
            records = self._once.dns.records.with_raw_response
            return _fields(records.update(record_id, zone_id=zone_id, **body))

    def read(self, zone_id: str, record_id: str, described: str) -> Fields | None:
        """The record as it is now; None if there is none."""
        with self._explained(f"{described} could not be read", writing=False):
            try:
                return _fields(self._client.dns.records.with_raw_response.get(record_id, zone_id=zone_id))
            except NotFoundError:
                return None

    def delete(self, zone_id: str, record_id: str, described: str) -> None:
        """Remove a record, if it is there."""
        with self._explained(f"{described} could not be deleted", writing=True):
            try:
                self._once.dns.records.delete(record_id, zone_id=zone_id)
            except NotFoundError:
                return

    def find(self, zone_id: str, record_type: str) -> list[Fields]:
        """The records of a type in a zone."""
        with self._explained(f"the {record_type} records could not be listed", writing=False):
            kind: Any = record_type
            records = self._client.dns.records.with_raw_response
            return _all_fields(records.list(zone_id=zone_id, type=kind, per_page=5000))

    @contextmanager
    def _explained(self, failed: str, *, writing: bool) -> Iterator[None]:
        try:
            yield
        except APIStatusError as error:
            raise self._refused(failed, error) from error
        except APIConnectionError as error:
            raise ResourceError(self._unreachable(failed, error, writing=writing)) from error
        except APIError as error:
            raise ResourceError(redact(f"{failed}: {error}", {self._token})) from error

    def _refused(self, failed: str, error: APIStatusError) -> RefusedError:
        if error.status_code == _RATE_LIMITED:
            return RefusedError(
                f"{failed}: Cloudflare limits the rate", _RATE_LIMITED, "run this again in five minutes"
            )
        first = _first_error(error.body)
        code = int(first.get("code") or error.status_code)
        message = str(first.get("message") or f"HTTP status {error.status_code}")
        reasons = [message.rstrip("."), *(str(cause.get("message")) for cause in first.get("error_chain") or [])]
        text = f"{failed}: Cloudflare at {self.base_url} says '{': '.join(reasons)}' ({code})"
        mend = _MENDS.get(code, "correct the record in the program")
        return RefusedError(redact(text, {self._token}), code, mend)

    def _unreachable(self, failed: str, error: APIConnectionError, *, writing: bool) -> str:
        cause = error.__cause__
        reason = redact(str(cause or error), {self._token})
        never_sent = isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol)
        if never_sent or not writing:
            return (
                f"{failed}: the Cloudflare API at {self.base_url} cannot be reached ({reason}); nothing was "
                "changed, so run this again when it answers, or correct the provider's baseUrl."
            )
        return (
            f"{failed}: the Cloudflare API at {self.base_url} did not answer ({reason}), so it is not known "
            "whether anything was changed; run `pulumi refresh` and then this again."
        )


def _fields(answer: Any) -> Fields:
    result: Fields = answer.http_response.json()["result"]
    return result


def _all_fields(answer: Any) -> list[Fields]:
    result: list[Fields] = answer.http_response.json()["result"]
    return result


def _first_error(body: object) -> Fields:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return first if isinstance(first, dict) else {}


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
