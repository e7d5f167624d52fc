"""Probes run side by side: whatever one does, every question is answered, and within its time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

import pytest
from verify_world import look_at

from verify.failures import Failure, Silent
from verify.probe import Probe
from verify.result import Question, Result

ONE, OTHER = (Question(check=check, domain="example.test", expected="it is well") for check in ("one", "other"))

Look = Callable[[], Awaitable[Iterable[Result]]]


def ran(look: Look, seconds: float = 5) -> dict[str, Result]:
    results = look_at([Probe(group="records", about=(ONE, OTHER), look=look, seconds=seconds)])
    return {result.check: result for result in results}


def raising(error: Exception) -> Look:
    async def look() -> list[Result]:
        raise error

    return look


def test_question_without_an_answer_is_unknown() -> None:
    async def look() -> list[Result]:
        return [ONE.passes("it is")]

    found = ran(look)
    assert found["one"].verdict == "pass"
    assert (found["other"].verdict, found["other"].found) == ("unknown", "the check gave no result")


def test_look_that_never_ends_is_given_up() -> None:
    async def look() -> list[Result]:
        await asyncio.sleep(60)
        return []

    began = time.monotonic()
    found = ran(look, seconds=0.1)
    assert time.monotonic() - began < 2
    assert {(row.verdict, row.found) for row in found.values()} == {("unknown", "no result within 0.1 s")}


@pytest.mark.parametrize(
    ("error", "found", "mend"),
    [
        (Silent("it said nothing"), "it said nothing", Silent.mend),
        (Failure("no way"), "no way", Failure.mend),
        (KeyError("x"), "the check itself failed: KeyError: 'x'", "This is an error of the checker"),
    ],
)
def test_look_that_fails_is_unknown(error: Exception, found: str, mend: str) -> None:
    rows = ran(raising(error)).values()
    assert {(row.verdict, row.found) for row in rows} == {("unknown", found)}
    assert all(row.mend.startswith(mend) for row in rows)
