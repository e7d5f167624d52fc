"""The lab and the stack of the benchmarks: a hundred domains on one server."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lab import bootstrap, commands, docker_engine
from lab.locks import only_one
from lab.settings import Lab
from lab.terminal import say
from tests.live import fixtures
from tests.live.settings import LAB as TESTED
from tests.live.settings import Secret

NAMES = tuple(f"d{number}.example" for number in range(100))
LAB = Lab(
    name="bench",
    subnet4=TESTED.subnet4,  # a stack's addresses have to be public or RFC 5737's, of which there are few
    subnet6="2001:db8:29::/64",
    api_port=8427,
    zones=NAMES,
    reverse=((25, f"mail.{NAMES[0]}"),),
)


def settings(*accounts: str) -> dict[str, Any]:
    """Settings of a stack with all domains, each with these accounts."""

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
        "domains": [{"name": name, "accounts": list(accounts)} for name in NAMES],
        "cloudflare": {"baseUrl": LAB.api_url, "apiToken": Secret(LAB.token)},
    }


@contextmanager
def alone() -> Iterator[Path]:
    """Have Docker, all parts and a folder, with no test at work in the same network; removes the lab afterwards."""
    bootstrap.ensure_parts(docker_engine.ensure())
    try:
        with (
            only_one(fixtures.HOME.with_suffix(".lock"), on_wait=partial(say, "waiting for a run of the tests")),
            tempfile.TemporaryDirectory(prefix="maddy-bench-") as scratch,
        ):
            os.environ["MADDY_LAB_HOME"] = scratch
            try:
                yield Path(scratch)
            finally:
                # Without its state there is nothing to destroy: containers go by their names.
                shutil.rmtree(LAB.state, ignore_errors=True)
                commands.down(LAB, purge=True)
    finally:
        docker_engine.release()
