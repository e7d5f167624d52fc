"""What a change of an input does to a resource: the answers to the engine's `check` and `diff`.

A resource type writes down its rules once:

    RULES = Rules(
        inputs={"zoneId", "name", "type", "content", "ttl", "priority"},
        required={"zoneId", "name", "type", "ttl"},
        replaces={"zoneId", "type"},        # any other change is an update in place
        computed={"ttl"},                   # left out = the provider chooses; leaving it out is no change
        unordered={"tags"},                 # lists whose order means nothing
        defaults={"proxied": False},        # left out = this
        delete_before_replace=False,
    )

and answers with `check(RULES, request)` and `diff(RULES, request)`.

`diff` compares the new inputs with the old *state*, so `create`, `update` and `read` must put every input
into the outputs (`properties.outputs` does). A value that is not known yet (in a preview) counts as
changed. The engine has already applied `ignoreChanges` to the new inputs, but it copies the old *inputs*
there; where `read` has since found other values in the world, only skipping the name here keeps the
property ignored.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    DiffRequest,
    DiffResponse,
    PropertyDiff,
    PropertyDiffKind,
)

from lab.plugins.properties import Plain, UnsupportedValueError, has_unknown, plain, plain_map


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The inputs of one resource type and what changing each of them does."""

    inputs: frozenset[str] | set[str]
    """Every input that is supported; another one fails `check`."""
    required: frozenset[str] | set[str] = frozenset()
    replaces: frozenset[str] | set[str] = frozenset()
    """Inputs whose change needs a new resource."""
    computed: frozenset[str] | set[str] = frozenset()
    """Inputs that the provider fills in when they are left out: left out means "as it is"."""
    unordered: frozenset[str] | set[str] = frozenset()
    """Inputs that are sets written as lists, and so is every list inside them."""
    maps: frozenset[str] | set[str] = frozenset()
    """Inputs whose keys are the user's own, so that a key with an empty value is not the same as no key."""
    defaults: Mapping[str, Plain] = field(default_factory=dict)
    member_defaults: Mapping[str, Mapping[str, Plain]] = field(default_factory=dict)
    """For an input that is an object or a list of objects: what a member left out means."""
    equal: Mapping[str, Callable[[Plain, Plain], bool]] = field(default_factory=dict)
    """Inputs with a comparison of their own, asked when the values are not the same already."""
    zero_is_absent: bool = False
    """Whether `false`, `0` and `""` mean the same as leaving the input out, as in Terraform's older SDK."""
    delete_before_replace: bool = False


def check(
    rules: Rules, request: CheckRequest, problems: Callable[[dict[str, Plain]], list[CheckFailure]] | None = None
) -> CheckResponse:
    """Pass the inputs on as they are, or name each that is not supported, missing or no plain data.

    If none is, `problems` may find more in their values.
    """
    failures = []
    for name, value in request.new_inputs.items():
        if name not in rules.inputs:
            failures.append(CheckFailure(name, f"'{name}' is not supported by the lab's plugin"))
            continue
        try:
            plain(value)
        except UnsupportedValueError as error:
            failures.append(CheckFailure(name, f"'{name}': {error}"))
    failures.extend(
        CheckFailure(name, f"'{name}' is required")
        for name in sorted(rules.required)
        if name not in request.new_inputs or request.new_inputs[name].value is None
    )
    if problems and not failures:
        failures = problems(plain_map(request.new_inputs))
    return CheckResponse(inputs=request.new_inputs, failures=[_discreet(failure, request) for failure in failures])


def _discreet(failure: CheckFailure, request: CheckRequest) -> CheckFailure:
    """The engine prints the value of a property that a failure names, a secret one too (seen with 3.259)."""
    value = request.new_inputs.get(failure.property)
    return CheckFailure("", failure.reason) if value and value.contains_secret() else failure


def diff(rules: Rules, request: DiffRequest) -> DiffResponse:
    """Compare the new inputs with the old state by the rules."""
    changed: dict[str, PropertyDiff] = {}
    for name in sorted(rules.inputs):
        if name in request.ignore_changes:
            continue
        old = plain(request.old_state[name]) if name in request.old_state else None
        new = plain(request.new_inputs[name]) if name in request.new_inputs else None
        if new is None and name in rules.computed:
            continue
        if _same(rules, name, old, new):
            continue
        changed[name] = PropertyDiff(_kind(old, new, replace=name in rules.replaces), input_diff=False)
    replaces = [name for name in changed if name in rules.replaces]
    return DiffResponse(
        changes=bool(changed),
        diffs=list(changed),
        replaces=replaces,
        detailed_diff=changed,
        delete_before_replace=rules.delete_before_replace and bool(replaces),
    )


def _same(rules: Rules, name: str, old: Plain, new: Plain) -> bool:
    if has_unknown(new):
        return False
    old, new = (_normal(rules, name, rules.defaults.get(name) if value is None else value) for value in (old, new))
    return old == new or (name in rules.equal and rules.equal[name](old, new))


def _normal(rules: Rules, name: str, value: Plain) -> Plain:
    """The value in one fixed form: left out, null and empty are one and the same, at any depth."""
    if name in rules.maps:
        return value or None
    if isinstance(value, dict):
        members = {**rules.member_defaults.get(name, {}), **value}
        kept = {key: _normal(rules, name, item) for key, item in members.items()}
        return {key: item for key, item in kept.items() if item is not None} or None
    if isinstance(value, list):
        items = [_normal(rules, name, item) for item in value]
        if name in rules.unordered:
            items.sort(key=lambda item: json.dumps(item, sort_keys=True))
        return items or None
    if rules.zero_is_absent and value in (False, 0, ""):
        return None
    return value


def _kind(old: Plain, new: Plain, *, replace: bool) -> PropertyDiffKind:
    if old is None:
        return PropertyDiffKind.ADD_REPLACE if replace else PropertyDiffKind.ADD
    if new is None:
        return PropertyDiffKind.DELETE_REPLACE if replace else PropertyDiffKind.DELETE
    return PropertyDiffKind.UPDATE_REPLACE if replace else PropertyDiffKind.UPDATE
