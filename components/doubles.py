"""What no provider sees: records that somebody put beside the stack's, as of the last refresh."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi
from pulumi.dynamic import (
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from components.complaint import in_words
from verify.failures import Failure
from zones.conflicts import Kind, doubles

if TYPE_CHECKING:
    from zones.account import Account

_RETRIES = 4
_Done = TypeVar("_Done")
_DECLARED = ("zone_id", "own")


class _Provider(ResourceProvider):
    """Looks at a refresh, and takes away in an update what the refresh has shown."""

    def configure(self, req: ConfigureRequest) -> None:
        self._config = req.config

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        declares_other = any(olds.get(key) != news.get(key) for key in _DECLARED)
        return DiffResult(changes=declares_other or bool(olds.get("doubled")))

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["zone_id"], {**props, "doubled": {}})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, {**props, "doubled": self._at_cloudflare("look for doubles", _doubled, props)})

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        if olds.get("doubled"):
            self._at_cloudflare("delete doubles", _take_away, olds["doubled"], news)
        return UpdateResult({**news, "doubled": {}})

    def _at_cloudflare(self, to_do: str, work: Callable[..., Awaitable[_Done]], *arguments: Any) -> _Done:
        from zones.account import DEFAULT_URL, Account, Refusal  # what it imports would slow every preview down

        access = json.loads(self._config.require("cloudflare"))

        async def at_work() -> _Done:
            account = Account(access["apiToken"], access.get("baseUrl") or DEFAULT_URL, retries=_RETRIES)
            try:
                return await work(account, *arguments)
            finally:
                await account.close()

        with in_words(f"could not {to_do}", Failure, Refusal):
            return asyncio.run(at_work())


async def _take_away(account: "Account", shown: Mapping[str, str], props: Mapping[str, Any]) -> None:
    """Delete what was shown, where it is still there, still says the same, and still stands beside the stack's."""
    for record_id, _ in (await _doubled(account, props)).items() & shown.items():
        await account.delete(props["zone_id"], record_id)


async def _doubled(account: "Account", props: Mapping[str, Any]) -> dict[str, str]:
    own = {Kind.read(kind): record_id for kind, record_id in props["own"].items()}
    return doubles(own, await account.records(props["zone_id"]))


class Doubles(Resource, module="mail", name="Doubles"):
    """The records of a zone that receivers would take for one of the stack's, or not know which of the two to take.

    A refresh finds them; the update after it deletes them. The API token is the stack's, out of its configuration.

    Args:
        zone_id: Cloudflare's id of the zone.
        own: the stack's records, by kind the id.
    """

    def __init__(
        self,
        name: str,
        *,
        zone_id: pulumi.Input[str],
        own: Mapping[Kind, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        declared = {"zone_id": zone_id, "own": {str(kind): record_id for kind, record_id in own.items()}}
        super().__init__(_Provider(), name, {**declared, "doubled": None}, opts)
