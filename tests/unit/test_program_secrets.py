"""Nothing secret is anywhere but where the engine encrypts it."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stacks
from recorder import Recording, Secret, closed, opened_up

RUNS = pytest.mark.parametrize("run", [stacks.run_minimal, stacks.run_full], ids=["minimal", "full"])


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)


def secrets_of(recording: Recording) -> set[str]:
    """Every secret of a run, as a line that nothing else has in it."""
    passwords = set(opened_up(recording.outputs["account_passwords"]).values())
    keys: set[str] = set()
    for resource in recording.resources:
        for text in strings(resource.plain):
            for body in re.findall(r"-----BEGIN (?:\w+ )?PRIVATE KEY-----\n(.*?)-----END", text, re.DOTALL):
                keys.add(body.splitlines()[-1])
    assert len(passwords) == len(recording.outputs["accounts"])
    assert len(keys) >= 2
    return passwords | keys | {stacks.TOKEN}


@RUNS
class TestNothingSecretIsInTheOpen:
    def test_in_the_inputs_of_any_resource(self, run: Callable[[], Recording]) -> None:
        secrets = secrets_of(run())
        for resource in run().resources:
            for text in strings(closed(resource.inputs)):
                assert not [secret for secret in secrets if secret in text], resource.urn

    def test_in_any_output_but_the_passwords(self, run: Callable[[], Recording]) -> None:
        outputs = run().outputs
        assert {key for key, value in outputs.items() if isinstance(value, Secret)} == {"account_passwords"}
        others = {key: value for key, value in outputs.items() if key != "account_passwords"}
        assert closed(others) == others
        secrets = secrets_of(run())
        for text in strings(others):
            assert not [secret for secret in secrets if secret in text]

    def test_in_what_a_command_runs_or_prints(self, run: Callable[[], Recording]) -> None:
        for command in run().of_type("Command").values():
            assert isinstance(command.inputs["stdin"], Secret)
            assert command.inputs["logging"] == "none"
            assert command.inputs["addPreviousOutputInEnv"] is False
            assert set(command.options["additional_secret_outputs"]) == {"stdout", "stderr"}

    def test_in_what_the_dynamic_resources_make(self, run: Callable[[], Recording]) -> None:
        hidden = {
            "DkimKey": {"private_pem", "adopt"},
            "SelfSignedCertificate": {"ca_private_key", "private_key"},
            "GeneratedPassword": {"password"},
        }
        for kind, outputs in hidden.items():
            for resource in run().of_type(kind).values() or run().of_type(f"mail:{kind}").values():
                assert set(resource.options["additional_secret_outputs"]) == outputs

    def test_in_the_files_that_are_carried_in(self, run: Callable[[], Recording]) -> None:
        for name in ("data-seed", "site-seed"):
            for upload in run().one("Container", name).inputs["uploads"]:
                if upload["permissions"] == "0600" and upload["file"] != "/data/maddy.conf":
                    assert isinstance(upload["content"], Secret), upload["file"]


def test_the_relays_password_is_in_maddy_conf_alone_which_is_then_a_secret() -> None:
    recording = stacks.run_full()
    uploads = recording.one("Container", "data-seed").inputs["uploads"]
    (conf,) = [upload for upload in uploads if upload["file"] == "/data/maddy.conf"]
    assert isinstance(conf["content"], Secret)
    escaped = stacks.RELAY_PASSWORD.replace('"', '\\"')
    assert escaped in conf["content"].value
    for resource in recording.resources:
        for text in strings(closed(resource.inputs)):
            assert stacks.RELAY_PASSWORD not in text
            assert escaped not in text


def test_the_key_of_a_certificate_from_files_is_a_secret() -> None:
    recording = stacks.run_repeatable()
    _, key, _ = stacks.issued(0, *stacks.NAMES)
    for seed in ("data-seed", "site-seed"):
        contents = [upload["content"] for upload in recording.one("Container", seed).inputs["uploads"]]
        assert Secret(key) in contents
    assert key.splitlines()[1] not in json.dumps(closed([resource.inputs for resource in recording.resources]))
