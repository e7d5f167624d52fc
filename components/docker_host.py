"""The Docker host far away, asked before anything is declared.

The providers work side by side: where the one for Docker cannot connect, the one for Cloudflare would go on, and
publish records of a server that is not there.
"""

import subprocess

import pulumi

TIMEOUT = 60.0
"""Seconds; Docker gives ssh 30 of them to connect."""

_PAGE = "docs/going-live.md, Docker over SSH"


class DockerHostError(pulumi.RunError):
    """The Docker host cannot be used; nothing was changed."""


def require(host: str) -> None:
    """Ask a Docker host for its version.

    Args:
        host: as in `DOCKER_HOST`.

    Raises:
        DockerHostError: it gives none.
    """
    try:
        done = subprocess.run(
            ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise DockerHostError("the docker command is not on the PATH: install Docker's command line client") from None
    except subprocess.TimeoutExpired:
        raise DockerHostError(f"server.dockerHost: no Docker answers at {host} within {TIMEOUT:.0f} s") from None
    if done.returncode:
        found, mend = ssh_refusal(done.stderr) or (
            _last_line(done.stderr),
            "`docker --host HOST version` must work here.",
        )
        raise DockerHostError(f"server.dockerHost: no Docker at {host}: {found}. Nothing was changed. {mend}")


def ssh_refusal(complaint: str) -> tuple[str, str] | None:
    """Return what is wrong and what to do, where the docker command complains of SSH's keys; else None."""
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in complaint:
        return (
            "it shows another SSH host key than the one that is known here",
            "Somebody may be in between. If the host was set up anew, take the old key out with `ssh-keygen -R HOST` "
            f"and make the new one known: {_PAGE}.",
        )
    if "Host key verification failed" in complaint:
        return "its SSH host key is not known here", f"Compare the key with the host's own and make it known: {_PAGE}."
    if "Permission denied (" in complaint:
        return (
            "it accepts no SSH key of this user",
            f"`ssh USER@HOST docker version` must work here without a question: {_PAGE}.",
        )
    return None


def _last_line(complaint: str) -> str:
    lines = complaint.rpartition("stderr=")[2].splitlines()
    safe = ["".join(char if char.isprintable() else " " for char in line).strip() for line in lines]
    last = next((line for line in reversed(safe) if line), "it says nothing")
    return last.removesuffix(" Is the docker daemon running?").removesuffix(".")
