"""The docker plugin's rules, which take no daemon: what a change does, what is refused, how values are written."""

import asyncio
from typing import Any

import pytest
from pulumi.provider.experimental.provider import CheckRequest, DiffRequest, DiffResponse

from lab.plugins.docker.durations import format_duration, parse_duration
from lab.plugins.docker.provider import TYPES, DockerProvider
from lab.plugins.properties import UNKNOWN, plain_map, secret, wrap

CONTAINER = "docker:index/container:Container"
IMAGE = "docker:index/remoteImage:RemoteImage"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::maddy-stack::maddy:mail:Server${kind}::it"


def change(kind: str, old: dict[str, Any], new: dict[str, Any], ignore: list[str] | None = None) -> DiffResponse:
    old_state, new_inputs = ({name: wrap(value) for name, value in values.items()} for values in (old, new))
    request = DiffRequest(urn(kind), "id", old_state, new_inputs, ignore or [])
    return asyncio.run(DockerProvider().diff(request))


def failures(kind: str, **inputs: Any) -> dict[str, str]:
    request = CheckRequest(urn(kind), {}, {name: wrap(value) for name, value in inputs.items()}, b"")
    answer = asyncio.run(DockerProvider().check(request))
    return {failure.property: failure.reason for failure in answer.failures or []}


def container_failures(**inputs: Any) -> dict[str, str]:
    return failures(CONTAINER, **{"name": "it", "image": "sha256:1", **inputs})


class TestReplacement:
    @pytest.mark.parametrize(
        ("kind", "name", "old", "new"),
        [
            (CONTAINER, "image", "sha256:1", "sha256:2"),
            (CONTAINER, "command", ["run"], ["run", "-debug"]),
            (CONTAINER, "envs", ["A=1"], ["A=2"]),
            (CONTAINER, "labels", [{"label": "a", "value": "1"}], [{"label": "a", "value": "2"}]),
            (CONTAINER, "uploads", [{"file": "/a", "content": "1"}], [{"file": "/a", "content": "2"}]),
            (CONTAINER, "ports", [{"internal": 25}], [{"internal": 25}, {"internal": 465}]),
            (CONTAINER, "cpus", "0.5", "0.75"),
            (CONTAINER, "logOpts", {"max-size": "1m"}, {"max-size": "2m"}),
            (NETWORK, "ipamConfigs", [{"subnet": "203.0.113.0/28"}], [{"subnet": "203.0.113.16/28"}]),
            (VOLUME, "driverOpts", {}, {"type": "tmpfs"}),
            (VOLUME, "labels", [], [{"label": "a", "value": "1"}]),
        ],
    )
    def test_deletes_first(self, kind: str, name: str, old: Any, new: Any) -> None:
        result = change(kind, {name: old}, {name: new})
        assert result.replaces == [name]
        assert result.delete_before_replace

    def test_of_an_image_creates_first(self) -> None:
        result = change(IMAGE, {"name": "caddy:1"}, {"name": "caddy:2"})
        assert (result.replaces, result.delete_before_replace) == (["name"], False)

    @pytest.mark.parametrize(
        ("name", "old", "new"),
        [
            ("memory", 64, 128),
            ("restart", "no", "always"),
            ("mustRun", False, True),
            ("healthcheck", {"tests": ["CMD", "true"]}, {"tests": ["CMD", "false"]}),
            ("tmpfs", {}, {"/tmp": ""}),  # noqa: S108
            ("init", False, True),
            ("wait", False, True),
        ],
    )
    def test_is_not_made_for_these(self, name: str, old: Any, new: Any) -> None:
        result = change(CONTAINER, {name: old}, {name: new})
        assert (result.changes, result.replaces, result.delete_before_replace) == (True, [], False)

    def test_is_shown_for_what_a_preview_cannot_know(self) -> None:
        assert change(CONTAINER, {"image": "sha256:1"}, {"image": UNKNOWN}).replaces == ["image"]

    def test_is_not_made_for_an_ignored_label_of_an_adopted_volume(self) -> None:
        adopted = {"name": "data", "labels": [{"label": "made-by", "value": "hand"}]}
        assert change(VOLUME, adopted, {"name": "data"}).replaces == ["labels"]
        assert change(VOLUME, adopted, {"name": "data"}, ["labels", "driverOpts"]).changes is False


V4 = {"internal": 25, "external": 25, "ip": "127.0.0.25", "protocol": "tcp"}
V6 = {"internal": 25, "external": 25, "ip": "::1", "protocol": "tcp"}
IMAPS = {"internal": 993, "external": 993, "ip": "127.0.0.25", "protocol": "tcp"}


class TestPublishedPorts:
    @pytest.mark.parametrize(
        ("old", "new", "changed"),
        [
            ([V4, IMAPS], [IMAPS, V4], False),
            ([V4, V6], [V4, V6], False),
            ([V4, V6], [V6, V4], True),
            ([V4], [V6], True),
            ([V4], [{"internal": 25, "ip": "127.0.0.25"}], False),
        ],
        ids=["order", "two addresses", "two addresses the other way round", "another address", "defaults"],
    )
    def test_are_compared_as_the_official_provider_does(self, old: Any, new: Any, changed: bool) -> None:
        assert change(CONTAINER, {"ports": old}, {"ports": new}).changes is changed


class TestCheck:
    def test_names_what_is_not_supported_at_any_depth(self) -> None:
        found = container_failures(gpus="all")
        assert "gpus" in found
        assert "ports[0].gateway" in container_failures(ports=[{"internal": 25, "gateway": "x"}])

    @pytest.mark.parametrize(
        ("inputs", "path"),
        [
            ({"restart": "sometimes"}, "restart"),
            ({"memory": -1}, "memory"),
            ({"cpus": "half"}, "cpus"),
            ({"healthcheck": {"interval": "1 minute"}}, "healthcheck.interval"),
            ({"uploads": [{"file": "/a", "content": "x", "permissions": "600"}]}, "uploads[0].permissions"),
            ({"uploads": [{"file": "/a"}]}, "uploads[0]"),
            ({"uploads": [{"file": "/a", "contentBase64": "%"}]}, "uploads[0]"),
            ({"ports": [{"internal": 70000}]}, "ports[0].internal"),
            ({"mounts": [{"target": "/a", "type": "volume"}, {"target": "/b"}]}, "mounts[1].type"),
        ],
    )
    def test_names_the_place_of_a_wrong_value(self, inputs: dict[str, Any], path: str) -> None:
        assert list(container_failures(**inputs)) == [path]

    def test_never_repeats_a_value(self) -> None:
        found = container_failures(uploads=[{"file": "/a", "content": secret("hunter2"), "mode": "hunter2"}])
        assert found
        assert "hunter2" not in str(found)

    def test_lets_unknown_values_pass(self) -> None:
        assert failures(CONTAINER, name="it", image=UNKNOWN, uploads=[{"file": "/a", "content": UNKNOWN}]) == {}

    def test_asks_for_names(self) -> None:
        assert {kind: set(failures(kind)) for kind in TYPES} == {
            CONTAINER: {"image", "name"},
            NETWORK: {"name"},
            VOLUME: {"name"},
            IMAGE: {"name"},
        }

    def test_fills_in_the_official_defaults(self) -> None:
        request = CheckRequest(urn(CONTAINER), {}, {"name": wrap("it"), "image": wrap("a"), "start": wrap(False)}, b"")
        answer = asyncio.run(DockerProvider().check(request))
        assert answer.inputs is not None
        filled = plain_map(answer.inputs)
        assert (filled["mustRun"], filled["start"], filled["networkMode"]) == (True, False, "bridge")


@pytest.mark.parametrize(
    ("written", "nanoseconds", "read_back"),
    [
        ("30s", 30_000_000_000, "30s"),
        ("60s", 60_000_000_000, "1m0s"),
        ("1.5h", 5_400_000_000_000, "1h30m0s"),
        ("500ms", 500_000_000, "500ms"),
        ("1m0.5s", 60_500_000_000, "1m0.5s"),
        ("10us", 10_000, "10µs"),
        ("0", 0, "0s"),
    ],
)
def test_durations_are_read_back_as_go_writes_them(written: str, nanoseconds: int, read_back: str) -> None:
    assert parse_duration(written) == nanoseconds
    assert format_duration(nanoseconds) == read_back


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1 s", "1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)
