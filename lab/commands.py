"""What the targets of the Makefile do, one function each."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import docker

from lab import (
    bootstrap,
    cloudflare_api,
    docker_engine,
    provider_plugins,
    pulumi_cli,
    pulumi_install,
    screen,
    stack,
)
from lab.locks import only_one
from lab.settings import ROOT, Lab
from lab.terminal import LabError, say


def up(lab: Lab, *, official: bool) -> None:
    """Start the lab, make the stack what the program says, and tell how to use it."""
    with _alone(lab):
        bootstrap.start(lab, official=official)
        stack.up(lab)
        outputs = stack.outputs(lab, secrets=False)
        print(screen.closing_screen(outputs, lab, _write_ca(lab, outputs.get("ca_certificate"))))


def preview(lab: Lab, *, official: bool) -> None:
    """Start the lab and show what `up` would change."""
    with _alone(lab):
        bootstrap.start(lab, official=official)
        stack.preview(lab)


def down(lab: Lab, *, purge: bool) -> None:
    """Remove what the stack made, then the lab: no process, container or network stays.

    Args:
        lab: The lab.
        purge: Also delete the volumes with the mail, the Pulumi state, the zones and the logs.
    """
    to_destroy = stack.has_something_to_destroy(lab)
    left_behind = to_destroy or bootstrap.started_mark(lab).exists() or (purge and lab.home.exists())
    client = docker_engine.ensure() if left_behind else docker_engine.client()
    with _alone(lab):
        if to_destroy:
            pulumi_install.ensure()
            provider_plugins.ensure()
            cloudflare_api.ensure(lab)
            stack.destroy(lab)
        stopped = bool(client and _remove_strays(client, lab)) + bootstrap.stop(client, lab)
        purged = purge and _purge(client, lab)
    docker_engine.release()
    if not (to_destroy or stopped or purged):
        say(f"nothing of the lab {lab.name} is up")


def outputs(lab: Lab, *, secrets: bool) -> None:
    """Print the stack's outputs as JSON."""
    print(json.dumps(stack.outputs(lab, secrets=secrets), indent=2, ensure_ascii=False))


def verify(lab: Lab, arguments: Sequence[str]) -> int:
    """Run the checker on the stack, through the lab's DNS; the result is its exit code.

    Raises:
        LabError: There is no stack.
    """
    if not lab.stack_file.exists():
        raise LabError(f"Nothing of the stack {lab.name} is up. Run `make up` first.")
    return _look(lab, "verify", arguments)


def preflight(lab: Lab, arguments: Sequence[str]) -> int:
    """Start the lab and look at what `up` will meet; the result is the exit code of that."""
    with _alone(lab):
        bootstrap.start(lab)
        stack.make_ready(lab)
    return _look(lab, "preflight", arguments)


def setup(*, official: bool) -> None:
    """Have Docker and all parts there, without starting a lab."""
    bootstrap.ensure_parts(docker_engine.ensure(), official=official)
    made = provider_plugins.made_by_lab()
    say(f"ready; provider plugins of the lab's own: {', '.join(made) or 'none'}")


def env(lab: Lab) -> None:
    """Print the shell commands that make a plain `pulumi` drive the lab's stack."""
    for name, value in pulumi_cli.environment(lab).items():
        print(f"export {name}={shlex.quote(value)}")


def _look(lab: Lab, module: str, arguments: Sequence[str]) -> int:
    """Run a checker on the stack, through the lab's DNS."""
    command = [sys.executable, "-m", module, "--stack", lab.name, "--resolver", lab.dns4, *arguments]
    environment = {**os.environ, **pulumi_cli.environment(lab)}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:  # a terminal has sent it to the checker as well, which then tells what it has found
            if not sys.stdin.isatty():
                process.send_signal(signal.SIGINT)
            return process.wait()


@contextmanager
def _alone(lab: Lab) -> Iterator[None]:
    def refuse() -> None:
        raise LabError(f"Another command is at work on the lab {lab.name}. Run this again when it is done.")

    with only_one(lab.home / "lock", on_wait=refuse):
        yield


def _write_ca(lab: Lab, certificate: str | None) -> Path | None:
    if not certificate:
        return None
    path = lab.home / "ca.pem"
    path.write_text(certificate)
    return path


def _remove_strays(client: docker.DockerClient, lab: Lab) -> list[str]:
    """Containers of the stack that are not in its state, because a `pulumi up` was killed at the wrong time."""
    pattern = f"^/maddy-{lab.name}(-|$)"
    strays = client.containers.list(all=True, filters={"name": pattern}, ignore_removed=True)
    for stray in strays:
        say(f"removing the container {stray.name}, which an interrupted command has left")
        stray.remove(force=True, v=True)  # v: volumes without a name only
    return [str(stray.name) for stray in strays]


def _purge(client: docker.DockerClient | None, lab: Lab) -> bool:
    volumes = client.volumes.list(filters={"name": f"maddy-{lab.name}-"}) if client else []
    for volume in volumes:
        if volume.name and volume.name.startswith(f"maddy-{lab.name}-"):
            volume.remove(force=True)
            say(f"removed the volume {volume.name}")
    there = lab.stack_file.exists() or lab.cloudflare_data.exists()
    shutil.rmtree(lab.home, ignore_errors=True)
    return there or bool(volumes)
