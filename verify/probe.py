"""A probe: one look at the world that judges one or more checks, bounded in time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from verify.result import Question, Result


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One look at the world.

    Attributes:
        group: group of all its checks.
        about: the checks it judges, each as the question that becomes *unknown* if the look fails or takes too long.
        look: does it. Every question of `about` must come back as at least one result with that check and domain.
        seconds: after which it is given up.
    """

    group: str
    about: tuple[Question, ...]
    look: Callable[[], Awaitable[Iterable[Result]]]
    seconds: float = 20.0
