"""The command provider: `command:local:Command`, with the rules of the official one, version 1.2.

`python -m lab.plugins.command ENGINE_ADDRESS` is the plugin as the engine starts it.

Not offered: `assetPaths` and `archivePaths`, `local.run`, and the `remote` module. Unlike the official one, an error
does not repeat the secret inputs, neither in the command it names nor in the output.
"""

import json
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    Provider,
    UpdateRequest,
    UpdateResponse,
)

from lab.plugins.diffing import Rules, check, diff
from lab.plugins.inputs import Inputs, parse, problems
from lab.plugins.properties import UNKNOWN, Plain, outputs, own_type, plain_map, redact, secret, secret_strings
from lab.plugins.running import Runner
from lab.plugins.serving import ResourceError, log_to_engine, serve

TYPE = "command:local:Command"
SHELL = ("/bin/sh", "-c")

Log = Callable[[str, str], Awaitable[None]]


class CommandInputs(Inputs):
    """See https://www.pulumi.com/registry/packages/command/api-docs/local/command/#inputs."""

    create: str | None = None
    update: str | None = None
    delete: str | None = None
    triggers: tuple[Any, ...] = ()
    interpreter: tuple[str, ...] = ()
    dir: str | None = None
    environment: dict[str, str] | None = None
    stdin: str | None = None
    logging: Literal["none", "stdout", "stderr", "stdoutAndStderr"] = "stdoutAndStderr"
    add_previous_output_in_env: bool = True


RULES = Rules(inputs=CommandInputs.names(), replaces={"triggers"}, maps={"environment"})
"""Only other triggers replace, and then the new `create` runs before the old `delete`."""


@dataclass(frozen=True)
class Output:
    """What a command printed, each without one trailing newline."""

    stdout: str
    stderr: str


class CommandProvider(Provider):
    """Runs commands on this machine; never in a preview."""

    def __init__(self, log: Log = log_to_engine) -> None:
        self._log = log
        self._runner = Runner()

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:  # noqa: ARG002
        """There is nothing to configure."""
        return ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Name every input that is not supported or not right."""
        if own_type(request.type) != TYPE:
            raise ResourceError(f"this plugin has no resource type {own_type(request.type)}; it has {TYPE}")
        return check(RULES, request, partial(problems, CommandInputs))

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Any change runs a command."""
        return diff(RULES, request)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Run `create`, if there is one."""
        if request.preview:
            return CreateResponse(properties=_results(request.properties, UNKNOWN, UNKNOWN))
        inputs = parse(CommandInputs, plain_map(request.properties))
        hidden = secret_strings(request.properties)
        ran = await self._run(request, inputs.create, inputs, Output("", ""), hidden)
        properties = _results(request.properties, ran.stdout, ran.stderr)
        return CreateResponse(f"{request.name}{secrets.token_hex(4)}", properties)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Run `update`, or else `create`."""
        if request.preview:
            return UpdateResponse(_results(request.news, UNKNOWN, UNKNOWN))
        inputs = parse(CommandInputs, plain_map(request.news))
        command = inputs.create if inputs.update is None else inputs.update
        previous = _previous(plain_map(request.olds))
        hidden = secret_strings(request.olds) | secret_strings(request.news)
        ran = await self._run(request, command, inputs, previous, hidden)
        return UpdateResponse(_results(request.news, ran.stdout, ran.stderr))

    async def delete(self, request: DeleteRequest) -> None:
        """Run the `delete` that the state has."""
        state = plain_map(request.properties)
        inputs = parse(CommandInputs, {name: value for name, value in state.items() if name in RULES.inputs})
        await self._run(request, inputs.delete, inputs, _previous(state), secret_strings(request.properties))

    async def cancel(self) -> None:
        """The user interrupts the run."""
        self._runner.end_all()

    async def _run(
        self,
        request: CreateRequest | UpdateRequest | DeleteRequest,
        command: str | None,
        inputs: CommandInputs,
        previous: Output,
        hidden: set[str],
    ) -> Output:
        """Run one, hiding these texts from what is shown; without one, the previous output stays the output."""
        if command is None:
            return previous

        async def show(line: str) -> None:
            await self._log(request.urn, redact(line, hidden))

        ran = await self._runner.run(
            [*(inputs.interpreter or SHELL), command],
            stdin=inputs.stdin,
            directory=inputs.dir,
            environment=_environment(inputs, previous),
            timeout=request.timeout,
            show_stdout=show if inputs.logging in ("stdout", "stdoutAndStderr") else None,
            show_stderr=show if inputs.logging in ("stderr", "stdoutAndStderr") else None,
        )
        if ran.problem:
            quoted = json.dumps(redact(command, hidden), ensure_ascii=False)
            printed = redact(ran.both.decode(errors="replace"), hidden)
            raise ResourceError(f"{ran.problem}: running {quoted}:\n{printed}")
        return Output(_text(ran.stdout), _text(ran.stderr))


def _results(inputs: dict[str, PropertyValue], stdout: str | Plain, stderr: str | Plain) -> dict[str, PropertyValue]:
    """The outputs; what a command prints is a secret as soon as one of its inputs is."""
    results: dict[str, Plain] = {"stdout": stdout, "stderr": stderr}
    if any(value.contains_secret() for value in inputs.values()):
        return outputs(inputs, {name: secret(value) for name, value in results.items()})
    return outputs(inputs, results)


def _previous(state: Mapping[str, Plain]) -> Output:
    return Output(str(state.get("stdout") or ""), str(state.get("stderr") or ""))


def _environment(inputs: CommandInputs, previous: Output) -> dict[str, str]:
    environment = {**os.environ, **(inputs.environment or {})}
    if inputs.add_previous_output_in_env and previous.stdout:
        environment["PULUMI_COMMAND_STDOUT"] = previous.stdout
    if inputs.add_previous_output_in_env and previous.stderr:
        environment["PULUMI_COMMAND_STDERR"] = previous.stderr
    return environment


def _text(output: bytearray) -> str:
    return output.decode(errors="replace").removesuffix("\n")


if __name__ == "__main__":
    serve("pulumi-command", CommandProvider())
