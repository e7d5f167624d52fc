"""Running one command: its output collected, and shown line by line while it runs."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

CHUNK_BYTES = 65536

Show = Callable[[str], Awaitable[None]]


@dataclass
class Ran:
    """What came of it: `problem` is None if it succeeded, else why it did not, in Go's words."""

    problem: str | None = None
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    both: bytearray = field(default_factory=bytearray)
    """Standard output and error in the order in which they came."""


class Runner:
    """Runs commands, and can end all that are running."""

    def __init__(self) -> None:
        self._processes: set[Process] = set()

    def end_all(self) -> None:
        """Kill what runs now."""
        for process in self._processes:
            process.kill()

    async def run(
        self,
        command: Sequence[str],
        *,
        stdin: str | None,
        directory: str | None,
        environment: Mapping[str, str],
        timeout: float,
        show_stdout: Show | None,
        show_stderr: Show | None,
    ) -> Ran:
        """Run it to its end, or for this many seconds (0: as long as it takes). Whatever happens is in the answer."""
        ran = Ran()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE if stdin else DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                cwd=directory,
                env=environment,
            )
        except OSError as error:
            ran.problem = str(error)
            return ran
        self._processes.add(process)
        try:
            async with asyncio.timeout(timeout or None):
                await asyncio.gather(
                    _feed(process, stdin or ""),
                    _collect(process.stdout, (ran.stdout, ran.both), show_stdout),
                    _collect(process.stderr, (ran.stderr, ran.both), show_stderr),
                )
                ran.problem = _problem(await process.wait())
        except TimeoutError:
            ran.problem = f"not done within {timeout:g} s"
        finally:
            self._processes.discard(process)
            if process.returncode is None:
                process.kill()
                await process.wait()
        return ran


async def _feed(process: Process, text: str) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(text.encode())
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # a command need not read all of its input


async def _collect(stream: asyncio.StreamReader | None, into: tuple[bytearray, ...], show: Show | None) -> None:
    line = b""
    while stream and (chunk := await stream.read(CHUNK_BYTES)):
        for buffer in into:
            buffer.extend(chunk)
        *lines, line = (line + chunk).split(b"\n")
        if show:
            for complete in lines:
                await show(complete.decode(errors="replace"))
    if line and show:
        await show(line.decode(errors="replace"))


def _problem(returncode: int) -> str | None:
    if returncode == 0:
        return None
    return f"exit status {returncode}" if returncode > 0 else f"signal: {signal.Signals(-returncode).name}"
