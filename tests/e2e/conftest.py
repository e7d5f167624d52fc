"""The outside world, for tests of mail that comes and goes."""

from collections.abc import Iterator

import pytest

from tests.live.dns import LabDns
from tests.live.outside import Outside
from tests.live.stack import MailStack
from tests.live.verdicts import Checker


@pytest.fixture(scope="session")
def outside(live_stack: MailStack, lab_dns: LabDns) -> Iterator[Outside]:
    """A second mail server, somebody else's."""
    outside = Outside(live_stack)
    try:
        outside.start()
        yield outside
    finally:
        outside.remove()


@pytest.fixture(scope="session")
def checker_of_live_stack(live_stack: MailStack) -> Checker:
    """The checker, which remembers what it found while nothing was broken."""
    return Checker(live_stack)


@pytest.fixture
def checker(mail_stack: MailStack, checker_of_live_stack: Checker) -> Checker:
    """The checker, at work on the stack as `BASE` declares it."""
    return checker_of_live_stack


@pytest.fixture(autouse=True)
def _names(lab_dns: LabDns) -> None:
    """Every test here finds its servers by the names that the stack has published."""
