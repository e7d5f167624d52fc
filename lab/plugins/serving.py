"""Serving a provider to the engine, with errors that a person can read.

    if __name__ == "__main__":
        serve("pulumi-docker", DockerProvider())

`server.main` of the SDK turns every error into its text plus a Python traceback, and keeps running when the
engine was killed. Here a `ResourceError` (the world said no: a port is in use, an image is missing) reaches
the user as its one sentence, anything else is a bug and keeps its traceback; and the plugin ends with the
engine.

Blocking calls belong into `await asyncio.to_thread(...)`: the engine works on several resources at once.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

PARENT_POLL_SECONDS = 1.0

_ENGINE_PROCESS = os.getppid()


class ResourceError(Exception):
    """The operation failed for a reason outside the plugin; the user reads the text: no secret in it."""


class InitFailedError(ResourceError):
    """The resource exists, but is not what it should be.

    The engine fails the operation, yet keeps the resource in the state; the next `up` updates or replaces it.
    """

    def __init__(self, message: str, resource_id: str, properties: dict[str, PropertyValue]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.properties = properties


class EngineGoneError(ResourceError):
    """The engine was killed: nobody is left to record what is being made."""

    def __init__(self) -> None:
        super().__init__("the engine has ended, so this was undone")


def require_engine() -> None:
    """Raise `EngineGoneError` if the engine that started this process has ended.

    What blocks for long asks now and then; what makes something under a fixed name asks last, and undoes it, since an
    interrupted `up` could otherwise not be run again.
    """
    if os.getppid() != _ENGINE_PROCESS:
        raise EngineGoneError


def serve(package: str, provider: Provider) -> None:
    """Serve as the plugin of this SDK package: print the port, then answer until the engine is gone.

    The version told to the engine is that of the SDK package, or the engine would warn of a mismatch.
    """
    asyncio.run(_serve(version(package), provider))


async def log_to_engine(urn: str, message: str) -> None:
    """Show one line of information under this resource, in what the user sees of the run."""
    async with grpc.aio.insecure_channel(_engine_address()) as channel:
        line = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, urn=urn)
        await engine_pb2_grpc.EngineStub(channel).Log(line)


def _engine_address() -> str:
    return sys.argv[1] if len(sys.argv) > 1 else ""


async def _serve(package_version: str, provider: Provider) -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    servicer = _Servicer(sys.argv[1:], package_version, provider, _engine_address())
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    while os.getppid() == _ENGINE_PROCESS:
        await asyncio.sleep(PARENT_POLL_SECONDS)
    await server.stop(grace=None)


_Method = Callable[[Any, Any, Any], Awaitable[Any]]


def _readable(method: _Method) -> _Method:
    """The same RPC, ending with the bare text of a `ResourceError` where the SDK would add a traceback."""

    async def answer(self: Any, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await method(self, request, context)
        except Exception as error:
            cause = error.__context__
            if not isinstance(cause, ResourceError):
                raise
            await context.abort(grpc.StatusCode.UNKNOWN, str(cause), _details(cause))

    return answer


def _details(error: ResourceError) -> tuple[tuple[str, bytes], ...]:
    if not isinstance(error, InitFailedError):
        return ()
    failed = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=PropertyValue.marshal_map(error.properties), reasons=[str(error)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(failed)
    return (("grpc-status-details-bin", status.SerializeToString()),)


class _Servicer(ProviderServicer):
    Configure = _readable(ProviderServicer.Configure)
    Check = _readable(ProviderServicer.Check)
    Diff = _readable(ProviderServicer.Diff)
    Create = _readable(ProviderServicer.Create)
    Read = _readable(ProviderServicer.Read)
    Update = _readable(ProviderServicer.Update)
    Delete = _readable(ProviderServicer.Delete)
