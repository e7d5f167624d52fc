"""The outside world, for tests of mail that comes and goes."""

from collections.abc import Iterator

import pytest

from tests.live.outside import Outside
from tests.live.stack import MailStack


@pytest.fixture(scope="session")
def outside(live_stack: MailStack) -> Iterator[Outside]:
    """A second mail server, somebody else's."""
    outside = Outside(live_stack)
    try:
        outside.start()
        yield outside
    finally:
        outside.remove()
