"""A Python language host for Pulumi, for when the official `pulumi-language-python` cannot be downloaded.

Pulumi starts it once a run, reads the port it prints, and asks it to run the program. The SDK's own server
for programs given as functions does the work; this one gives it the project's `__main__.py` as that function.
Not offered, since `pulumi preview`, `up` and `destroy` need none of it: installing dependencies, generating
SDKs, attaching a debugger, and the `virtualenv` option (the lab puts its own environment first on PATH).

Protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/language.proto
"""

from __future__ import annotations

import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2


def run_program(directory: Path, entry_point: str) -> None:
    """Run a Pulumi program as `python` would, its own directory first among the places to import from.

    Raises:
        pulumi.RunError: The program failed. The message is the program's own, if it raised a RunError itself,
            else the traceback from the program's first line on.
    """
    sys.path.insert(0, str(directory))
    target = directory / entry_point
    program = target / "__main__.py" if target.is_dir() else target
    try:
        runpy.run_path(str(program), run_name="__main__")
    except pulumi.RunError:
        raise
    except SystemExit as ended:
        if ended.code not in (None, 0):
            raise pulumi.RunError(f"the program ended itself: {ended.code}") from ended
    except Exception as problem:
        raise pulumi.RunError(traceback_of(problem, program)) from problem


def traceback_of(problem: BaseException, program: Path) -> str:
    """The traceback as it would be had nobody stood between `python` and the program."""
    frame = problem.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename != str(program):
        frame = frame.tb_next
    if frame is None:  # a syntax error in the program itself: none of its lines has run
        return "".join(traceback.format_exception_only(problem)).rstrip()
    return "".join(traceback.format_exception(type(problem), problem, frame)).rstrip()


class ProgramServer(LanguageServer):
    """The SDK's language server, for the program of a project directory."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Nothing to agree on."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """The version of the SDK in use."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run the project's program against the engine that asks."""
        info = request.info
        self.program = lambda: run_program(Path(info.program_directory), info.entry_point or ".")
        result = super().Run(request, context)  # type: ignore[no-untyped-call]
        # The error is in the log by now; bail tells the engine not to print it a second time.
        return language_pb2.RunResponse(bail=True) if result.error else result


def main() -> None:
    """Serve until the engine ends this process."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=_GRPC_CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(ProgramServer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
