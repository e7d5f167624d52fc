"""An event loop whose end waits for no one: neither Ctrl-C nor a thread that hangs holds up the report."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_Returned = TypeVar("_Returned")


def run(main: Coroutine[Any, Any, _Returned]) -> _Returned:
    """Run a coroutine to its end.

    `asyncio.run` would wait at the end for every thread of the loop. Here they are left behind: whoever calls this
    last in a process leaves with `os._exit`.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the coroutine has been cancelled.
    """
    runner = asyncio.Runner()
    try:
        return runner.run(_and_end_tasks(main))
    finally:
        runner.get_loop().close()  # ends the pool of threads without waiting, unlike the runner's own end


async def _and_end_tasks(main: Coroutine[Any, Any, _Returned]) -> _Returned:
    try:
        return await main
    finally:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=1)
