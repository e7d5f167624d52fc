"""The Docker daemon: the one that answers, else one installed and started here.

Only a daemon that the lab itself started is ever ended by the lab, and only when no container is left in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import docker
from docker.errors import DockerException

from lab import debian
from lab.processes import PidFile
from lab.settings import homes
from lab.terminal import LabError, last_lines, progress, say

START_SECONDS = 60.0


def client() -> docker.DockerClient | None:
    """A client of the daemon that answers, if one does.

    `DOCKER_HOST` decides, then the default socket, then the Docker command's current context (Docker Desktop,
    rootless Docker). With the last, `DOCKER_HOST` is set for this process, so that Pulumi's plugins find it
    too.
    """
    found = _answering()
    if found is None and "DOCKER_HOST" not in os.environ and (address := _context_address()):
        os.environ["DOCKER_HOST"] = address
        found = _answering()
        if found is None:
            del os.environ["DOCKER_HOST"]
    return found


def ensure() -> docker.DockerClient:
    """A client of a running daemon, installing and starting it as root on Debian or Ubuntu.

    Raises:
        LabError: There is no daemon and none can be had.
    """
    if found := client():
        return found
    if address := os.environ.get("DOCKER_HOST"):
        raise LabError(f"Docker does not answer at DOCKER_HOST={address}. Start it, or unset DOCKER_HOST.")
    if os.geteuid() != 0:
        raise LabError(
            "Docker does not answer. Start Docker and make sure that `docker info` works for this user "
            "(on Linux: be a member of the group docker), then run this again."
        )
    if shutil.which("dockerd") is None or shutil.which("docker") is None:
        _install()
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "start", "docker"], check=False)
        return _wait("`systemctl status docker` says why.")
    return _start_daemon()


def release() -> None:
    """End the daemon that the lab started, if no container is left in it."""
    daemon = _pid_file()
    if daemon.running() is None:
        return
    running = client()
    if running is not None and running.containers.list(all=True, ignore_removed=True):
        return
    daemon.stop(seconds=30)
    say("stopped the Docker daemon that the lab had started")


def started_by_lab() -> bool:
    """Whether the lab started a daemon that still runs."""
    return _pid_file().running() is not None


def _answering() -> docker.DockerClient | None:
    try:
        found = docker.from_env()
        found.ping()
    except (DockerException, OSError):
        return None
    return found


def _context_address() -> str:
    if shutil.which("docker") is None:
        return ""
    command = ["docker", "context", "inspect", "--format", "{{json .Endpoints.docker.Host}}"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return str(json.loads(run.stdout)) if run.returncode == 0 else ""


def _install() -> None:
    by_hand = "Install Docker (https://docs.docker.com/engine/install/), then run this again."
    if not debian.can_install():
        raise LabError(f"Docker is not installed. {by_hand}")
    if complaint := debian.install("docker.io", "iptables"):
        raise LabError(f"Docker could not be installed with apt-get: {complaint}\n{by_hand}")
    # Newer releases have the command in a package of its own, which docker.io only recommends.
    if shutil.which("docker") is None and (complaint := debian.install("docker-cli")):
        raise LabError(f"The docker command could not be installed with apt-get: {complaint}\n{by_hand}")


def _pid_file() -> PidFile:
    return PidFile(homes() / "docker" / "dockerd.json")


def _start_daemon() -> docker.DockerClient:
    log = _pid_file().path.with_name("dockerd.log")
    with progress("starting the Docker daemon"):
        dockerd = shutil.which("dockerd") or "/usr/sbin/dockerd"
        process = _pid_file().start([dockerd], log=log)
        return _wait(f"Its log is {log}:", log=log, process=process)


def _wait(
    advice: str, *, log: Path | None = None, process: subprocess.Popen[bytes] | None = None
) -> docker.DockerClient:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        if found := client():
            return found
        time.sleep(0.1)
    tail = f"\n{last_lines(log)}" if log else ""
    raise LabError(f"The Docker daemon did not start. {advice}{tail}")
