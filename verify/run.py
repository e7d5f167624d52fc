"""Runs probes side by side, each within its own time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from verify.failures import Failure
from verify.probe import Probe
from verify.result import Result

Report = Callable[[Probe, Sequence[Result]], None]
Keep = Callable[[Probe, Sequence[Result]], Sequence[Result]]


def _all(_probe: Probe, results: Sequence[Result]) -> Sequence[Result]:
    """Keep all results."""
    return results


async def run(probes: Iterable[Probe], report: Report, kept: Keep = _all) -> list[Result]:
    """Run all probes at the same time; none can hold up or hide another.

    Args:
        probes: what to look at.
        report: called with every probe and its results as soon as they are there.
        kept: returns what is to be kept of a probe's results.

    Returns:
        The results, in the order of the probes.
    """

    async def one(probe: Probe) -> list[Result]:
        results = list(kept(probe, await _results(probe)))
        report(probe, results)
        return results

    found = await asyncio.gather(*(one(probe) for probe in probes))
    return [result for results in found for result in results]


async def _results(probe: Probe) -> list[Result]:
    try:
        async with asyncio.timeout(probe.seconds):
            results = list(await probe.look())
    except TimeoutError:
        said = f"no result within {probe.seconds:g} s"
        return [
            question.unknown(said, "Try again; if it stays so, the other side is too slow.") for question in probe.about
        ]
    except Failure as failure:
        return [question.unknown(str(failure), failure.mend) for question in probe.about]
    except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
        said = f"the check itself failed: {type(error).__name__}: {error}"
        mend = "This is an error of the checker: please report it with this line."
        return [question.unknown(said, mend) for question in probe.about]
    judged = {(result.check, result.domain) for result in results}
    missing = [question for question in probe.about if (question.check, question.domain) not in judged]
    return results + [
        question.unknown(
            "the check gave no result", "This is an error of the checker: please report it with this line."
        )
        for question in missing
    ]
