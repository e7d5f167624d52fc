"""What changes of an MTA-STS policy mean (RFC 8461)."""

from __future__ import annotations

from collections.abc import Iterator

from changes.change import Area, Change
from changes.markdown import value
from settings import Domain, Settings

_AREA: Area = "Policies"


def changes(before: Domain, after: Domain, was: Settings, now: Settings) -> Iterator[Change]:
    """Yield what differs in the MTA-STS policy of a domain that was there before, with its settings."""
    old, new = before.mta_sts, after.mta_sts
    from_mode = old.mode if old.enabled else "off"
    to_mode = new.mode if new.enabled else "off"
    if from_mode != to_mode:
        meaning, hurts = _mode(from_mode, to_mode, old.max_age)
        yield Change(
            area=_AREA,
            subject=f"MTA-STS of {after.name}",
            before=from_mode,
            after=to_mode,
            meaning=meaning,
            token=f"mta-sts {after.name} {to_mode}" if hurts else None,
        )
    if old.enabled and new.enabled and old.max_age != new.max_age:
        longer = new.max_age > old.max_age
        yield Change(
            area=_AREA,
            subject=f"MTA-STS maxAge of {after.name}",
            before=f"{old.max_age} s",
            after=f"{new.max_age} s",
            meaning=f"Senders remember the policy for up to {_time(new.max_age)}: "
            + (
                "a mistake in it lasts as long."
                if longer
                else "those who have it already, for what is left of the old time."
            ),
        )
    hosts = was.server.hostname, now.server.hostname
    if "off" not in (from_mode, to_mode) and hosts[0] != hosts[1]:
        bound = from_mode == "enforce"
        yield Change(
            area=_AREA,
            subject=f"MTA-STS hosts (mx) of {after.name}",
            before=hosts[0],
            after=hosts[1],
            meaning=f"Senders that remember the policy in mode {from_mode} know {value(hosts[0])} only: until they "
            f"have fetched the new one, at the latest after {_time(old.max_age)}, they "
            + (
                "do not deliver to another host. Go back to testing first."
                if bound
                else "report the new host as a failure."
            ),
            token=f"mta-sts {after.name} mx {hosts[1]}" if bound else None,
        )


def _mode(was: str, now: str, max_age: int) -> tuple[str, bool]:
    """Return what a change of the mode means, and whether it can hurt."""
    if now == "enforce":
        return (
            "Senders that know MTA-STS deliver over TLS with a valid certificate of the MX host, or not at all: run "
            f"{value('make verify')} and read the TLS reports first.",
            True,
        )
    if now == "off" and was == "enforce":
        return (
            f"Senders remember the policy in mode enforce for up to {_time(max_age)} and can fetch no other: have "
            "mode none first, for as long (RFC 8461, section 8.3).",
            True,
        )
    if now == "off" and was == "none":
        return (
            "Right only when mode none was served for as long as the longest max_age of the policies before it (RFC "
            "8461, section 8.3): else senders that remember an older one keep to it.",
            True,
        )
    if now == "off":
        return (
            "Senders that remember the policy in mode testing deliver as before, and report that it cannot be fetched.",
            False,
        )
    if now == "none":
        return "Senders that fetch it forget the policy: TLS is not insisted on any more.", False
    if was == "enforce":
        return (
            "Senders deliver also when TLS fails, and report it: mail can be read or diverted on the way again.",
            False,
        )
    return "Senders deliver as before, and report when they would not.", False


def _time(seconds: int) -> str:
    """Return seconds as a person says them."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
