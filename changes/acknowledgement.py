"""Which changes a stack file acknowledges: entries of `acknowledged` that come with the change itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from changes.change import Change
from verify.printable import printable

_REMARK = re.compile(r"\s+\([^()]*\)$")


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """What is acknowledged of some changes.

    Attributes:
        open: tokens of changes that can hurt and are not acknowledged.
        unused: entries that are new and fit no change: a slip of the pen, or what is not done any more.
        old: entries that were there before, and count for nothing any more.
    """

    open: list[str]
    unused: list[str]
    old: list[str]


def judge(changes: Sequence[Change], before: Sequence[str], after: Sequence[str]) -> Acknowledgement:
    """Compare changes with the entries of `acknowledged` before and after.

    An entry that was there before was about another change: it does not count, so that nothing is acknowledged for
    ever. To say the same once more, give it another remark.
    """
    new = [entry for entry in after if entry not in before]
    tokens = [token(change) for change in changes if change.can_hurt]
    said = {without_remark(entry) for entry in new}
    return Acknowledgement(
        open=[text for text in tokens if text not in said],
        unused=[entry for entry in new if without_remark(entry) not in tokens],
        old=[entry for entry in after if entry in before],
    )


def token(change: Change) -> str:
    """Return what acknowledges a change, as it is printed; empty where nothing needs to."""
    return printable(change.token or "", 20_000)


def without_remark(entry: str) -> str:
    """Return an entry as tokens are: without the remark in parentheses that may follow."""
    return _REMARK.sub("", printable(entry, 20_000))
