"""The command plugin: when it runs what, with which surroundings, and what of it is kept and shown."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    UpdateRequest,
)
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from lab.plugins.command import CommandProvider
from lab.plugins.properties import UNKNOWN, plain, plain_map, secret, wrap
from lab.plugins.serving import ResourceError

pytestmark = pytest.mark.engine

URN = "urn:pulumi:test::maddy-stack::maddy:mail:Server$command:local:Command::account"
ROOT = Path(__file__).parents[2]


def props(**values: Any) -> dict[str, PropertyValue]:
    return {name: wrap(value) for name, value in values.items()}


class Account:
    """Does to the provider what the engine does."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.provider = CommandProvider(self._show)
        self.state: dict[str, PropertyValue] = {}

    async def _show(self, _urn: str, line: str) -> None:
        self.shown.append(line)

    def create(self, *, preview: bool = False, timeout: float = 0, **values: Any) -> dict[str, Any]:
        request = CreateRequest(URN, props(**values), timeout, preview)
        self.state = asyncio.run(self.provider.create(request)).properties
        return plain_map(self.state)

    def update(self, *, preview: bool = False, **values: Any) -> dict[str, Any]:
        request = UpdateRequest(URN, "account1", self.state, props(**values), 0, [], preview)
        self.state = asyncio.run(self.provider.update(request)).properties
        return plain_map(self.state)

    def delete(self) -> None:
        asyncio.run(self.provider.delete(DeleteRequest(URN, "account1", self.state, 0)))

    def diff(self, **values: Any) -> DiffResponse:
        return asyncio.run(self.provider.diff(DiffRequest(URN, "account1", self.state, props(**values), [])))


@pytest.fixture
def account() -> Account:
    return Account()


class TestWhatRuns:
    def test_nothing_in_a_preview(self, account: Account, tmp_path: Path) -> None:
        ran = tmp_path / "ran"
        assert account.create(create=f"touch {ran}", preview=True)["stdout"] is UNKNOWN
        assert account.update(create=f"touch {ran}", preview=True)["stdout"] is UNKNOWN
        assert not ran.exists()

    def test_update_else_create(self, account: Account) -> None:
        account.create(create="echo created")
        assert account.update(create="echo created", update="echo updated")["stdout"] == "updated"
        assert account.update(create="echo created again")["stdout"] == "created again"

    def test_delete_with_the_inputs_it_was_made_with(self, account: Account, tmp_path: Path) -> None:
        account.create(
            create="echo 42",
            delete=f"cat > {tmp_path}/gone; echo $PULUMI_COMMAND_STDOUT >> {tmp_path}/gone",
            stdin="mail@example.test\n",
        )
        account.delete()
        assert (tmp_path / "gone").read_text() == "mail@example.test\n42\n"

    def test_only_triggers_replace_and_the_new_one_comes_first(self, account: Account) -> None:
        account.create(create="true", triggers=["1"])
        assert account.diff(create="true", triggers=["1"]).changes is False
        assert account.diff(create="false", triggers=["1"]).replaces == []
        replaced = account.diff(create="true", triggers=["2"])
        assert (replaced.replaces, replaced.delete_before_replace) == (["triggers"], False)

    def test_a_removed_command_is_a_change(self, account: Account) -> None:
        account.create(create="true", update="true")
        assert account.diff(create="true").diffs == ["update"]


class TestSurroundings:
    def test_directory_environment_interpreter_and_standard_input(self, account: Account, tmp_path: Path) -> None:
        out = account.create(
            create="import os, sys; print(os.getcwd(), os.environ['DOMAIN'], sys.stdin.read())",
            interpreter=[sys.executable, "-c"],
            dir=str(tmp_path),
            environment={"DOMAIN": "example.test"},
            stdin="text",
        )
        assert out["stdout"] == f"{tmp_path} example.test text"

    def test_previous_output_unless_it_is_not_wanted(self, account: Account) -> None:
        show = 'echo "was ${PULUMI_COMMAND_STDOUT-unset}, ${PULUMI_COMMAND_STDERR-unset}"'
        account.create(create="echo one; echo two >&2")
        assert account.update(create=show)["stdout"] == "was one, two"
        assert account.update(create=show, addPreviousOutputInEnv=False)["stdout"] == "was unset, unset"

    def test_one_newline_is_cut_off(self, account: Account) -> None:
        assert account.create(create=r"printf 'a\n\n'")["stdout"] == "a\n"

    @pytest.mark.parametrize(
        ("logging", "shown"),
        [(None, ["err", "out"]), ("stdout", ["out"]), ("stderr", ["err"]), ("none", [])],
    )
    def test_output_is_shown_as_asked(self, account: Account, logging: str | None, shown: list[str]) -> None:
        account.create(create="echo out; echo err >&2", logging=logging)
        assert sorted(account.shown) == shown

    def test_much_input_and_output_at_once(self, account: Account) -> None:
        text = "0123456789abcde\n" * 20_000
        assert len(account.create(create="cat", stdin=text, logging="none")["stdout"]) == len(text) - 1

    def test_input_that_nobody_reads_is_no_error(self, account: Account) -> None:
        assert account.create(create="echo done", stdin="x" * 200_000)["stdout"] == "done"


class TestSecrets:
    def test_all_output_is_secret_as_soon_as_one_input_is(self, account: Account) -> None:
        account.create(create="echo done", stdin=secret("hunter2"))
        assert account.state["stdout"].is_secret
        assert account.state["stdin"].is_secret
        assert not account.state["create"].is_secret
        account.create(create="echo done", stdin="open")
        assert not account.state["stdout"].is_secret

    def test_neither_errors_nor_what_is_shown_repeat_one(self, account: Account) -> None:
        with pytest.raises(ResourceError) as failed:
            account.create(create="cat; exit 1", stdin=secret("hunter2secret\n"))
        assert "hunter2secret" not in str(failed.value)
        assert account.shown == ["[secret]"]

    def test_nor_the_one_of_before(self, account: Account) -> None:
        account.create(create="cat", stdin=secret("hunter2secret"))
        account.update(create="echo $PULUMI_COMMAND_STDOUT", stdin=secret("correct horse"))
        assert "hunter2secret" not in "".join(account.shown)


class TestFailure:
    def test_says_status_command_and_all_output(self, account: Account) -> None:
        with pytest.raises(ResourceError) as failed:
            account.create(create="echo 'no such account'; exit 7")
        assert str(failed.value) == "exit status 7: running \"echo 'no such account'; exit 7\":\nno such account\n"

    def test_of_an_interpreter_that_is_not_there(self, account: Account) -> None:
        with pytest.raises(ResourceError, match="/nonexistent/sh"):
            account.create(create="true", interpreter=["/nonexistent/sh"])

    def test_of_one_that_takes_too_long(self, account: Account) -> None:
        with pytest.raises(ResourceError, match=r"not done within 0\.2 s"):
            account.create(create="exec sleep 20", timeout=0.2)

    @pytest.mark.parametrize(
        ("inputs", "path"),
        [
            ({"assetPaths": ["*"]}, "assetPaths"),
            ({"logging": "all"}, "logging"),
            ({"interpreter": "sh"}, "interpreter"),
        ],
    )
    def test_of_a_wrong_input_names_it(self, account: Account, inputs: dict[str, Any], path: str) -> None:
        request = CheckRequest(URN, {}, props(create="true", **inputs), b"")
        failures = asyncio.run(account.provider.check(request)).failures or []
        assert [failure.property for failure in failures] == [path]


class TestAsAProcess:
    """The plugin as the engine has it: a program that prints its port and answers over gRPC."""

    @pytest.fixture
    def engine(self) -> Iterator[subprocess.Popen[str]]:
        """A process that starts the plugin, prints its id and port, and waits."""
        script = f'{sys.executable} -u -m lab.plugins.command 127.0.0.1:1 & echo "$!"; read -r forever'
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            ["/bin/sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            yield process
            process.kill()

    def test_answers_marks_secrets_fails_in_one_sentence_and_ends_with_the_engine(
        self, engine: subprocess.Popen[str]
    ) -> None:
        assert engine.stdout is not None
        pid, port = (int(engine.stdout.readline()) for _ in range(2))
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            plugin = provider_pb2_grpc.ResourceProviderStub(channel)
            answer = plugin.Create(_create_request(create="cat", stdin=secret("hunter2"), logging="none"))
            output = PropertyValue.unmarshal(answer.properties.fields["stdout"])
            assert (plain(output), output.is_secret) == ("hunter2", True)
            with pytest.raises(grpc.RpcError) as failed:
                plugin.Create(_create_request(create="exit 3", logging="none"))
            assert failed.value.details() == 'exit status 3: running "exit 3":\n'

        engine.kill()
        deadline = time.monotonic() + 5
        while _runs(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not _runs(pid)


def _create_request(**values: Any) -> Any:
    return provider_pb2.CreateRequest(urn=URN, properties=PropertyValue.marshal_map(props(**values)))


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
