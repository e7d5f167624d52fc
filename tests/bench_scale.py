"""What a big stack costs: 100 domains and 300 accounts on the lab, against an empty program.

Preview of a new stack, first `up`, `up` with nothing to change; seconds, and memory as the highest sum of the resident
sizes of all processes that `pulumi` starts. The floor is the empty program of `tests.bench`, in the same lab. What the
Docker daemon and the servers take is not counted as memory.

Run: `make bench`.
"""

import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from lab import bootstrap, pulumi_cli, stack
from tests import bench_lab
from tests.bench import empty_program
from tests.bench_lab import LAB
from tests.live.stack import MailStack

ACCOUNTS = ("postmaster", "anna", "ben")
OPTIONS = ("--suppress-progress",)


@dataclass
class Cost:
    """What a command took.

    Attributes:
        seconds: from its start to its end.
        memory: MiB at its peak.
    """

    seconds: float = 0.0
    memory: float = 0.0


def main() -> None:
    """Measure, and print a table."""
    with bench_lab.alone() as scratch:
        print(_table(_floor(scratch), _big()), flush=True)


def _floor(scratch: Path) -> dict[str, Cost]:
    project = empty_program(scratch)
    pulumi_cli.run(LAB, ["stack", "init", "floor"], stack="floor", project=project, capture=True)

    def run(*arguments: str) -> None:
        pulumi_cli.run(LAB, arguments, stack="floor", project=project, capture=True)

    return _costs(run)


def _big() -> dict[str, Cost]:
    big = MailStack(LAB, bootstrap.start(LAB))
    stack.make_ready(LAB)
    big.write(bench_lab.settings(*ACCOUNTS))

    def run(*arguments: str) -> None:
        pulumi_cli.run(LAB, arguments, config_file=big.config_file, capture=True)

    return _costs(run)


def _costs(run: Callable[..., None]) -> dict[str, Cost]:
    costs: dict[str, Cost] = {}
    for name, arguments in {
        "preview": ("preview", *OPTIONS),
        "first up": ("up", "--yes", "--skip-preview", *OPTIONS),
        "no-op up": ("up", "--yes", "--skip-preview", "--expect-no-changes", *OPTIONS),
    }.items():
        with _measured() as costs[name]:
            run(*arguments)
    return costs


@contextmanager
def _measured() -> Iterator[Cost]:
    cost, done = Cost(), threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            total = 0
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    total += process.memory_info().rss
            cost.memory = max(cost.memory, total / 2**20)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        yield cost
        cost.seconds = time.perf_counter() - start
    finally:
        done.set()
        watcher.join()


def _table(floor: dict[str, Cost], big: dict[str, Cost]) -> str:
    domains = len(bench_lab.NAMES)
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"{domains} domains, {domains * len(ACCOUNTS)} accounts, against an empty program",
        f"{'':>10}{'seconds':>10}{'floor':>10}{'x floor':>10}{'MiB':>10}{'floor':>10}{'x floor':>10}",
    ]
    for name, cost in big.items():
        least = floor[name]
        lines.append(
            f"{name:>10}{cost.seconds:>10.1f}{least.seconds:>10.1f}{cost.seconds / least.seconds:>10.1f}"
            f"{cost.memory:>10.0f}{least.memory:>10.0f}{cost.memory / least.memory:>10.1f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
