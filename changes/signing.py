"""What changes of a domain's DKIM keys mean."""

from __future__ import annotations

from collections.abc import Iterator

from changes.change import Area, Change, kind_of
from changes.markdown import value
from settings import Domain, Selector

_AREA: Area = "Signing keys"


def changes(before: Domain, after: Domain) -> Iterator[Change]:
    """Yield what differs in the keys of a domain that was there before."""
    was = {selector.name: selector for selector in before.dkim.selectors}
    now = {selector.name: selector for selector in after.dkim.selectors}
    for name in was:
        if name not in now:
            yield _removed(before, name)
    for name, selector in now.items():
        if name in was:
            yield from _key(after, was[name], selector)
        else:
            yield _added(before, after, selector)
    yield from _signing(before, after, set(was) & set(now))


def _removed(before: Domain, name: str) -> Change:
    signed = name in before.dkim.signs_with
    return Change(
        area=_AREA,
        subject=f"DKIM selector {name} of {before.name}",
        before="signs" if signed else "does not sign",
        kind="removed",
        meaning=f"Selector {value(name)} is removed with its key: mail signed with it in the last five days will fail "
        "DKIM. "
        + (
            f"Take it out of {value('dkim.signing')} first, and remove it five days later."
            if signed
            else "Right when it has not signed for five days."
        ),
        token=f"dkim {before.name} {name} removed",
    )


def _added(before: Domain, after: Domain, selector: Selector) -> Change:
    name = selector.name
    signs = name in after.dkim.signs_with
    alone = signs and not set(before.dkim.signs_with) & set(after.dkim.signs_with)
    if not signs:
        meaning = (
            "Its record is published, and it does not sign yet: sign with it once that has spread (a day is enough)."
        )
    elif alone:
        meaning = (
            "It signs at once and alone: until its record has spread, mail fails DKIM at receivers that have looked "
            f"for it before. Publish it first, without it in {value('dkim.signing')}."
        )
    else:
        meaning = "It signs at once, beside a key whose record is known: mail passes DKIM by that one meanwhile."
    return Change(
        area=_AREA,
        subject=f"DKIM selector {name} of {after.name}",
        after=f"{selector.algorithm}, {'signs' if signs else 'does not sign'}",
        kind="added",
        meaning=meaning,
        token=f"dkim {after.name} {name} signs at once" if alone else None,
    )


def _key(after: Domain, old: Selector, new: Selector) -> Iterator[Change]:
    subject = f"DKIM selector {new.name} of {after.name}"
    if old.algorithm != new.algorithm:
        yield Change(
            area=_AREA,
            subject=subject,
            before=old.algorithm,
            after=new.algorithm,
            meaning="A selector is one key for ever, and this is refused: add a selector for the new key.",
            token=f"dkim {after.name} {new.name} {new.algorithm}",
        )
    if old.private_key != new.private_key:
        yield Change(
            area=_AREA,
            subject=f"{subject}: privateKey",
            kind=kind_of(old.private_key, new.private_key),
            meaning="With another key under the same selector, mail on its way fails DKIM, and so does new mail "
            "until the new record has spread: another key takes another selector.",
            token=f"dkim {after.name} {new.name} key {kind_of(old.private_key, new.private_key)}",
        )


def _signing(before: Domain, after: Domain, kept: set[str]) -> Iterator[Change]:
    was, now = ([name for name in domain.dkim.signs_with if name in kept] for domain in (before, after))
    for name in sorted(set(was) ^ set(now)):
        starts = name in now
        yield Change(
            area=_AREA,
            subject=f"Signing with DKIM selector {name} of {after.name}",
            before=None if starts else "signs",
            after="signs" if starts else None,
            meaning="Outgoing mail is signed with it; its record has to be known everywhere by now."
            if starts
            else "Outgoing mail is signed with it no longer; keep it for five days, since mail on its way is checked "
            "against it.",
        )
    if set(was) == set(now) and was != now:
        yield Change(
            area=_AREA,
            subject=f"Order of the DKIM signatures of {after.name}",
            before=", ".join(was),
            after=", ".join(now),
            meaning="Receivers look at all of them: mail is not concerned.",
        )
