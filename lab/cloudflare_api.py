"""Starts and stops the process that stands in for Cloudflare's API (lab/cloudflare/server.py)."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.request

from lab.processes import PidFile
from lab.settings import ROOT, Lab
from lab.terminal import LabError, last_lines

START_SECONDS = 20.0


def ensure(lab: Lab) -> None:
    """Have the stand-in of a lab running, from the code as it is now.

    Raises:
        LabError: It does not start, or something else has its port.
    """
    pid_file = _pid_file(lab)
    command = _command(lab)
    fingerprint = _fingerprint(command)
    record = pid_file.read()
    if record and record[1] == fingerprint and _answers(lab):
        return
    pid_file.stop()
    _require_free_port(lab)
    lab.zones_directory.mkdir(parents=True, exist_ok=True)
    token_file = lab.home / "cloudflare-token"
    token_file.touch(mode=0o600)
    token_file.write_text(lab.token)
    log = lab.home / "cloudflare.log"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = pid_file.start(command, log=log, env=env, cwd=lab.home, fingerprint=fingerprint)
    _wait(lab, process)


def stop(lab: Lab) -> bool:
    """End it; True when there was one to end."""
    return _pid_file(lab).stop()


def running(lab: Lab) -> bool:
    """Whether the process runs."""
    return _pid_file(lab).running() is not None


def _command(lab: Lab) -> list[str]:
    zones = [argument for zone in lab.zones for argument in ("--zone", zone)]
    reverse = [
        argument
        for host, name in lab.reverse
        for address in (lab.address4(host), lab.address6(host))
        for argument in ("--ptr", f"{address}={name}")
    ]
    return [
        *(sys.executable, "-m", "lab.cloudflare.server"),
        *("--data", str(lab.cloudflare_data), "--port", str(lab.api_port)),
        *("--token-file", str(lab.home / "cloudflare-token"), *zones),
        *("--ns-ipv4", lab.dns4, "--ns-ipv6", lab.dns6),
        *("--anycast-ipv4", lab.address4(104), "--anycast-ipv6", lab.address6(104), *reverse),
    ]


def _fingerprint(command: list[str]) -> str:
    """Changes with the command line and with the stand-in's code."""
    digest = hashlib.sha256("\0".join(command).encode())
    for source in sorted((ROOT / "lab" / "cloudflare").rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _pid_file(lab: Lab) -> PidFile:
    return PidFile(lab.home / "cloudflare.json")


def _answers(lab: Lab) -> bool:
    address = f"http://127.0.0.1:{lab.api_port}/healthz"
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _require_free_port(lab: Lab) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", lab.api_port))
        except OSError as problem:
            raise LabError(
                f"The lab's Cloudflare API needs 127.0.0.1:{lab.api_port}, and another program has it "
                f"(`ss -ltnp 'sport = {lab.api_port}'` says which). End that program and run this again."
            ) from problem


def _wait(lab: Lab, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(lab):
            return
        time.sleep(0.05)
    log = lab.home / "cloudflare.log"
    raise LabError(f"The lab's Cloudflare API did not start. Its log is {log}:\n{last_lines(log)}")
