"""The lab's Pulumi stack: `pulumi up`, `preview`, `destroy` and `stack output`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from lab import interruption, pulumi_cli
from lab.settings import PROJECT, ROOT, Lab
from lab.terminal import LabError

_QUIET = ("--suppress-permalink=true", "--suppress-progress")


def up(lab: Lab, *, config_file: Path | None = None, project: Path = ROOT) -> None:
    """Make the stack what the program says.

    Raises:
        LabError: Pulumi failed.
    """
    make_ready(lab, project, config_file)
    pulumi_cli.run(
        lab, ["up", "--yes", "--skip-preview", "--suppress-outputs", *_QUIET], config_file=config_file, project=project
    )


def preview(lab: Lab, *, config_file: Path | None = None, project: Path = ROOT) -> None:
    """Show what `up` would change, in full.

    Raises:
        LabError: Pulumi failed.
    """
    make_ready(lab, project, config_file)
    pulumi_cli.run(lab, ["preview", "--diff", *_QUIET], config_file=config_file, project=project)


def destroy(lab: Lab, *, config_file: Path | None = None, project: Path = ROOT) -> None:
    """Remove all that the stack made, except what is protected (the volume with the mail).

    Raises:
        LabError: Pulumi failed.
    """
    make_ready(lab, project, config_file)
    options = ["--yes", "--skip-preview", "--exclude-protected", *_QUIET]
    pulumi_cli.run(lab, ["destroy", *options], config_file=config_file, project=project)


def outputs(lab: Lab, *, secrets: bool, project: Path = ROOT) -> dict[str, Any]:
    """The stack's outputs; a secret one reads "[secret]" unless `secrets` is set. Needs no Docker.

    Raises:
        LabError: The stack has none.
    """
    found = {}
    if lab.stack_file.exists():
        arguments = ["stack", "output", "--json", *(["--show-secrets"] if secrets else [])]
        found = json.loads(pulumi_cli.run(lab, arguments, project=project, capture=True).stdout)
    if not found:
        raise LabError(f"The stack {lab.name} has no outputs, since nothing is up. Run `make up` first.")
    return dict(found)


def has_something_to_destroy(lab: Lab) -> bool:
    """Whether `destroy` would remove anything, read from the state without starting Pulumi."""
    state = interruption.read_state(lab)
    return bool(state.get("pending_operations")) or any(
        resource.get("custom") and not resource.get("protect") and "pulumi:providers:" not in resource["type"]
        for resource in state.get("resources") or []
    )


def make_ready(lab: Lab, project: Path = ROOT, config_file: Path | None = None) -> None:
    """Have a stack that a pulumi command can work on: made if it is new, mended if one was killed at work on it.

    Raises:
        LabError: A living pulumi is at work on it.
    """
    if not lab.stack_file.exists():
        _init(lab)
    interruption.mend(lab, project=project, config_file=config_file)


def _init(lab: Lab) -> None:
    """Make the empty stack: in a directory of its own, since Pulumi would write a stack file beside Pulumi.yaml."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
        pulumi_cli.run(lab, ["stack", "init", lab.name, "--no-select"], project=Path(scratch), capture=True)
