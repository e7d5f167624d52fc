"""A Docker daemon over SSH, reached as Docker's command line does it: through `ssh HOST docker system dial-stdio`.

The Docker SDK has a way of its own, which wants paramiko and another `ssh` for each request. Here it is the `ssh` on
the PATH with its configuration and known hosts, and connections are kept for the next request.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from docker import APIClient
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import DockerException
from docker.transport.basehttpadapter import BaseHTTPAdapter

_PLACE = "http://docker-over-ssh:2375"
"""What the SDK takes for the daemon's address; never resolved."""

_CONNECTIONS = 8
"""Kept open; sshd refuses new ones at random from ten that have not logged in yet (MaxStartups)."""


class SshError(DockerException):
    """What ssh says."""


def client(host: str, timeout: float) -> APIClient:
    """Return a client of the daemon at `ssh://[USER@]HOST[:PORT]`.

    Raises:
        SshError: ssh does not get there.
        requests.RequestException: no daemon answers there.
    """
    adapter = _Adapter(host, timeout)
    try:
        asking = _client(adapter, timeout, DEFAULT_DOCKER_API_VERSION)
        return _client(adapter, timeout, str(asking.version(api_version=False)["ApiVersion"]))
    except BaseException:
        adapter.close()
        raise


def _client(adapter: _Adapter, timeout: float, version: str) -> APIClient:
    made = APIClient(_PLACE, version=version, timeout=int(timeout))
    made.trust_env = False  # no proxy is asked
    made.mount(_PLACE, adapter)
    return made


def command(host: str) -> list[str]:
    """The command that ends at the daemon, as Docker's command line calls it."""
    place = urlsplit(host)
    user = ["-l", place.username] if place.username else []
    port = ["-p", str(place.port)] if place.port else []
    return [
        "ssh",
        "-T",
        "-o",
        "ConnectTimeout=30",
        *user,
        *port,
        "--",
        place.hostname or "",
        "docker system dial-stdio",
    ]


class _Adapter(BaseHTTPAdapter):
    def __init__(self, host: str, timeout: float) -> None:
        self._command = command(host)
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the adapter
        self._pool = _Pool(self, timeout)
        super().__init__()

    def close(self) -> None:
        self._pool.close()
        self._complaints.close()
        super().close()

    def get_connection(self, url: str | bytes, proxies: Any = None) -> Any:  # noqa: ARG002
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:  # noqa: ARG002
        return str(request.path_url)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        try:
            return super().send(request, *args, **options)
        except requests.ConnectionError as error:
            if said := self._said():
                raise SshError(said) from error
            raise

    def dial(self, timeout: float) -> socket.socket:
        """Return a connection to the daemon through a new `ssh`, which ends with it."""
        ours, theirs = socket.socketpair()
        with theirs:
            end = theirs.fileno()
            # In a session of its own it has no terminal to ask at in the middle of an update.
            ssh = subprocess.Popen(
                self._command, stdin=end, stdout=end, stderr=self._complaints, start_new_session=True
            )
        threading.Thread(target=ssh.wait, daemon=True).start()
        ours.settimeout(timeout)
        return ours

    def _said(self) -> str:
        lines = os.pread(self._complaints.fileno(), 10_000, 0).decode(errors="replace").split("\n")
        return " ".join(line.strip() for line in lines if line.strip(" \r@"))


class _Pool(urllib3.HTTPConnectionPool):
    def __init__(self, adapter: _Adapter, timeout: float) -> None:
        super().__init__("docker-over-ssh", timeout=timeout, maxsize=_CONNECTIONS, block=True)
        self._adapter, self._seconds = adapter, timeout

    def _new_conn(self) -> _Connection:
        return _Connection(self._adapter, self._seconds)


class _Connection(urllib3.connection.HTTPConnection):
    def __init__(self, adapter: _Adapter, timeout: float) -> None:
        super().__init__("docker-over-ssh", timeout=timeout)
        self._adapter, self._seconds = adapter, timeout

    def connect(self) -> None:
        self.sock = self._adapter.dial(self._seconds)
