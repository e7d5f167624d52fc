"""How the process of a command begins and ends, whatever becomes of its input and output."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

NOT_JUDGED = 2
INTERRUPTED = 130


def run(module: str) -> NoReturn:
    """Run `main` of a module with the command line, then end the process with the exit code that it returns.

    The process ends at once: a thread that still waits for a silent server is of no use any more. Output that nobody
    reads any more, or that cannot be written, is *not judged*: exit code 1 would say that something fails.
    """
    _open_what_is_closed()
    try:
        code = _called(module)
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:  # whoever read it has seen enough
        code = NOT_JUDGED
    except KeyboardInterrupt:  # while the modules were being read
        code = _end("interrupted", INTERRUPTED)
    except OSError as error:
        code = _end(f"the report cannot be written: {error.strerror or error}", NOT_JUDGED)
    os._exit(code)


def _called(module: str) -> int:
    try:
        return int(import_module(module).main(sys.argv[1:]))
    except SystemExit as ended:  # of argparse, which has told what there is to tell
        return ended.code if isinstance(ended.code, int) else 0


def _open_what_is_closed() -> None:
    """Give each standard stream that the process has begun without a place that takes all and says nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end


def _end(sentence: str, code: int) -> int:
    try:
        sys.stderr.write(f"error: {sentence}\n")
        sys.stderr.flush()
    except OSError:
        pass
    return code
