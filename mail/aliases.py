"""Aliases: addresses whose mail goes to other addresses."""

from collections.abc import Collection, Mapping, Sequence

from mail import names


def resolve(
    aliases: Mapping[str, Sequence[str]], *, accounts: Collection[str], domains: Collection[str]
) -> dict[str, list[str]]:
    """Follow aliases of aliases to where the mail ends, since Maddy's `replace_rcpt` looks up a table once.

    Args:
        aliases: alias address to target addresses.
        accounts: the addresses of all accounts.
        domains: the mail domains of the stack; an address in none of them is an outside one, which ends a chain.

    Returns:
        alias address to the accounts and outside addresses it ends at, each once, in the order written.

    Raises:
        ValueError: for a target in one of the domains that is neither account nor alias, and for a loop.
    """

    def ends(address: str, way: tuple[str, ...]) -> list[str]:
        if address in way:
            raise ValueError(
                f"aliases: {' -> '.join((*way, address))} goes round in a circle: let it end at an account"
            )
        if address in aliases:
            return [end for target in aliases[address] for end in ends(target, (*way, address))]
        if address not in accounts and names.parse_address(address)[1] in domains:
            raise ValueError(
                f"aliases: {way[-1]} leads to {address}, which is neither an account nor an alias: "
                "add the account or correct the target"
            )
        return [address]

    return {alias: list(dict.fromkeys(ends(alias, ()))) for alias in aliases}
