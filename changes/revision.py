"""Stack files as they were at a git revision, and as they are in the working tree."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from changes import stack_yaml

_STACK_FILE = re.compile(r"Pulumi\.([\w.-]+)\.ya?ml")
_SECONDS = 60


class SourceError(Exception):
    """There is nothing to read at a place; the text says why and what to do."""


def project_name(directory: Path) -> str:
    """Return the name of the project in a directory."""
    try:
        return str(stack_yaml.parse((directory / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        raise SourceError("there is no Pulumi.yaml with a name here: run this in the project's folder") from None


def stack_of(file_name: str) -> str:
    """Return the name of the stack whose file this is; the file's own name where it is none's."""
    found = _STACK_FILE.fullmatch(file_name)
    return found[1] if found else file_name


def text_of(file: Path) -> str | None:
    """Return the text of a file; None where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SourceError(f"{file}: cannot be read: {reason}") from None


def in_working_tree(directory: Path) -> dict[str, str]:
    """Return the stack files of a directory, by their names."""
    names = sorted(path.name for path in directory.glob("Pulumi.*.y*ml") if _STACK_FILE.fullmatch(path.name))
    return {name: text for name in names if (text := text_of(directory / name)) is not None}


def at(revision: str, directory: Path) -> dict[str, str]:
    """Return the stack files of a directory where its history parted from a revision, by their names.

    What has come to the revision since then is no change of the working tree. Where the history is too short to tell
    where they parted, it is the revision itself.

    Raises:
        SourceError: there is no such revision, or no git.
    """
    if revision.startswith("-"):
        raise SourceError(f"{revision}: is no revision: give a branch, a tag or a commit")
    if _git(directory, "rev-parse", "--git-dir") is None:
        raise SourceError("git finds no repository of yours here: run this in one, or give two files to compare")
    commit = _git(directory, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        raise SourceError(
            f"{revision}: there is no such revision in this repository: give a branch, a tag or a commit, after `git "
            "fetch`"
        )
    commit = commit.strip()
    base = (_git(directory, "merge-base", commit, "HEAD") or commit).strip()
    names = (_git(directory, "ls-tree", "-z", "--name-only", base, "./") or "").split("\0")
    return {
        name: text
        for name in sorted(names)
        if _STACK_FILE.fullmatch(name) and (text := _git(directory, "cat-file", "blob", f"{base}:./{name}")) is not None
    }


def _git(directory: Path, *arguments: str) -> str | None:
    """Return what a git command that changes nothing prints; None where it fails."""
    try:
        done = subprocess.run(
            ["git", "--no-pager", *arguments],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise SourceError("there is no `git` command here: install it, or give two files to compare") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"`git {arguments[0]}` was not done within {_SECONDS} s") from None
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else None
