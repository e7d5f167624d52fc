"""Aliases: addresses whose mail goes to other addresses."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from mail import names


def without_tag(local_part: str) -> str:
    """Return the name that mail to NAME+ANYTHING goes to; the same rule as in `templates/maddy.conf.j2`."""
    tagged = re.fullmatch(r"(.+)\+(.+)", local_part)
    return tagged[1] if tagged else local_part


def faults(
    aliases: Mapping[str, Sequence[str]], *, accounts: Collection[str], domains: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield an alias and what is wrong with it: for every target that is nowhere, and for every circle once.

    Args:
        aliases: alias address to target addresses.
        accounts: the addresses of all accounts.
        domains: the mail domains of the stack; an address in none of them is an outside one, which ends a chain.
    """
    accounts, domains = set(accounts), set(domains)
    for alias, targets in aliases.items():
        for target in targets:
            if target not in aliases and target not in accounts and names.parse_address(target)[1] in domains:
                yield alias, f"{target!r} is neither an account nor an alias: add the account or correct the target"
    found: set[frozenset[str]] = set()
    for alias in aliases:
        circle = _way_back(alias, aliases)
        if circle and frozenset(circle) not in found:
            found.add(frozenset(circle))
            yield alias, f"{' -> '.join(circle)} goes round in a circle: let it end at an account"


def _way_back(alias: str, aliases: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return a way from an alias back to itself, empty when there is none."""
    ways: list[tuple[str, ...]] = [(alias,)]
    seen = set()
    while ways:
        way = ways.pop()
        for target in aliases.get(way[-1], ()):
            if target == alias:
                return (*way, target)
            if target not in seen:
                seen.add(target)
                ways.append((*way, target))
    return ()


def resolve(
    aliases: Mapping[str, Sequence[str]], *, accounts: Collection[str], domains: Collection[str]
) -> dict[str, list[str]]:
    """Follow aliases of aliases to where the mail ends, since Maddy's `replace_rcpt` looks up a table once.

    Args:
        aliases: as in `faults`.
        accounts: as in `faults`.
        domains: as in `faults`.

    Returns:
        alias address to the accounts and outside addresses it ends at, each once, in the order written.

    Raises:
        ValueError: with the first of the `faults`.
    """
    for alias, text in faults(aliases, accounts=accounts, domains=domains):
        raise ValueError(f"{alias}: {text}")

    def ends(address: str) -> list[str]:
        return [end for target in aliases[address] for end in ends(target)] if address in aliases else [address]

    return {alias: list(dict.fromkeys(ends(alias))) for alias in aliases}
