"""`python -m verify`."""

import os
import sys

from verify.cli import NOT_JUDGED, main

if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read it has seen enough
        code = NOT_JUDGED
    os._exit(code)  # at once: a thread that still waits for a silent server is of no use any more
