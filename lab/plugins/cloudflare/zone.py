"""The function `cloudflare:index/getZone:getZone`."""

from pulumi.provider.experimental.provider import CheckFailure

from lab.plugins.cloudflare.api import Api, Fields
from lab.plugins.cloudflare.casing import from_api, snake, to_api
from lab.plugins.properties import Plain

TOKEN = "cloudflare:index/getZone:getZone"  # noqa: S105 - a Pulumi token names a function

OUTPUTS = (
    *("account", "activatedOn", "cnameSuffix", "createdOn", "developmentMode", "id", "meta", "modifiedOn", "name"),
    *("nameServers", "originalDnshost", "originalNameServers", "originalRegistrar", "owner", "paused"),
    *("permissions", "plan", "status", "tenant", "tenantUnit", "type", "vanityNameServers", "verificationKey"),
)
FILTERS = frozenset({"name", "status", "match"})


def problems(arguments: dict[str, Plain]) -> list[CheckFailure]:
    """What is wrong with the arguments."""
    wanted = arguments.get("filter")
    if (arguments.get("zoneId") is None) == (wanted is None):
        return [CheckFailure("zoneId", "getZone needs either 'zoneId' or 'filter'")]
    found = [
        CheckFailure(name, f"getZone has no argument '{name}'")
        for name in arguments
        if name not in {"zoneId", "filter"}
    ]
    if isinstance(wanted, dict):
        given = [name for name, value in wanted.items() if value is not None]
        found += [
            CheckFailure(f"filter.{name}", f"this plugin has no filter '{name}', only {', '.join(sorted(FILTERS))}")
            for name in given
            if name not in FILTERS
        ]
    return found


def look_up(api: Api, arguments: dict[str, Plain]) -> dict[str, Plain] | CheckFailure:
    """The zone with this identifier, or the only one that the filter lets through."""
    given = arguments.get("filter")
    if not isinstance(given, dict):
        return _outputs(api.zone(str(arguments["zoneId"])), None)
    wanted = dict[str, Plain](match="all") | given
    found = api.zones(to_api(wanted))
    if len(found) != 1:
        return CheckFailure(
            "filter",
            f"{len(found)} zones at {api.base_url} fit {_shown(given)}, and it must be exactly one: check the "
            "name, and that the provider's apiToken has 'Zone Read' for the zone",
        )
    return _outputs(found[0], wanted)


def _outputs(zone: Fields, wanted: dict[str, Plain] | None) -> dict[str, Plain]:
    result = {name: from_api(zone.get(snake(name))) for name in OUTPUTS}
    return result | {"zoneId": result["id"], "filter": wanted}


def _shown(wanted: dict[str, Plain]) -> str:
    return ", ".join(f"{name} '{value}'" for name, value in wanted.items() if value is not None)
