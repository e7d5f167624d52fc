"""Reading a stack file in a test, and what the program says against it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import stacks

from settings import Settings, SettingsError, load


def read(raw: Mapping[str, Any], secret_keys: tuple[str, ...] = stacks.SECRET_KEYS) -> Settings:
    return load(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}, secret_keys
    )


def errors(raw: Mapping[str, Any], secret_keys: tuple[str, ...] = stacks.SECRET_KEYS) -> list[str]:
    """The lines of the report, of which there must be some."""
    with pytest.raises(SettingsError) as caught:
        read(raw, secret_keys)
    head, *lines = str(caught.value).splitlines()
    assert head == "the stack's settings have errors:"
    assert all(re.fullmatch(r"  \S.*", line) for line in lines)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return [line.strip() for line in lines]


def bad(**changes: Any) -> list[str]:
    """The errors of a minimal stack with changes, as in `stacks.changed`."""
    return errors(stacks.changed(stacks.minimal(), **changes))
