"""How the checks of delivery get at the mail server: with the stack's accounts, and without asking too much of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import SecretStr

from verify.conversation import Conversation, connected
from verify.expectation import Endpoint
from verify.failures import Closed, Failure, Gibberish, NoRoute, Refused, TlsFailed
from verify.look import Look
from verify.mailbox import Mailbox
from verify.submission import MessageRefused, greet, log_in

LOGINS_AT_ONCE = 4
"""Each costs the server a bcrypt."""
DOMAINS_AT_ONCE = 8
DELIVERIES_AT_ONCE = 3
"""Of the ten connections and twenty messages a second that the server takes on port 25."""
BUSY_SECONDS = 1.0

_SEE_CERTIFICATE = {9: "`cert-expiry`", 10: "`cert-expiry`", 62: "`cert-name`"}
"""OpenSSL's codes: not yet valid, expired, another name."""


class ShutOut(Failure):
    """The server cannot be talked to, for a reason that another check reports; the text begins with its name."""


@dataclass
class Access:
    """One run's way to the mail server.

    Attributes:
        look: what is expected, and how to look.
    """

    look: Look
    domains: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DOMAINS_AT_ONCE))
    deliveries: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DELIVERIES_AT_ONCE))
    deletion: asyncio.Lock = field(default_factory=asyncio.Lock)
    _logins: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOGINS_AT_ONCE))
    _doors: dict[str, asyncio.Task[str]] = field(default_factory=dict)

    @property
    def passwords(self) -> dict[str, SecretStr]:
        """Address to password."""
        return self.look.expected.account_passwords

    def accounts(self, domain: str) -> list[str]:
        """The addresses of a domain, in the order of the outputs."""
        return [address for address in self.look.expected.accounts if address.rpartition("@")[2] == domain]

    def endpoint(self, protocol: str) -> Endpoint:
        """Where a protocol is served.

        Raises:
            ShutOut: nowhere.
        """
        try:
            return self.look.expected.endpoints[protocol]
        except KeyError:
            raise ShutOut(f"the outputs name no endpoint for {protocol}") from None

    @asynccontextmanager
    async def talking(self, protocol: str) -> AsyncIterator[Conversation]:
        """Have a conversation on `smtp`, `submissions`, `submission` or `imaps`, past the greeting and EHLO.

        TLS is verified everywhere but on `smtp`, as other servers do there.

        Raises:
            ShutOut: there is none; the first who found out has it said to all.
        """
        if protocol not in self._doors:
            self._doors[protocol] = asyncio.ensure_future(self._door(protocol))
            self._doors[protocol].add_done_callback(lambda task: task.cancelled() or task.exception())
        address = await asyncio.shield(self._doors[protocol])
        async with self._greeted(protocol, address) as conversation:
            yield conversation

    @asynccontextmanager
    async def mailbox(self, account: str, password: SecretStr | None = None) -> AsyncIterator[Mailbox]:
        """Have an account's mailbox open over IMAPS; with another password than the stack's, try that.

        Raises:
            LoginRefused: the server does not take the password.
            ShutOut: there is no way to the server.
        """
        async with self.talking("imaps") as conversation:
            async with self._logins:
                mailbox = await Mailbox.log_in(conversation, account, password or self.passwords[account])
            yield mailbox

    @asynccontextmanager
    async def submitting(
        self, protocol: str, account: str, password: SecretStr | None = None
    ) -> AsyncIterator[Conversation]:
        """Be logged in for sending on `submissions` or `submission`.

        Raises:
            LoginRefused: the server does not take the password.
            ShutOut: there is no way to the server.
        """
        async with self.talking(protocol) as conversation:
            async with self._logins:
                await log_in(conversation, account, password or self.passwords[account])
            yield conversation

    @cached_property
    def _verified(self) -> ssl.SSLContext:
        return self.look.tls()

    @cached_property
    def _unverified(self) -> ssl.SSLContext:
        return self.look.tls_with_any_certificate()

    async def _door(self, protocol: str) -> str:
        """Find the first address that lets one in."""
        endpoint = self.endpoint(protocol)
        addresses = await self.look.addresses(endpoint.host)
        tried = await asyncio.gather(*(self._try(protocol, address) for address in addresses), return_exceptions=True)
        for address, failure in zip(addresses, tried, strict=True):
            if failure is None:
                return address
        first = next(iter(tried), None)
        if isinstance(first, Failure):
            raise shut_out(first)
        raise first or ShutOut(f"see `published`: {endpoint.host} has no address")

    async def _try(self, protocol: str, address: str) -> None:
        async with self._greeted(protocol, address):
            return

    @asynccontextmanager
    async def _greeted(self, protocol: str, address: str) -> AsyncIterator[Conversation]:
        endpoint = self.endpoint(protocol)
        at_once = self._verified if protocol in ("submissions", "imaps") else None
        async with connected(address, endpoint.port, tls=at_once, server_name=endpoint.host) as conversation:
            if protocol == "imaps":
                await conversation.line()
            elif protocol == "submissions":
                await greet(conversation)
            else:
                tls = self._unverified if protocol == "smtp" else self._verified
                await greet(conversation, tls, endpoint.host)
            yield conversation


async def patiently(attempt: Callable[[], Awaitable[None]]) -> None:
    """Try once more where the server says that it cannot just now (4xx), as every sender does.

    Raises:
        Failure: what the last attempt raised.
    """
    try:
        await attempt()
    except MessageRefused as refusal:
        if refusal.reply.code // 100 != 4:
            raise
        await asyncio.sleep(BUSY_SECONDS)
        await attempt()


def shut_out(failure: Failure) -> ShutOut:
    """Return a failure to get at the server as the reason why something is skipped."""
    if isinstance(failure, ShutOut):
        return failure
    if isinstance(failure, TlsFailed):
        see = _SEE_CERTIFICATE.get(failure.verify_code, "`cert-chain`") if failure.verify_code else "`tls-new`"
    elif isinstance(failure, MessageRefused):
        see = "`starttls`" if failure.step == "STARTTLS" else "`greeting`"
    elif isinstance(failure, Closed | Gibberish):
        see = "`greeting`"
    else:
        see = "`port-reachable`" if isinstance(failure, Refused | NoRoute) else "`port-reachable` and `greeting`"
    return ShutOut(f"see {see}: {failure}")
