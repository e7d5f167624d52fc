"""Wrong usage of a command: one exit code for all of them, as sysexits.h has it."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

WRONG_USAGE = 64


class Parser(argparse.ArgumentParser):
    """A parser that ends with `WRONG_USAGE`, where argparse has 2: that says "could not be judged" here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")
