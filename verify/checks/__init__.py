"""The checks, a module for each subject; each gives the probes that a stack calls for."""

from __future__ import annotations

from collections.abc import Iterator

from verify.checks import published
from verify.look import Look
from verify.probe import Probe


def probes(look: Look) -> Iterator[Probe]:
    """Give every probe that the stack calls for, in the order of the catalogue."""
    yield from published.probes(look)
