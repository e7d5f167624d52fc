"""What a check of many domains costs: on a stack that really runs, against the bare look-ups of its records.

The floor asks, with dnspython alone and all at the same time, for every declared record twice (an authoritative server
and the resolver): what the same names cost before anything is judged. `silent` has all hosts replaced by addresses that
take no connection: it shows that what cannot be reached costs one time limit, whatever the number of domains.

Run: `make bench`.
"""

import asyncio
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dns.asyncquery
import dns.message

from lab import bootstrap, commands, docker_engine, stack
from lab.settings import Lab
from tests.live.mutants import deaf
from tests.live.settings import Secret
from tests.live.stack import MailStack
from verify import expectation
from verify.dns_client import Server
from verify.examine import examine
from verify.expectation import Expectation
from verify.result import Result

DOMAINS = (1, 10, 100)
ROUNDS = 3
NAMES = tuple(f"d{number}.example" for number in range(max(DOMAINS)))
LAB = Lab(
    name="bench",
    subnet4="198.18.29.0/25",  # RFC 2544's, for benchmarks; apart from the labs of the tests
    subnet6="2001:db8:29::/64",
    api_port=8427,
    zones=NAMES,
    reverse=((25, f"mail.{NAMES[0]}"),),
)
DEAF = "127.0.0.190"


def main() -> None:
    """Measure, and print a table."""
    bootstrap.ensure_parts(docker_engine.ensure())
    try:
        with tempfile.TemporaryDirectory(prefix="maddy-bench-") as scratch:
            os.environ["MADDY_LAB_HOME"] = scratch
            with _running() as outputs:
                print(_table(*_measure(expectation.read(outputs))), flush=True)
    finally:
        docker_engine.release()


@contextmanager
def _running() -> Iterator[dict[str, Any]]:
    """The outputs of a stack with all domains, while it is up."""
    try:
        mail_stack = MailStack(LAB, bootstrap.start(LAB))
        stack.make_ready(LAB)
        mail_stack.have(_settings())
        yield mail_stack.outputs
    finally:
        # Without its state there is nothing to destroy, which would take minutes: containers go by their names.
        shutil.rmtree(LAB.state, ignore_errors=True)
        commands.down(LAB, purge=True)


def _settings() -> dict[str, Any]:
    def network(host: int) -> dict[str, str]:
        return {"name": LAB.network, "ipv4": LAB.address4(host), "ipv6": LAB.address6(host)}

    return {
        "server": {
            "hostname": f"mail.{NAMES[0]}",
            "ipv4": LAB.address4(25),
            "ipv6": LAB.address6(25),
            "bindAddress": "127.0.0.27",
            "network": network(25),
            "dns": [LAB.dns4],
            "protectData": False,
        },
        "policySite": {"ipv4": LAB.address4(80), "ipv6": LAB.address6(80), "network": network(80)},
        "tls": {"source": "self-signed"},
        "domains": [{"name": name, "accounts": ["postmaster"]} for name in NAMES],
        "cloudflare": {"baseUrl": LAB.api_url, "apiToken": Secret(LAB.token)},
    }


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
