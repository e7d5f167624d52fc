"""A command that is run for what it prints, and ended when it takes too long."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path


async def run(*command: str, seconds: float, directory: Path | None = None) -> tuple[int, bytes, bytes]:
    """Return the exit status, the output and the complaint.

    Args:
        command: the program and its arguments.
        seconds: it may take.
        directory: to run it in; None for the present one.

    Raises:
        FileNotFoundError: there is no such program.
        TimeoutError: it took too long, and was killed.
    """
    process = await asyncio.create_subprocess_exec(*command, cwd=directory, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    try:
        output, complaint = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output, complaint
