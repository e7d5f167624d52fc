"""The Docker daemon: connecting to it, and its errors in a person's words."""

import os
import re
from collections.abc import Iterable

import requests
from docker import APIClient, DockerClient
from docker.errors import APIError, DockerException, NotFound

from lab.plugins.docker import ssh
from lab.plugins.properties import redact
from lab.plugins.serving import ResourceError

READ_TIMEOUT_SECONDS = 120

_PORT_TAKEN = (
    re.compile(r"Bind for (?P<port>\S+) failed: port is already allocated"),
    re.compile(r"listen (?:tcp|udp)[46]? (?P<port>\S+): bind: address already in use"),
)
_NO_ADDRESS = re.compile(r"(?P<port>[\[\]\w.:]+): bind: cannot assign requested address")


def connect(host: str | None) -> APIClient:
    """A client for this daemon, else for DOCKER_HOST, else for the local socket.

    Raises:
        ResourceError: no daemon answers there.
    """
    address = host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    try:
        if address.startswith("ssh://"):
            return ssh.client(address, READ_TIMEOUT_SECONDS)
        if host:
            return APIClient(host, version="auto", timeout=READ_TIMEOUT_SECONDS)
        return DockerClient.from_env(version="auto", timeout=READ_TIMEOUT_SECONDS).api
    except (DockerException, requests.RequestException) as error:
        raise ResourceError(
            f"Docker does not answer at {address}: start it there, or name the right place in 'docker:host' or "
            f"DOCKER_HOST ({error})"
        ) from error


def explain(error: DockerException | requests.RequestException, hidden: Iterable[str]) -> str:
    """The daemon's refusal as a sentence, without any of these texts in it."""
    text = str(error.explanation if isinstance(error, APIError) and error.explanation else error).strip()
    for pattern in _PORT_TAKEN:
        if found := pattern.search(text):
            return f"port {found['port']} is already in use on the Docker host"
    if found := _NO_ADDRESS.search(text):
        return f"the Docker host has no address for {found['port']}"
    return redact(text, hidden)


def find_image(client: APIClient, name: str, platform: str | None = None) -> str:
    """The id of the image of this name or id, pulled if it is not there.

    Raises:
        ResourceError: it is not there and cannot be pulled.
    """
    found = _local_image(client, name)
    if found:
        return found
    try:
        for line in client.pull(
            name, tag=None if _has_tag(name) else "latest", stream=True, decode=True, platform=platform
        ):
            if "error" in line:
                raise ResourceError(_not_pulled(name, line["error"]))
    except APIError as error:
        raise ResourceError(_not_pulled(name, explain(error, ()))) from error
    found = _local_image(client, name)
    if not found:
        raise ResourceError(_not_pulled(name, "it is still not there after the pull"))
    return found


def _local_image(client: APIClient, name: str) -> str | None:
    try:
        return str(client.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
    except NotFound:
        return None


def _has_tag(name: str) -> bool:
    return ":" in name.rpartition("/")[2]


def _not_pulled(name: str, reason: str) -> str:
    return f"image '{name}' is not on the Docker host and cannot be pulled: {reason.strip()}"
