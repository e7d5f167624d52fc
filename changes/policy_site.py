"""Options of the web server that serves the MTA-STS policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from changes import option
from changes.change import Change
from changes.option import Option
from changes.server import network
from settings import Settings

_ADDRESS = "Senders fetch the MTA-STS policies from this address; those who remember a policy go on with it meanwhile."


def changes(before: Settings, after: Settings) -> Iterator[Change]:
    """Yield what differs in the policy site's options; nothing where there is no policy to serve, before and after."""
    if before.policy_hosts or after.policy_hosts:
        yield from option.changes(_OPTIONS, "Policy site", before, after)


def _site(field: str) -> Callable[[Settings], object]:
    return lambda settings: getattr(settings.policy_site, field)


def _address(field: str) -> Callable[[Settings], object]:
    """Return how an address of the site is read: one that is the server's is told there."""

    def read(settings: Settings) -> object:
        site = settings.policy_site
        own = site if site.ipv4 or site.ipv6 else None
        return getattr(own, field) if own else None

    return read


_OPTIONS = [
    Option(
        key="policySite.image",
        read=_site("image"),
        meaning="The policy site restarts with another version; senders who remember a policy go on with it meanwhile.",
    ),
    Option(key="policySite.ipv4", read=_address("ipv4"), meaning=_ADDRESS),
    Option(key="policySite.ipv6", read=_address("ipv6"), meaning=_ADDRESS),
    *network(lambda settings: settings.policy_site.network, "policySite.network", "policy site's"),
    Option(
        key="policySite.bindAddress",
        read=_site("bind_address"),
        meaning="The policy site listens on these addresses of its host: on others, no policy can be fetched.",
    ),
    Option(
        key="policySite.httpPort",
        read=_site("http_port"),
        meaning="Mail is not concerned: senders fetch policies over HTTPS.",
    ),
    Option(
        key="policySite.httpsPort",
        read=_site("https_port"),
        meaning="Senders fetch policies on port 443 only: on another, they get none unless something maps 443 to it.",
        hurts=True,
    ),
    Option(
        key="policySite.memory",
        read=_site("memory"),
        meaning="The policy site's limit in MiB: with too little, policies cannot be fetched now and then.",
    ),
    Option(key="policySite.cpus", read=_site("cpus"), meaning="With fewer cores, fetching a policy takes longer."),
]
