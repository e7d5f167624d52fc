"""Prints docs/configuration.md, the page of all settings, from `Pulumi.yaml` and the models of a stack file."""

import inspect
import json
import re
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from settings import Settings
from stack_file.model import Kind
from stack_file.values import Between

PROJECT_FILE = Path(__file__).parents[1] / "Pulumi.yaml"

_HEAD = """# Configuration

Made from `Pulumi.yaml` and the models in `stack_file/` by `make docs`.

A stack is one file, `Pulumi.STACK.yaml`; [`Pulumi.prod.yaml`](../Pulumi.prod.yaml) is a whole one, to copy and edit.
There the keys that are headings here begin with the project's name: `maddy-stack:server`.

Secrets are set with `pulumi config set --path --secret cloudflare.apiToken`, which asks for the value and encrypts it.
A secret in plain text is an error, and so is a key that is not on this page. All errors are reported together, before
anything changes.

**Bold** keys are required. Where a list is expected, one value will do as well, except in `domains`, `accounts`,
`selectors` and `signing`. Names of domains and hosts may be written in Unicode; they become A-labels
(`bücher.example` is `xn--bcher-kva.example`).
"""
_TABLE = "| key | type | default | meaning | example |\n| --- | --- | --- | --- | --- |\n"
_TYPES = {str: "text", bool: "true or false", int: "number", float: "number", SecretStr: "secret"}


def page() -> str:
    """Return the page."""
    described = yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["config"]
    parts = [_HEAD]
    sections: dict[type[BaseModel], str] = {}
    for name, field in Settings.model_fields.items():
        key = field.alias or name
        about = described[key]["description"].replace("\n", "\n\n")
        parts.append(f"\n## {key}\n\n{about}\n")
        model = _model(field)
        if model is None:
            parts.append(f"\nA {kind(field)}, such as {_example(field)}; {_default(field)} unless set.\n")
        else:
            parts += _sections(model, _path(key, field), sections)
    return "".join(parts)


def _sections(model: type[BaseModel], path: str, sections: dict[type[BaseModel], str]) -> Iterator[str]:
    """Yield the table of a model, and a section for each model below it that has none yet.

    Args:
        model: whose keys.
        path: where it is in a stack file.
        sections: the model of each section so far, to its title; added to.
    """
    below = []
    rows = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = _model(field)
        if inner is not None and inner not in sections:
            sections[inner] = _path(f"{path}.{key}", field)
            below.append(inner)
        rows.append(_row(key, field, sections[inner] if inner else ""))
    yield f"\n{_TABLE}{''.join(rows)}"
    for inner in below:
        yield f"\n### {sections[inner]}\n\n{_prose(inner)}\n"
        yield from _sections(inner, sections[inner], sections)


def _path(key: str, field: FieldInfo) -> str:
    return f"{key}[]" if get_origin(field.annotation) is list else key


def _row(key: str, field: FieldInfo, section: str) -> str:
    name = f"**`{key}`**" if field.is_required() else f"`{key}`"
    words = f"[{kind(field)}](#{re.sub(r'[^a-z]', '', section.lower())})" if section else kind(field)
    cells = (name, words, _default(field), field.description or "", _example(field))
    return f"| {' | '.join(cells)} |\n".replace("|  |", "| |").replace("|  |", "| |")


def _example(field: FieldInfo) -> str:
    return _code(field.examples[0]) if field.examples else ""


def _prose(model: type[BaseModel]) -> str:
    """Return the docstring of a model with each paragraph on one line."""
    return "\n\n".join(" ".join(text.split()) for text in inspect.cleandoc(model.__doc__ or "").split("\n\n"))


def kind(field: FieldInfo) -> str:
    """Return what a value of the key is, in a few words."""
    return _kind_of(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)


def _kind_of(annotation: Any) -> str:
    """Return what a value is: in the words of its `Kind` or `Between`, else by its type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = [part.words for part in arguments[1:] if isinstance(part, Kind | Between)]
        return said[0] if said else _kind_of(arguments[0])
    if origin is Literal:
        *others, last = (f"`{value}`" for value in arguments)
        return f"{', '.join(others)} or {last}"
    if origin is list:
        entry = _kind_of(arguments[0])
        return f"list of {entry}{'es' if entry.endswith('s') else 's'}"
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "map"
    if arguments:  # of a union with None
        return " or ".join(_kind_of(part) for part in arguments if part is not type(None))
    return _TYPES[annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True)
    return "" if value is None or isinstance(value, BaseModel) else _code(_plain(value))


def _plain(value: Any) -> Any:
    """Return a default as a person writes it: an entry with nothing but a name is that name."""
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, BaseModel):
        return value.model_dump()["name"]
    return str(value) if isinstance(value, IPv4Address | IPv6Address) else value


def _code(value: Any) -> str:
    if isinstance(value, str):
        return f"`{value}`"
    if isinstance(value, list | dict):
        return f"`{yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).strip()}`"
    return f"`{json.dumps(value).removesuffix('.0')}`"


def _model(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model that a field's value is, or a list of."""
    return next(_models(field.annotation), None)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


if __name__ == "__main__":
    sys.stdout.write(page())
