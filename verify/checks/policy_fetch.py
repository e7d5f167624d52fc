"""A policy, fetched as a sender does (RFC 8461 section 3.3), from one address, with a bound on time and size."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass

import httpx

from mail import mta_sts
from verify.failures import Closed, Failure, Gibberish, Silent

LARGEST = 64 * 1024
"""Bytes of a policy that senders read; RFC 8461 section 3.3 suggests it."""
FETCH_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What was answered.

    Attributes:
        status: of HTTP.
        location: where a redirect leads to.
        content_type: as said, "" where nothing is.
        body: the first `LARGEST` bytes.
        is_whole: whether that is all of it.
    """

    status: int
    location: str = ""
    content_type: str = ""
    body: bytes = b""
    is_whole: bool = True


async def fetch(host: str, address: str, port: int, tls: ssl.SSLContext) -> Fetched:
    """Fetch the policy of a policy host from one of its addresses.

    Raises:
        Failure: there was no HTTP answer.
    """
    where = f"port {port} on {address}"
    literal = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),
            httpx.AsyncClient(verify=tls, trust_env=False, timeout=FETCH_SECONDS) as client,
            client.stream(
                "GET",
                f"https://{literal}:{port}{mta_sts.POLICY_PATH}",
                headers={"Host": host, "Accept-Encoding": "identity"},
                extensions={"sni_hostname": host},
            ) as response,
        ):
            body = b""
            async for part in response.aiter_raw():
                body += part
                if len(body) > LARGEST:
                    break
            return Fetched(
                status=response.status_code,
                location=response.headers.get("location", ""),
                content_type=response.headers.get("content-type", ""),
                body=body[:LARGEST],
                is_whole=len(body) <= LARGEST,
            )
    except (TimeoutError, httpx.TimeoutException):
        raise Silent(f"{where} did not give the policy within {FETCH_SECONDS:g} s") from None
    except httpx.ProtocolError as error:
        if "disconnected" in str(error):
            raise Closed(f"{where} closed the connection") from None
        raise Gibberish(f"{where} answers what is no HTTP: {error}") from None
    except (httpx.HTTPError, OSError) as error:
        raise Failure(f"{where}: {error or type(error).__name__}") from None
