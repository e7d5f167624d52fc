"""What an API token opens at Cloudflare, through Cloudflare's own client."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from cloudflare import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncCloudflare

from verify.failures import Failure
from zones.zone import Zone, ZoneRecord, record_of, zone_of

DEFAULT_URL = "https://api.cloudflare.com/client/v4"
CALL_SECONDS = 10.0
MOST_AT_ONCE = 8
MOST_RECORDS = 20_000
_A_PAGE = 1000
_RATE_LIMITED = 429
_NO_SUCH_RECORD = 81044
_Read = TypeVar("_Read")


class Unanswered(Failure):
    """Cloudflare's API could not be asked."""

    mend = "Look whether the network here lets https://api.cloudflare.com through (or what cloudflare.baseUrl says)."


class Refusal(Exception):  # noqa: N818 - it is an answer
    """Cloudflare said no.

    Attributes:
        status: of HTTP.
        code: Cloudflare's number for the reason.
    """

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(f"Cloudflare says '{text}' ({code})")
        self.status = status
        self.code = code


@dataclass
class Account:
    """What one API token opens.

    Attributes:
        token: stays in here.
        base_url: of the API.
        retries: how often a call is made again that was not answered, or with a status of 429 or from 500 on.
    """

    token: str = field(repr=False)
    base_url: str = DEFAULT_URL
    retries: int = 1
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))
    _known: dict[str, asyncio.Task[list[ZoneRecord]]] = field(default_factory=dict)

    @cached_property
    def _client(self) -> AsyncCloudflare:
        client = AsyncCloudflare(
            api_token=self.token,
            base_url=self.base_url,
            max_retries=self.retries,
            http_client=httpx.AsyncClient(timeout=CALL_SECONDS, trust_env=not _is_loopback(self.base_url)),
        )
        # The client would send what it finds in the environment instead of the token.
        client.api_key = client.api_email = client.user_service_key = None
        return client

    async def close(self) -> None:
        """End the connections."""
        await self._client.close()

    async def token_status(self) -> tuple[str, str]:
        """Return the token's status (`active`, `disabled`, `expired`), and until when it is good, if it says so.

        Raises:
            Refusal: the API does not know the token.
            Failure: it could not be asked.
        """
        return await self._asked(self._client.user.tokens.verify(), _status)

    async def opens_anything(self) -> bool:
        """Return whether the API takes the token, which it does for an account's own though it verifies users' only."""
        try:
            await self._asked(self._client.zones.list(per_page=5), _zones)
        except Refusal:
            return False
        return True

    async def zone(self, zone_id: str | None, name: str) -> list[Zone]:
        """Return the zone of that id, or all of that name, as the program looks it up; none where none is seen.

        Raises:
            Refusal: the API does not take the token.
            Failure: it could not be asked.
        """
        if zone_id is not None:
            return [await self._asked(self._client.zones.get(zone_id=zone_id), zone_of)]
        return await self._asked(self._client.zones.list(name=name, match="all"), _zones)

    async def records(self, zone_id: str) -> list[ZoneRecord]:
        """Return all records of a zone; asked once a zone.

        Raises:
            Refusal: the token may not read them.
            Failure: they could not be had.
        """
        if zone_id not in self._known:
            self._known[zone_id] = asyncio.ensure_future(self._records(zone_id))
            self._known[zone_id].add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._known[zone_id])

    async def delete(self, zone_id: str, record_id: str) -> None:
        """Delete a record, if it is still there.

        Raises:
            Refusal: the token may not.
            Failure: it could not be asked; the record may be gone.
        """
        try:
            await self._asked(self._client.dns.records.delete(record_id, zone_id=zone_id), lambda _: None)
        except Refusal as refusal:
            if refusal.code != _NO_SUCH_RECORD:
                raise

    async def _records(self, zone_id: str) -> list[ZoneRecord]:
        found: list[ZoneRecord] = []
        ask: Awaitable[Any] = self._client.dns.records.list(zone_id=zone_id, per_page=_A_PAGE)
        while True:
            page, records = await self._asked(ask, lambda page: (page, [record_of(item) for item in page.result]))
            found += records
            if len(found) > MOST_RECORDS:
                raise Unanswered(f"the zone has over {MOST_RECORDS} records")
            total = getattr(page.result_info, "total_count", None)  # the client itself looks for a page without any
            if len(found) == total or not page.has_next_page():
                return found
            ask = page.get_next_page()

    async def _asked(self, call: Awaitable[Any], read: Callable[[Any], _Read]) -> _Read:
        async with self._turns:
            with _explained(self.base_url):
                return read(await call)


@contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except APIStatusError as error:
        if error.status_code == _RATE_LIMITED or error.status_code >= 500:
            raise Unanswered(f"the Cloudflare API answers with status {error.status_code}") from None
        raise _refusal(error) from None
    except APITimeoutError:
        raise Unanswered(f"the Cloudflare API at {url} does not answer within {CALL_SECONDS:g} s") from None
    except APIConnectionError as error:
        raise Unanswered(f"the Cloudflare API at {url} cannot be reached ({error.__cause__ or error})") from None
    except (APIError, AttributeError, TypeError, ValueError) as error:
        raise Unanswered(f"what answers at {url} is not the Cloudflare API ({type(error).__name__})") from None


def _refusal(error: APIStatusError) -> Refusal:
    errors = error.body.get("errors") if isinstance(error.body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = first.get("code")
    return Refusal(
        error.status_code,
        code if isinstance(code, int) else error.status_code,
        str(first.get("message") or f"HTTP status {error.status_code}").rstrip("."),
    )


def _status(item: Any) -> tuple[str, str]:
    return str(item.status), f"{item.expires_on:%Y-%m-%d}" if item.expires_on else ""


def _zones(page: Any) -> list[Zone]:
    return [zone_of(item) for item in page.result]


def _is_loopback(url: str) -> bool:
    """Whether no proxy leads to this URL."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
