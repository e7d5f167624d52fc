"""The key that a workflow opens the Docker host with, and the host keys it accepts."""

from __future__ import annotations

import os
from pathlib import Path

from ci.problem import CiError


def install(directory: Path, *, key: str, known_hosts: str) -> None:
    """Write both to where ssh looks, readable by their owner alone; nothing where there is no key.

    Args:
        directory: `~/.ssh`.
        key: the private key, as ssh-keygen writes it.
        known_hosts: lines of a known_hosts file.

    Raises:
        CiError: there is a key without host keys, or another key is in its place.
    """
    if not key.strip():
        return
    if not known_hosts.strip():
        raise CiError(
            "There is DOCKER_SSH_KEY without DOCKER_SSH_KNOWN_HOSTS: ssh would not know whom it talks to. Set that "
            "variable to what `ssh-keyscan HOST` prints, once you have compared it with the host's own keys."
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(directory / "id_ed25519", key)
    _write(directory / "known_hosts", known_hosts)


def _write(path: Path, text: str) -> None:
    lines = "\n".join(line.rstrip("\r") for line in text.strip().split("\n")) + "\n"
    if path.exists():
        if path.read_text(encoding="utf-8") != lines:
            raise CiError(
                f"{path} is there already, and is another: a runner of your own keeps its own key. Remove the secret "
                "DOCKER_SSH_KEY where that runner is used."
            )
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(lines)
