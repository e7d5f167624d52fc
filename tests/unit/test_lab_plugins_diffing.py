"""What a changed input does to a resource, by the rules of its type."""

from typing import Any

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import CheckRequest, DiffRequest, DiffResponse, PropertyDiffKind

from lab.plugins.diffing import Rules, check, diff
from lab.plugins.properties import UNKNOWN, secret, wrap

URN = "urn:pulumi:dev::maddy-stack::docker:index/volume:Volume::data"
RULES = Rules(
    inputs={"name", "labels", "memory", "mode", "hostname", "ports", "cpus"},
    required={"name"},
    replaces={"name", "labels", "hostname"},
    computed={"hostname"},
    unordered={"labels"},
    defaults={"mode": "testing"},
    member_defaults={"ports": {"protocol": "tcp"}},
    equal={"cpus": lambda old, new: float(str(old)) == float(str(new))},
    zero_is_absent=True,
    delete_before_replace=True,
)


def props(**values: Any) -> dict[str, PropertyValue]:
    return {name: wrap(value) for name, value in values.items()}


def changes(old: dict[str, Any], new: dict[str, Any], ignore: list[str] | None = None) -> DiffResponse:
    return diff(RULES, DiffRequest(URN, "id", props(**old), props(**new), ignore or []))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"labels": ["a", "b"]}, {"labels": ["b", "a"]}),
        ({"labels": [{"label": "a", "value": None}]}, {"labels": [{"label": "a"}]}),
        ({"labels": [{"names": ["a", "b"]}]}, {"labels": [{"names": ["b", "a"]}]}),
        ({"labels": []}, {}),
        ({"memory": 0}, {}),
        ({"ports": [{"internal": 25, "protocol": "tcp"}]}, {"ports": [{"internal": 25}]}),
        ({"cpus": "0.5"}, {"cpus": "0.50"}),
        ({}, {"mode": "testing"}),
        ({"hostname": "chosen by the daemon"}, {}),
    ],
    ids=[
        "order of a set",
        "null member",
        "order of a set in a set",
        "empty list",
        "zero",
        "default of a member",
        "own comparison",
        "default written out",
        "computed left out",
    ],
)
def test_the_same_in_other_words_is_no_change(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert changes(old, new).changes is False


def test_a_change_in_place_replaces_nothing() -> None:
    result = changes({"memory": 64}, {"memory": 128})
    assert (result.changes, result.replaces, result.delete_before_replace) == (True, [], False)
    assert result.detailed_diff["memory"].kind is PropertyDiffKind.UPDATE


def test_a_replacement_deletes_first_where_the_rules_say_so() -> None:
    result = changes({"name": "a"}, {"name": "b"})
    assert result.replaces == ["name"]
    assert result.delete_before_replace is True


def test_a_value_a_preview_cannot_know_counts_as_changed() -> None:
    assert changes({"labels": ["a"]}, {"labels": [UNKNOWN]}).replaces == ["labels"]


def test_a_removed_input_is_a_change() -> None:
    assert changes({"labels": ["a"]}, {}).detailed_diff["labels"].kind is PropertyDiffKind.DELETE_REPLACE


def test_an_ignored_property_is_not_looked_at() -> None:
    assert changes({"name": "a", "labels": ["x"]}, {"name": "a", "labels": ["y"]}, ["labels"]).changes is False


def test_unsupported_and_missing_inputs_are_named_together() -> None:
    failures = check(RULES, CheckRequest(URN, {}, props(gpus="all"), b"")).failures
    assert failures is not None
    assert [failure.property for failure in failures] == ["gpus", "name"]


def test_a_failing_secret_is_not_named_as_a_property_since_the_engine_would_print_it() -> None:
    inputs = {"name": wrap("it"), "gpus": secret("hunter2"), "tpus": wrap("all")}
    failures = check(RULES, CheckRequest(URN, {}, inputs, b"")).failures
    assert failures is not None
    assert [(failure.property, "pus' is not supported" in failure.reason) for failure in failures] == [
        ("", True),
        ("tpus", True),
    ]
