"""GitHub's API, through the `gh` command that every runner has."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ci.problem import CiError

AUTHOR = "github-actions[bot]"
"""Who the comments and issues of a workflow are from. Those of others are never touched, whatever they say."""

A_PAGE = 100
"""The most that the API lists at once."""

_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """One repository. The token is `gh`'s own matter: it reads GH_TOKEN.

    Args:
        repository: `owner/name`.
    """

    repository: str

    @classmethod
    def of_workflow(cls) -> GitHub:
        """The repository whose workflow this is.

        Raises:
            CiError: this is no workflow.
        """
        repository = os.environ.get("GITHUB_REPOSITORY", "")
        if not re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", repository):
            raise CiError("GITHUB_REPOSITORY is not set: this runs in a workflow of GitHub.")
        return cls(repository=repository)

    def own(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """List what a workflow has written: of comments or issues those whose author it is.

        Args:
            path: below the repository, such as `issues/7/comments`.
            query: parameters.
        """
        parameters = "".join(f"&{key}={value}" for key, value in query.items())
        page = 1
        while True:
            found = self._call("GET", f"{path}?per_page={A_PAGE}&page={page}{parameters}")
            yield from (one for one in found if (one.get("user") or {}).get("login") == AUTHOR)
            if len(found) < A_PAGE:
                return
            page += 1

    def send(self, method: str, path: str, content: Mapping[str, str]) -> None:
        """Write something; the content goes through standard input, since a command line is too short for it."""
        self._call(method, path, content)

    def _call(self, method: str, path: str, content: Mapping[str, str] | None = None) -> Any:
        command = ["gh", "api", "--method", method, f"repos/{self.repository}/{path}"]
        if content is not None:
            command += ["--input", "-"]
        try:
            done = subprocess.run(
                command,
                input=None if content is None else json.dumps(content),
                stdin=subprocess.DEVNULL if content is None else None,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise CiError(f"GitHub could not be asked: {problem}") from problem
        if done.returncode != 0:
            raise CiError(f"GitHub refused `{method} {path}`: {done.stderr.strip()[:500]}")
        try:
            return json.loads(done.stdout or "null")
        except json.JSONDecodeError as problem:
            raise CiError(f"GitHub's answer to `{method} {path}` is no JSON: {problem}") from problem


def run_url() -> str:
    """Where the log of this run is; empty outside of a workflow."""
    parts = [os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""
