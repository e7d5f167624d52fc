"""Leaves out the tests that need Docker where there is none, and says why; in CI it lets them fail instead."""

from __future__ import annotations

import os

import pytest

from lab.testing import WITHOUT_DOCKER

NEED_DOCKER = ("engine", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them as skipped."""
    reason = os.environ.get(WITHOUT_DOCKER)
    if reason is None or os.environ.get("CI") == "true":
        return
    for item in items:
        if any(item.get_closest_marker(name) for name in NEED_DOCKER):
            item.add_marker(pytest.mark.skip(reason=f"needs Docker: {reason}"))
