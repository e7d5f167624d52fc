"""What changes of accounts and aliases mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from changes.change import Area, Change, kind_of
from changes.markdown import value
from settings import Account, Settings

_AREA: Area = "Accounts and aliases"

Accounts = Mapping[str, Account]
Aliases = Mapping[str, list[str]]


def changes(before: Settings, after: Settings) -> Iterator[Change]:
    """Yield what differs in the addresses of all domains; of a removed domain, only mail that is deleted."""
    kept = {domain.name for domain in before.domains} & {domain.name for domain in after.domains}
    was, now = _accounts(before), _accounts(after)
    old, new = before.alias_table, after.alias_table
    for address, account in was.items():
        if address not in now and (_domain(address) in kept or account.delete_mailbox):
            yield _account_removed(address, account, new)
    for address, account in now.items():
        if _domain(address) in kept:
            yield from _account(address, was, account, old)
    for address in {**old, **new}:
        if _domain(address) in kept and set(old.get(address, ())) != set(new.get(address, ())):
            yield from _alias(address, old.get(address), new.get(address), was, now)


def _accounts(settings: Settings) -> dict[str, Account]:
    return {f"{account.name}@{domain.name}": account for domain in settings.domains for account in domain.accounts}


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _account_removed(address: str, account: Account, aliases: Aliases) -> Change:
    mail = (
        f"mail to it goes to {_listed(aliases[address])} from now on"
        if address in aliases
        else "mail to it is refused (550)"
    )
    kept = (
        "its mail is deleted for good, since deleteMailbox is set"
        if account.delete_mailbox
        else "its mail is kept, for an account of this name"
    )
    return Change(
        area=_AREA,
        subject=f"Account {value(address)}",
        kind="removed",
        meaning=f"The login is gone, {mail}, and {kept}.",
        token=f"account {address} removed" + (" with its mail" if account.delete_mailbox else ""),
    )


def _account(address: str, was: Accounts, account: Account, aliases: Aliases) -> Iterator[Change]:
    old = was.get(address)
    if old is None:
        before = f"what went to {_listed(aliases[address])} so far goes there no more" if address in aliases else ""
        yield Change(
            area=_AREA,
            subject=f"Account {value(address)}",
            kind="added",
            meaning="It gets a mailbox and a login, and takes mail"
            + (
                f": {before}."
                if before
                else ". An account of this name that was removed with its mail kept gets that back."
            ),
        )
        if not account.delete_mailbox:
            return
    elif old.password != account.password:
        yield Change(
            area=_AREA,
            subject=f"Password of {value(address)}",
            kind=kind_of(old.password, account.password),
            meaning="The old password is refused at once: its mail clients need the new one"
            + ("." if account.password else f", which is generated (output {value('account_passwords')})."),
            token=f"password {address} {kind_of(old.password, account.password)}",
        )
    if (old.delete_mailbox if old else False) != account.delete_mailbox:
        yield Change(
            area=_AREA,
            subject=f"deleteMailbox of {value(address)}",
            before="false" if account.delete_mailbox else "true",
            after="true" if account.delete_mailbox else "false",
            meaning="When the account is removed, or its command made anew, its mail is deleted for good."
            if account.delete_mailbox
            else "When the account is removed, its mail is kept.",
            token=f"deleteMailbox {address}" if account.delete_mailbox else None,
        )


def _alias(
    address: str, old: list[str] | None, new: list[str] | None, was: Accounts, now: Accounts
) -> Iterator[Change]:
    if (old is None and address in was) or (new is None and address in now):
        return  # told with the account
    postmaster = address.startswith("postmaster@")
    gone = [target for target in old or () if target not in (new or ())]
    hurts = new is None or (postmaster and bool(gone))
    if new is None:
        meaning = "Mail to it is refused (550)."
    elif old is None:
        meaning = f"Mail to it goes to {_listed(new)}."
    else:
        meaning = f"Mail to it goes to {_listed(new)}" + (f", and to {_listed(gone)} no longer." if gone else ".")
    if postmaster:
        meaning += " It is the address for complaints, and for reports unless others are set: somebody must read it."
    yield Change(
        area=_AREA,
        subject=f"Alias {value(address)}",
        before=", ".join(old) if old else None,
        after=", ".join(new) if new else None,
        kind=kind_of(old, new),
        meaning=meaning,
        token=f"alias {address} {', '.join(new) if new else 'removed'}" if hurts else None,
    )


def _listed(addresses: list[str]) -> str:
    return ", ".join(value(address) for address in addresses)
