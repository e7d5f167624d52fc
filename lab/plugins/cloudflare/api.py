"""Cloudflare's API through its official client, with errors that say what to do.

One client serves the whole plugin and reuses its connections; its calls block, and may come from many threads.

What can be sent twice (all but the creation of a record) is sent again when Cloudflare limits the rate, fails, or gives
no answer or a garbled one. A creation is sent again only when it was refused for the rate; where its answer is lost, it
fails with `UnclearError`, and who called looks what has become of it.
"""

import ipaddress
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import cloudflare
import httpx
from cloudflare import APIConnectionError, APIError, APIStatusError, NotFoundError, RateLimitError

from lab.plugins.properties import redact
from lab.plugins.serving import ResourceError

DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4"
TIMEOUT_SECONDS = 60.0
CONNECT_SECONDS = 5.0
TRIES = 3
LONGEST_WAIT_SECONDS = 60.0
"""What Cloudflare may ask for in `Retry-After` and is waited for; the client has the same limit."""

Fields = dict[str, Any]
T = TypeVar("T")

RECORD_UNKNOWN = 81044
IDENTICAL_EXISTS = 81058

_CHECK_ACCESS = "check the provider's apiToken, which needs 'Zone Read' and 'DNS Edit' for the zone, and the zoneId"
_OTHER_RECORD = (
    "remove the other record of that name first, or, if it is this one under its former type, set "
    "delete_before_replace=True on the resource"
)
_MENDS: Mapping[int, str] = {
    404: "check the provider's baseUrl",
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
_FAILED = 500
_SHOWN = 60


class RefusedError(ResourceError):
    """Cloudflare said no; `code` is its number for the reason, `described` the sentence up to the mend."""

    def __init__(self, described: str, code: int, mend: str) -> None:
        super().__init__(f"{described}; {mend}.")
        self.described = described
        self.code = code


class UnclearError(ResourceError):
    """Something was sent, and it is not known whether it was done."""

    def __init__(self, described: str) -> None:
        super().__init__(f"{described}, so it is not known whether anything was changed; run this again.")
        self.described = described


class _GarbledError(Exception):
    """The answer is a success, and not in the form that Cloudflare documents; the text is its beginning."""


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
        # Repeating a creation whose answer was lost would meet its own result.
        self._once = self._client.with_options(max_retries=0)
        # The client would send what it finds in the environment instead of the token.
        for client in (self._client, self._once):
            client.api_key = client.api_email = client.user_service_key = None

    def zones(self, query: Fields) -> list[Fields]:
        """The zones that a filter lets through; the first 50 of them."""
        with self._explained("the zone could not be looked up", writing=False):
            zones = self._client.zones.with_raw_response
            return _repeated(lambda: _all_fields(zones.list(**query, per_page=50)))

    def zone(self, zone_id: str) -> Fields:
        """One zone."""
        with self._explained(f"zone {zone_id} could not be looked up", writing=False):
            return _repeated(lambda: _fields(self._client.zones.with_raw_response.get(zone_id=zone_id)))

    def create(self, zone_id: str, body: Fields) -> Fields:
        """Add a record; the answer is the record as stored.

        Raises:
            UnclearError: it may have been added.
        """
        with self._explained(f"{body['type']} record {body['name']} could not be created", writing=True):
            create = self._once.dns.records.with_raw_response.create
            for attempt in range(TRIES - 1):
                try:
                    return _fields(create(zone_id=zone_id, **body))
                except RateLimitError as error:
                    wait = _wait_asked_for(error.response, attempt)
                    if wait > LONGEST_WAIT_SECONDS:
                        raise
                    time.sleep(wait)
            return _fields(create(zone_id=zone_id, **body))

    def replace(self, zone_id: str, record_id: str, body: Fields) -> Fields:
        """Give a record other content; what the body leaves out is reset."""
        with self._explained(f"{body['type']} record {body['name']} could not be updated", writing=True):
            records = self._client.dns.records.with_raw_response
            return _repeated(lambda: _fields(records.update(record_id, zone_id=zone_id, **body)))

    def read(self, zone_id: str, record_id: str, described: str) -> Fields | None:
        """The record as it is now; None if there is none."""
        with self._explained(f"{described} could not be read", writing=False):
            records = self._client.dns.records.with_raw_response
            try:
                return _repeated(lambda: _fields(records.get(record_id, zone_id=zone_id)))
            except NotFoundError as error:
                if not _first_error(error.body):  # not said by Cloudflare, and a record is not let go for that
                    raise
                return None

    def delete(self, zone_id: str, record_id: str, described: str) -> None:
        """Remove a record, if it is there."""
        with self._explained(f"{described} could not be deleted", writing=True):
            records = self._client.dns.records.with_raw_response
            try:
                _repeated(lambda: _fields(records.delete(record_id, zone_id=zone_id)))
            except NotFoundError as error:
                if not _first_error(error.body):
                    raise

    def find(self, zone_id: str, record_type: str) -> list[Fields]:
        """The records of a type in a zone."""
        with self._explained(f"the {record_type} records could not be listed", writing=False):
            kind: Any = record_type
            records = self._client.dns.records.with_raw_response
            return _repeated(lambda: _all_fields(records.list(zone_id=zone_id, type=kind, per_page=5000)))

    @contextmanager
    def _explained(self, failed: str, *, writing: bool) -> Iterator[None]:
        try:
            yield
        except APIStatusError as error:
            if error.status_code < _FAILED:
                raise self._refused(failed, error) from error
            message = _first_error(error.body).get("message") or f"HTTP status {error.status_code}"
            raise self._unclear(
                f"{failed}: Cloudflare at {self.base_url} fails ('{message}')", writing=writing
            ) from error
        except APIConnectionError as error:
            raise self._unreachable(failed, error, writing=writing) from error
        except _GarbledError as error:
            text = f"{failed}: Cloudflare at {self.base_url} answers with something else than a result ('{error}')"
            raise self._unclear(text, writing=writing) from error
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

    def _unreachable(self, failed: str, error: APIConnectionError, *, writing: bool) -> ResourceError:
        cause = error.__cause__
        never_sent = isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol)
        if never_sent or not writing:
            text = f"{failed}: the Cloudflare API at {self.base_url} cannot be reached ({cause or error}); nothing was "
            mend = "changed, so run this again when it answers, or correct the provider's baseUrl."
            return ResourceError(redact(text + mend, {self._token}))
        return self._unclear(
            f"{failed}: the Cloudflare API at {self.base_url} did not answer ({cause or error})", writing=writing
        )

    def _unclear(self, text: str, *, writing: bool) -> ResourceError:
        text = redact(text, {self._token})
        return UnclearError(text) if writing else ResourceError(f"{text}; nothing was changed, so run this again.")


def _repeated(call: Callable[[], T]) -> T:
    """What a call returns, made again where its answer is garbled."""
    for attempt in range(TRIES - 1):
        try:
            return call()
        except _GarbledError:
            time.sleep(2**attempt / 2)
    return call()


def _fields(answer: Any) -> Fields:
    result = _result(answer)
    if not isinstance(result, dict) or not isinstance(result.get("id"), str):
        raise _garbled(answer)
    return result


def _all_fields(answer: Any) -> list[Fields]:
    result = _result(answer)
    if not isinstance(result, list):
        raise _garbled(answer)
    return result


def _result(answer: Any) -> object:
    try:
        body = answer.http_response.json()
    except ValueError:
        raise _garbled(answer) from None
    return body.get("result") if isinstance(body, dict) else None


def _garbled(answer: Any) -> _GarbledError:
    text = "".join(letter if letter.isprintable() else " " for letter in answer.http_response.text[:_SHOWN])
    return _GarbledError(text)


def _wait_asked_for(response: httpx.Response, attempt: int) -> float:
    """Seconds, as in the answer's `Retry-After` or else longer with every attempt."""
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return float(2**attempt)


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
