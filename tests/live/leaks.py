"""Secrets where none may be: in what Pulumi prints, in the list of processes, in the state, in Docker."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECRET_PROPERTIES = frozenset({"private_pem", "adopt", "private_key", "ca_private_key", "password"})
"""The properties of the program's dynamic resources that hold a secret."""

SHORTEST = 12
"""Characters of a text that is not in another one by chance."""


class Leaks:
    """Looks for secrets in texts, and remembers the texts: the stack makes secrets that are known only afterwards."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self._seen: dict[str, set[str]] = {}

    def add(self, secret: str) -> None:
        """Know a secret: a password or token as it is, a PEM by its lines."""
        lines = [line for line in secret.splitlines() if "-----" not in line]
        self.secrets.update(line for line in lines if len(line) >= SHORTEST)

    def add_from(self, state: Any) -> None:
        """Know the secrets in a state that was exported with `--show-secrets`."""
        if isinstance(state, dict):
            for key, value in state.items():
                if key in SECRET_PROPERTIES:
                    self.add(str(json.loads(value["plaintext"]) if isinstance(value, dict) else value))
                self.add_from(value)
        elif isinstance(state, list):
            for value in state:
                self.add_from(value)

    def look(self, where: str, text: str) -> None:
        """Look through a text now, and again whenever `found` is asked."""
        self._seen.setdefault(where, set()).add(text)
        assert not self.within(text), f"a secret is in {where}"

    def within(self, text: str) -> list[str]:
        """The secrets that are in a text."""
        return [secret for secret in self.secrets if secret in text]

    @property
    def found(self) -> list[str]:
        """Where a secret was seen so far."""
        return [where for where, texts in self._seen.items() if any(self.within(text) for text in texts)]

    @contextmanager
    def watching_processes(self) -> Iterator[None]:
        """Look through the command lines of all processes, again and again, for the length of the block."""
        lines: set[str] = set()
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.05):
                for file in Path("/proc").glob("[0-9]*/cmdline"):
                    try:
                        lines.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                    except OSError:
                        continue

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
        for line in lines:
            self.look(f"the command line of {line.split(' ')[0]}", line)
