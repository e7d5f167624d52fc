"""The query parameters of a list: which entries, in which order, which page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.cloudflare.errors import VALIDATION, refused

Query = Mapping[str, str]
Entry = dict[str, Any]

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "": str.__eq__,
    ".exact": str.__eq__,
    ".contains": str.__contains__,
    ".startswith": str.startswith,
    ".endswith": str.endswith,
}
RECORD_FILTERS = ("name", "content", "comment", "type")


def matching(entries: Sequence[Entry], query: Query, names: Sequence[str]) -> list[Entry]:
    """The entries that all filters (with `match=any`: at least one) let through, in any letter case."""
    tests = [
        (name, operator, query[name + suffix].lower())
        for name in names
        for suffix, operator in _OPERATORS.items()
        if name + suffix in query
    ]
    if "proxied" in query:
        tests.append(("proxied", str.__eq__, query["proxied"].lower()))
    if not tests:
        return list(entries)
    combine = any if query.get("match") == "any" else all
    return [
        entry
        for entry in entries
        if combine(operator(_text(entry.get(name)), wanted) for name, operator, wanted in tests)
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower()


def ordered(entries: Sequence[Entry], query: Query, names: Sequence[str]) -> list[Entry]:
    """Sorted by `order`, if that is one of the names."""
    order = query.get("order", "")
    if order not in names:
        return list(entries)
    return sorted(entries, key=lambda entry: _text(entry.get(order)), reverse=query.get("direction") == "desc")


def page_of(entries: Sequence[Entry], query: Query, default_size: int) -> tuple[list[Entry], dict[str, int]]:
    """One page and the `result_info` that goes with it."""
    page = _number(query, "page", 1)
    size = _number(query, "per_page", default_size)
    shown = list(entries[(page - 1) * size : page * size])
    pages = -(-len(entries) // size)
    info = {
        "page": page,
        "per_page": size,
        "count": len(shown),
        "total_count": len(entries),
        "total_pages": pages,
    }
    return shown, info


def _number(query: Query, name: str, default: int) -> int:
    try:
        number = int(float(query.get(name, default)))
    except ValueError:
        number = 0
    if number < 1:
        raise refused(VALIDATION, f"{name} must be a number of 1 or more.")
    return number
