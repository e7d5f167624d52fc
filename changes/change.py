"""One difference between two versions of a stack, and what it means for delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Area = Literal["Stack", "Domains", "Policies", "Signing keys", "Accounts and aliases", "Server", "Policy site"]
Kind = Literal["added", "changed", "removed"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A difference.

    Attributes:
        area: the chapter it is told in.
        subject: what differs, such as `DMARC policy of example.com`; text for `markdown.sentence`.
        before: its value until now; None where there was none or it is not shown.
        after: its value from now on; None where there is none or it is not shown.
        kind: what became of it.
        meaning: what it means for delivery, a sentence or two for `markdown.sentence`.
        token: what acknowledges it, where it can hurt; None where it cannot.
    """

    area: Area
    subject: str
    before: str | None = None
    after: str | None = None
    kind: Kind = "changed"
    meaning: str
    token: str | None = None

    @property
    def can_hurt(self) -> bool:
        """Whether somebody may lose mail, a login or a service by it."""
        return self.token is not None


def kind_of(before: object, after: object) -> Kind:
    """Return what became of something that is None where it is not."""
    if before is None:
        return "added"
    return "removed" if after is None else "changed"
