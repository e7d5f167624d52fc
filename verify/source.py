"""Where the outputs come from: Pulumi, or a file with what it printed. The passwords in them stay in memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from verify import expectation
from verify.expectation import Expectation, OutputsError
from verify.printable import printable

PROJECT = Path(__file__).resolve().parent.parent
PULUMI_SECONDS = 60
MOST_BYTES = 64 * 1024 * 1024
"""Outputs of a hundred domains have less than a hundredth of it."""


def from_stack(name: str) -> Expectation:
    """Read a stack's outputs with Pulumi.

    Raises:
        OutputsError: there are none to be had; the text says why and the mend.
    """
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise OutputsError(
            "There is no pulumi command on the PATH. Install it, or give the outputs with --outputs FILE; the lab's "
            "own is used by `make verify`."
        )
    command = [pulumi, "stack", "output", "--json", "--show-secrets", "--stack", name, "--cwd", str(PROJECT)]
    command += ["--non-interactive", "--color", "never"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PULUMI_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise OutputsError(
            f"`pulumi stack output` gave no answer within {PULUMI_SECONDS} s. Look whether its backend can be reached."
        ) from None
    if done.returncode:
        raise OutputsError(reason(name, done.stderr.decode("utf-8", errors="replace"), done.returncode))
    outputs = _parsed(done.stdout, "what pulumi printed")
    if not outputs:
        raise OutputsError(f"The stack {name} has no outputs, since nothing is up. Run `pulumi up` first.")
    return expectation.read(outputs)


def from_file(path: str) -> Expectation:
    """Read the outputs from a file, or from standard input where the path is `-`.

    Raises:
        OutputsError: it cannot be read, or holds something else.
    """
    try:
        if path == "-":
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise OutputsError(f"The outputs cannot be read from {path}: {error.strerror}.") from None
    return expectation.read(_parsed(content, "standard input" if path == "-" else path))


def _parsed(content: bytes, where: str) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise OutputsError(f"There is more than {MOST_BYTES // 1024**2} MiB in {where}: these are no stack's outputs.")
    try:
        outputs = json.loads(content)
    except (ValueError, RecursionError):  # its text would quote the content
        outputs = None
    if not isinstance(outputs, dict):
        raise OutputsError(
            f"There is no JSON object in {where}. Give what `pulumi stack output --json --show-secrets` prints."
        )
    return outputs


def reason(name: str, stderr: str, status: int) -> str:
    """Say in a sentence why Pulumi has failed on a stack, from its complaint and exit status."""
    if "no stack named" in stderr:
        return f"There is no stack {name} here. `pulumi stack ls` lists those that there are."
    if "passphrase" in stderr:
        return (
            f"The secrets of the stack {name} cannot be read: its passphrase is missing or wrong. "
            "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE."
        )
    if "PULUMI_ACCESS_TOKEN" in stderr:
        return "Pulumi is not logged in. Run `pulumi login`, or set PULUMI_BACKEND_URL or PULUMI_ACCESS_TOKEN."
    said = next((line for line in stderr.splitlines() if line.startswith("error:")), stderr)
    words = printable(said.removeprefix("error:")) or f"it ended with status {status} and said nothing"
    return f"Pulumi cannot read the stack {name}: {words}"
