"""Which stacks the workflows work on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ci.problem import CiError

LAB = "dev"
"""The stack of `make up`, which lives on one machine."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)


def name(text: str) -> str:
    """Return a stack's name if it is one: it becomes part of names at GitHub and of a command.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a stack")
    return text


def find(project: Path, listed: str) -> list[str]:
    """Return the names of the stacks, sorted.

    Args:
        project: the directory of Pulumi.yaml.
        listed: names separated by spaces or commas, where not every stack file is meant.

    Raises:
        CiError: a listed stack has no stack file, or a file's name is not a stack's.
    """
    there = {path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in project.glob("Pulumi.*.yaml")}
    chosen = set(re.split(r"[\s,]+", listed.strip())) if listed.strip() else there - {LAB}
    if missing := sorted(chosen - there):
        raise CiError(f"The variable STACKS names {missing[0]!r}, and there is no Pulumi.{missing[0]}.yaml.")
    try:
        return sorted(name(stack) for stack in chosen)
    except ValueError as problem:
        raise CiError(f"{problem}: use letters, digits, '-', '_' and '.'. Rename its stack file.") from problem


def as_json(stacks: list[str]) -> str:
    """Return the names as a workflow's matrix takes them, on one line."""
    return json.dumps(stacks, separators=(",", ":"))
