"""`python -m lab.actionlint`: the linter of GitHub's workflows, built once, for `make lint`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from lab import toolchain
from lab.terminal import LabError, say


def main(arguments: Sequence[str]) -> int:
    """Run actionlint; the result is its exit code.

    It does without shellcheck and pyflakes, so that it says the same on every machine.
    """
    try:
        program = toolchain.ensure(toolchain.ACTIONLINT)
    except LabError as problem:
        say(f"error: {problem}")
        return 1
    return subprocess.run([program, "-shellcheck=", "-pyflakes=", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
