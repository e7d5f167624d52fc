"""Names and numbers between Pulumi (`matchingType`, floats) and Cloudflare's API (`matching_type`, integers)."""

import re
from typing import Any

from lab.plugins.properties import Plain


def snake(name: str) -> str:
    """The API's name of a property."""
    return re.sub(r"[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def camel(name: str) -> str:
    """Pulumi's name of a field."""
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)


def to_api(value: Plain) -> Any:
    """A property for the API: names inside objects converted, whole numbers as integers, what is null left out."""
    if isinstance(value, dict):
        return {snake(key): to_api(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [to_api(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def from_api(value: Any) -> Plain:
    """A field of the API as a property: names inside objects converted, what is null left out."""
    if isinstance(value, dict):
        return {camel(key): from_api(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [from_api(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
