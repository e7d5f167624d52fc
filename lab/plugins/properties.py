"""Pulumi's property values as plain Python and back, with secrets and unknown values kept.

What a plugin gets from the engine is `dict[str, PropertyValue]`. The way through a plugin:

    inputs = plain_map(request.properties)   # floats, strings, lists, dicts, None; UNKNOWN in previews
    if request.preview:
        return CreateResponse(properties=outputs(request.properties, {"mountpoint": UNKNOWN}))
    ...                                      # do the work with `inputs`
    return CreateResponse(resource_id=..., properties=outputs(request.properties, {"mountpoint": "/var/lib"}))

`outputs` copies the given inputs as they came, so that an input (or a part of one) that is a secret stays
one in the state, and adds what the provider found out. It relies on `accept_secrets=True` in the answer to
`configure`: with it the engine sends secrets marked as such and keeps exactly the marks that come back. A
computed output that repeats a secret input must be marked by hand: `outputs(inputs, {"stdout":
secret("...")})`.

Numbers are floats on the wire, both ways: `wrap` turns an `int` into one; use `int(value)` on what comes in.
Other text that leaves the plugin (errors) goes through `redact(text, secret_strings(request.properties))`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Union

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc


class Unknown:
    """A value that a preview cannot know yet; `UNKNOWN` is the only one, equal to nothing but itself."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()

Plain = Union[None, bool, int, float, str, Unknown, "list[Plain]", "dict[str, Plain]"]
"""A property without its marks. Assets, archives and resource references are outside it."""

Properties = dict[str, PropertyValue]

SHORTEST_SECRET_LINE = 8
"""Characters; a shorter line of a secret file is a bracket or a keyword, which other texts have as well."""


class UnsupportedValueError(ValueError):
    """An asset, an archive or a resource reference where plain data is needed."""


def plain(value: PropertyValue) -> Plain:
    """The value without secret marks and dependencies.

    Raises:
        UnsupportedValueError: an asset, archive or resource reference is in it; the text says which.
    """
    inner = value.value
    if isinstance(inner, Computed) or (isinstance(inner, str) and inner == rpc.UNKNOWN):
        return UNKNOWN
    if inner is None or isinstance(inner, bool | float | str):
        return inner
    if isinstance(inner, Mapping):
        return {key: plain(item) for key, item in inner.items()}
    if isinstance(inner, tuple):
        return [plain(item) for item in inner]
    raise UnsupportedValueError(f"{type(inner).__name__} is not supported here; use plain text or a number")


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Plain]:
    """`plain` of every value."""
    return {name: plain(value) for name, value in values.items()}


def wrap(value: Plain | PropertyValue) -> PropertyValue:
    """The property value for plain data; a `PropertyValue` passes as it is."""
    if isinstance(value, PropertyValue):
        return value
    if isinstance(value, Unknown):
        return PropertyValue(rpc.UNKNOWN)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return PropertyValue(value)
    if isinstance(value, int | float):
        return PropertyValue(float(value))
    if isinstance(value, dict):
        return PropertyValue({key: wrap(item) for key, item in value.items()})
    return PropertyValue([wrap(item) for item in value])


def secret(value: Plain) -> PropertyValue:
    """Plain data as a secret property."""
    return wrap(value).with_secret(True)


def outputs(
    inputs: Mapping[str, PropertyValue], computed: Mapping[str, Plain | PropertyValue]
) -> dict[str, PropertyValue]:
    """The outputs of a resource: its inputs with their marks, then what the provider computed.

    A computed value that has the name of a secret input replaces it and is a secret as well.
    """
    result = dict(inputs)
    for name, value in computed.items():
        wrapped = wrap(value)
        given = inputs.get(name)
        hidden = given is not None and given.contains_secret()
        result[name] = wrapped.with_secret(True) if hidden else wrapped
    return result


def has_unknown(value: Plain) -> bool:
    """Whether the value is, or has in it, something that is not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)


def secret_strings(values: Mapping[str, PropertyValue]) -> set[str]:
    """Every text inside a secret, for `redact`; of a text of several lines each line long enough to tell."""
    found: set[str] = set()
    for value in values.values():
        for text in _secret_texts(value, inside=False):
            found.add(text)
            lines = [line.strip() for line in text.splitlines()]
            found.update(line for line in lines if len(line) >= SHORTEST_SECRET_LINE)
    return {text for text in found if text.strip()}


def _secret_texts(value: PropertyValue, *, inside: bool) -> Iterator[str]:
    inside = inside or value.is_secret
    inner = value.value
    if isinstance(inner, str):
        if inside:
            yield inner
    elif isinstance(inner, Mapping):
        for item in inner.values():
            yield from _secret_texts(item, inside=inside)
    elif isinstance(inner, tuple):
        for item in inner:
            yield from _secret_texts(item, inside=inside)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every one of these strings replaced by `[secret]`, the longest first."""
    for item in sorted(secrets, key=len, reverse=True):
        text = text.replace(item, "[secret]")
    return text


def own_type(type_in_urn: str) -> str:
    """The type of a resource, from that in its URN, where the types of its parents stand before it."""
    return type_in_urn.rpartition("$")[2]
