"""What the program costs: a preview with the real engine, against the same engine with an empty program.

The floor is a program that imports the same provider packages and declares nothing: what Pulumi and those packages cost
before this project does anything. Both are run by turns in the same minutes, and the figures are ratios of medians. A
machine that is slower or busier changes both sides.

Run: `make bench`.
"""

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from lab import bootstrap, docker_engine, pulumi_cli
from lab.settings import PROJECT, ROOT, Lab

DOMAINS = (1, 10, 50)
ROUNDS = 3
FLOOR = """\
import pulumi
import pulumi_cloudflare
import pulumi_command
import pulumi_docker

pulumi.export("nothing", pulumi.get_stack())
"""


def main() -> None:
    """Measure, and print a table."""
    bootstrap.ensure_parts(docker_engine.ensure())
    try:
        with tempfile.TemporaryDirectory(prefix="maddy-bench-") as scratch:
            os.environ["MADDY_LAB_HOME"] = scratch
            print(_table(_measure(Path(scratch))))
    finally:
        docker_engine.release()


def _measure(scratch: Path) -> dict[int, list[float]]:
    """Return the seconds of each preview, by number of domains; 0 is the floor."""
    floor = empty_program(scratch)
    previews = {0: _Preview(floor, "floor", project=floor, settings={})}
    for number in DOMAINS:
        previews[number] = _Preview(floor, f"domains-{number}", project=ROOT, settings=_settings(number))
    seconds: dict[int, list[float]] = {number: [] for number in previews}
    for _ in range(ROUNDS):
        for number, preview in previews.items():
            seconds[number].append(preview.seconds())
    return seconds


def empty_program(scratch: Path) -> Path:
    """Make the project that is the floor; return its folder."""
    floor = scratch / "floor"
    floor.mkdir()
    (floor / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
    (floor / "__main__.py").write_text(FLOOR)
    return floor


class _Preview:
    """A preview of a new stack; `home` is a folder with a Pulumi.yaml, where Pulumi may write a stack file."""

    def __init__(self, home: Path, name: str, *, project: Path, settings: dict[str, object]) -> None:
        self.lab = Lab(name=name, subnet4="192.0.2.0/24", subnet6="2001:db8::/64", api_port=1, zones=())
        self.project = project
        pulumi_cli.run(self.lab, ["stack", "init", name], project=home, capture=True)
        self.stack_file = home / f"settings-{name}.yaml"
        values = {f"{PROJECT}:{key}": value for key, value in settings.items()}
        self.stack_file.write_text(json.dumps({"config": values}))
        if settings:
            self._run("config", "set", "--path", "--secret", "cloudflare.apiToken", "none")

    def seconds(self) -> float:
        start = time.perf_counter()
        self._run("preview")
        return time.perf_counter() - start

    def _run(self, *arguments: str) -> None:
        pulumi_cli.run(self.lab, list(arguments), config_file=self.stack_file, project=self.project, capture=True)


def _settings(number: int) -> dict[str, object]:
    domains = [f"d{index}.example" for index in range(number)]
    return {
        "server": {"hostname": f"mail.{domains[0]}", "ipv4": "198.51.100.25", "ipv6": "2001:db8:25::25"},
        "tls": {"source": "self-signed"},
        "domains": [{"name": name, "zoneId": "0" * 32, "accounts": ["mail", "postmaster"]} for name in domains],
        "cloudflare": {},
    }


def _table(seconds: dict[int, list[float]]) -> str:
    medians = {number: statistics.median(values) for number, values in seconds.items()}
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"preview of a new stack, median of {ROUNDS}",
        f"{'domains':>10}{'seconds':>10}{'x floor':>10}",
    ]
    for number, median in medians.items():
        lines.append(f"{number or 'floor':>10}{median:>10.2f}{median / medians[0]:>10.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
