"""Settings that are one value each: how they are read, and what a change of one means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from changes.change import Area, Change, kind_of
from settings import Settings

SEAL = "sealed-"
"""What the text begins with that stands for an encrypted value."""

Value = object
Judge = Callable[[str | None, str | None], bool]


@dataclass(frozen=True, kw_only=True)
class Option:
    """A setting of the stack.

    Attributes:
        key: as in the stack file.
        read: what it comes to, defaults included; None where it is not set and has no default.
        meaning: what a change means for delivery.
        hurts: whether a change can hurt, or which ones can, by what it was and what it is.
        hidden: whether the value is not shown, being a secret or a file's text.
    """

    key: str
    read: Callable[[Settings], Value]
    meaning: str
    hurts: bool | Judge = False
    hidden: bool = False


def changes(options: Sequence[Option], area: Area, before: Settings, after: Settings) -> Iterator[Change]:
    """Yield the options that differ."""
    for option in options:
        was, now = text(option.read(before)), text(option.read(after))
        if was == now:
            continue
        hurts = option.hurts(was, now) if callable(option.hurts) else option.hurts
        hidden = option.hidden or (was or "").startswith(SEAL) or (now or "").startswith(SEAL)
        outcome = ("removed" if now is None else "changed") if hidden else now or "removed"
        yield Change(
            area=area,
            subject=option.key,
            before=None if hidden else was,
            after=None if hidden else now,
            kind=kind_of(was, now),
            meaning=option.meaning,
            token=f"{option.key} {outcome}" if hurts else None,
        )


def text(value: Value) -> str | None:
    """Return a value as a stack file has it; an empty list is as one that is not set."""
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def less(was: str | None, now: str | None) -> bool:
    """Tell whether a number has become smaller; the number may have one of Maddy's units K, M and G."""
    return was is not None and now is not None and _number(now) < _number(was)


def lost(was: str | None, now: str | None) -> bool:
    """Tell whether something that a list had is not in it any more."""
    return now != "all addresses" and bool(set((was or "").split(", ")) - set((now or "").split(", ")) - {""})


def to(value: str | None) -> Judge:
    """Return a judge of changes to one value."""
    return lambda _was, now: now == value


def _number(written: str) -> float:
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(written[-1:], 1)
    return float(written.rstrip("KMG")) * factor
