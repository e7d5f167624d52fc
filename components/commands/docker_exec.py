"""Commands in a container, and TLS connections to its servers from inside it.

All of it goes through the `docker` command, so that it works the same for a Docker host far away, and needs no
published port.
"""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

TIMEOUT = 30.0
"""Seconds after which a command or connection is given up."""


class CommandError(Exception):
    """What went wrong, in one sentence for a person; never with a secret in it."""


class NoContainerError(CommandError):
    """The container does not exist."""


class StoppedError(CommandError):
    """The container is there and does not run."""


def run(container: str, *arguments: str, stdin: str = "", docker_host: str | None = None) -> str:
    """Run a command in a container and return its standard output.

    Args:
        container: its name.
        arguments: the command.
        stdin: what it gets on standard input.
        docker_host: where Docker is; None for what `DOCKER_HOST` says.

    Raises:
        NoContainerError: when there is no such container.
        StoppedError: when it does not run.
        CommandError: when Docker cannot run it. A command that fails inside may still return: Maddy's exits with 0.
    """
    try:
        done = subprocess.run(
            ["docker", "exec", "-i", container, *arguments],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=False,
            env={**os.environ, **({"DOCKER_HOST": docker_host} if docker_host else {})},
        )
    except FileNotFoundError:
        raise CommandError("the docker command is not on the PATH: install Docker's command line client") from None
    except subprocess.TimeoutExpired:
        raise CommandError(f"`docker exec {container} {arguments[0]}` gave no answer within {TIMEOUT:.0f} s") from None
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        if "no such container" in last.lower():
            raise NoContainerError(f"there is no container {container}")
        called = " ".join(arguments[:3]).partition("\n")[0]
        stopped = any(f"is {state}" in last for state in ("not running", "restarting", "paused"))
        raise (StoppedError if stopped else CommandError)(f"`docker exec {container} {called}` failed: {last}")
    return done.stdout


@contextmanager
def tls_connection(container: str, port: int, server_name: str, trusted: str) -> Iterator[ssl.SSLSocket]:
    """Connect over TLS to a port of a container, from inside it.

    Args:
        container: its name.
        port: of a server on its loopback address that speaks TLS at once.
        server_name: the name that its certificate must cover.
        trusted: PEM of the certificates that are trusted, the server's own among them.

    Raises:
        OSError: when the connection or the handshake fails.
    """
    ours, theirs = socket.socketpair()
    context = ssl.create_default_context(cadata=trusted)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    with ours, theirs:
        pipe = subprocess.Popen(
            ["docker", "exec", "-i", container, "nc", "127.0.0.1", str(port)],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        ours.settimeout(TIMEOUT)
        try:
            with context.wrap_socket(ours, server_hostname=server_name) as connection:
                yield connection
        finally:
            pipe.kill()
            pipe.wait()
