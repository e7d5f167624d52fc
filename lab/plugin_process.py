"""Runs a module as one of Pulumi's plugins: `python -m lab.plugin_process MODULE ARGUMENTS...`.

Pulumi ends its plugins when it is done. A Pulumi that is killed cannot, and the plugins would stay for ever;
so this process ends itself when its parent is gone.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time

CHECK_SECONDS = 1.0


def end_with_parent() -> None:
    """End this process soon after the one that started it has ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(CHECK_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    module = sys.argv[1]
    sys.argv[:] = [module, *sys.argv[2:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
