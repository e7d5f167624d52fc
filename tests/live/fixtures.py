"""The fixtures of the tests that need a stack that really runs."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from lab import bootstrap, commands, stack
from lab.locks import only_one
from lab.settings import Lab
from lab.terminal import say
from tests.live.dns import LabDns
from tests.live.settings import BASE, LAB, SMALL_LAB
from tests.live.stack import MailStack

HOME = Path(tempfile.gettempdir()) / f"maddy-stack-tests-{os.getuid()}"
"""The same for every run, so that a run finds what a killed one has left."""


@pytest.fixture(scope="session")
def live_stack() -> Iterator[MailStack]:
    """The stack, brought up once a run, with no promise on its settings."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MADDY_LAB_HOME", str(HOME))
        waiting = partial(say, "waiting for another run of these tests")
        with only_one(HOME.with_suffix(".lock"), on_wait=waiting):
            _remove_all()
            try:
                mail_stack = MailStack(LAB, bootstrap.start(LAB))
                stack.make_ready(LAB)
                mail_stack.have(BASE)
                yield mail_stack
            finally:
                _remove_all()


def _remove_all() -> None:
    for lab in (SMALL_LAB, LAB):
        _remove(lab)
    shutil.rmtree(HOME, ignore_errors=True)


def _remove(lab: Lab) -> None:
    # Without its state there is nothing to destroy: the containers are then removed by their names, which takes a
    # second, and works whatever an interrupted run has left in the state.
    shutil.rmtree(lab.state, ignore_errors=True)
    commands.down(lab, purge=True)


@pytest.fixture
def mail_stack(live_stack: MailStack) -> MailStack:
    """The stack as `BASE` declares it."""
    live_stack.have(BASE)
    return live_stack


@pytest.fixture(scope="session")
def small_stack(live_stack: MailStack) -> Iterator[MailStack]:
    """Another stack, in a lab of its own, that changes fast; not yet up."""
    assert live_stack  # its lock and its directory hold for this one, too
    try:
        small_stack = MailStack(SMALL_LAB, bootstrap.start(SMALL_LAB))
        stack.make_ready(SMALL_LAB)
        yield small_stack
    finally:
        _remove(SMALL_LAB)


@pytest.fixture(scope="session")
def lab_dns(live_stack: MailStack) -> Iterator[LabDns]:
    """The lab's DNS, which this process then resolves the lab's names with."""
    lab_dns = LabDns(live_stack.lab)
    with lab_dns.in_use():
        yield lab_dns
