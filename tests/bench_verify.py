"""What a check of many domains costs: on a stack that really runs, against the bare look-ups of its records.

The floor asks, with dnspython alone and all at the same time, for every declared record twice (an authoritative server
and the resolver): what the same names cost before anything is judged. `silent` has all hosts replaced by addresses that
take no connection: it shows that what cannot be reached costs one time limit, whatever the number of domains.

Run: `make bench`.
"""

import asyncio
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import dns.asyncquery
import dns.message

from lab import bootstrap, stack
from tests import bench_lab
from tests.bench_lab import LAB, NAMES
from tests.live.mutants import deaf
from tests.live.stack import MailStack
from verify import expectation
from verify.dns_client import Server
from verify.examine import examine
from verify.expectation import Expectation
from verify.result import Result

DOMAINS = (1, 10, 100)
ROUNDS = 3
DEAF = "127.0.0.190"


def main() -> None:
    """Measure, and print a table."""
    with bench_lab.alone():
        mail_stack = MailStack(LAB, bootstrap.start(LAB))
        stack.make_ready(LAB)
        mail_stack.have(bench_lab.settings("postmaster"))
        print(_table(*_measure(expectation.read(mail_stack.outputs))), flush=True)


Seconds = dict[int, dict[str, float]]


def _measure(expected: Expectation) -> tuple[Seconds, list[Result]]:
    """Return the medians by number of domains and by what was done, and what was found of all domains."""
    medians: Seconds = {}
    results: list[Result] = []
    for number in DOMAINS:
        part = expected.model_copy(update={"domains": {name: expected.domains[name] for name in NAMES[:number]}})
        part = part.model_copy(update={"accounts": [f"postmaster@{name}" for name in NAMES[:number]]})
        found: list[Result] = []

        async def checks(part: Expectation = part, found: list[Result] = found) -> None:
            found[:] = await examine(part, resolver=Server(address=LAB.dns4))

        async def silent(part: Expectation = part) -> None:
            nowhere = {host: [DEAF] for host in [part.mail_host, *(f"mta-sts.{name}" for name in part.domains)]}
            await examine(part, resolver=Server(address=LAB.dns4), connect=nowhere, only=("policy", "transport"))

        async def floor(part: Expectation = part) -> None:
            records = [record for domain in part.domains.values() for record in domain.records]
            questions = [dns.message.make_query(record.name, record.type) for record in records]
            await asyncio.gather(*(dns.asyncquery.udp(question, LAB.dns4, timeout=20) for question in questions * 2))

        ports = [endpoint.port for endpoint in part.endpoints.values()]
        with deaf(DEAF, ports):
            medians[number] = {
                "floor": _median(floor),
                "checks": _median(checks),
                "silent": _median(silent, rounds=1),
            }
        results = found
    return medians, results


def _median(work: Callable[[], Awaitable[None]], rounds: int = ROUNDS) -> float:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        asyncio.run(work())  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _table(medians: Seconds, results: list[Result]) -> str:
    passed = sum(result.verdict == "pass" for result in results)
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"all checks, median of {ROUNDS}; of {len(results)} results for {max(DOMAINS)} domains {passed} pass",
        f"{'domains':>10}{'floor s':>10}{'checks s':>10}{'x floor':>10}{'silent s':>10}",
    ]
    for number, found in medians.items():
        lines.append(
            f"{number:>10}{found['floor']:>10.2f}{found['checks']:>10.2f}"
            f"{found['checks'] / found['floor']:>10.2f}{found['silent']:>10.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
