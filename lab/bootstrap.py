"""Has everything there that a lab is made of, and starts and stops a lab's own services."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

import docker

from lab import (
    busybox,
    cloudflare_api,
    dns,
    docker_engine,
    images,
    provider_plugins,
    pulumi_install,
    subprocesses,
)
from lab.settings import Lab

SIDE_BY_SIDE = 2
"""Builds at a time: each of them already keeps every core busy while it compiles, but not while it downloads."""


def ensure_parts(client: docker.DockerClient | None, *, official: bool = False) -> None:
    """Have the pulumi command, the provider plugins and the images, built side by side where they must be.

    Args:
        client: The Docker daemon; without one the images are left out.
        official: Try again to replace by official downloads what the lab has made itself.

    Raises:
        LabError: One of them can't be had.
    """
    jobs: list[Callable[[], None]] = [functools.partial(_ensure_pulumi, official=official)]
    if client is not None:
        if images.missing(client):
            busybox.ensure()
        jobs += [functools.partial(images.ensure, client, image, official=official) for image in images.ALL]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            # A failure and an interruption alike: do not wait minutes for what is then not used.
            pool.shutdown(wait=False, cancel_futures=True)
            subprocesses.end_all()
            raise


def start(lab: Lab, *, official: bool = False) -> docker.DockerClient:
    """Have a lab up and ready for `pulumi`: Docker, all parts, the Cloudflare stand-in, the network and DNS."""
    client = docker_engine.ensure()
    ensure_parts(client, official=official)
    lab.home.mkdir(parents=True, exist_ok=True)
    started_mark(lab).touch()
    cloudflare_api.ensure(lab)
    dns.ensure(client, lab)
    return client


def stop(client: docker.DockerClient | None, lab: Lab) -> bool:
    """End a lab's services; True when there was anything to end."""
    process = cloudflare_api.stop(lab)
    in_docker = client is not None and dns.remove(client, lab)
    started_mark(lab).unlink(missing_ok=True)
    return process or in_docker


def started_mark(lab: Lab) -> Path:
    """A file that is there from `start` to `stop`, also across a crash or a reboot."""
    return lab.home / "started"


def _ensure_pulumi(*, official: bool) -> None:
    pulumi_install.ensure(official=official)
    provider_plugins.ensure(official=official)
