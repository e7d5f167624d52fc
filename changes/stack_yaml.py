"""YAML as Pulumi reads stack files: `yes` and `12:30` are text, and no key is there twice."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml  # type: ignore[import-untyped]

_TAG = "tag:yaml.org,2002:"
_MOST_VALUES = 200_000


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML 1.2's plain values in place of 1.1's; dates stay text."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != f"{_TAG}merge" and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is there twice", key.start_mark
                )
            seen.add(key.value)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return found


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.removeprefix(_TAG) in {"null", "float", "merge"}]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"[-+]?(0|[1-9]\d*)$"), list("-+0123456789"))


def parse(text: str) -> Any:
    """Return what a YAML text says.

    Raises:
        ValueError: it is no YAML; where, and why.
    """
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
        _check_size(found)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{where}{error.problem or 'is no YAML'}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"is no YAML ({type(error).__name__})") from None
    return found


def _check_size(found: Any) -> None:
    """Raise ValueError for what anchors have blown up, or let hold itself."""
    waiting, seen = [found], 0
    while waiting:
        inner = waiting.pop()
        seen += 1
        if seen > _MOST_VALUES:
            raise ValueError(f"has more than {_MOST_VALUES} values, its anchors followed")
        if isinstance(inner, dict | list):
            waiting.extend(inner.values() if isinstance(inner, dict) else inner)
