"""Errors of a stack file as a person reads them: a line each, with key, value, reason and mend, and never a secret."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticUndefined

from stack_file.model import FaultsError, path_of

SECRETS = frozenset({"apiToken", "password", "privateKey"})
"""The keys whose values are secrets, wherever they are."""

_KINDS = {
    "string": "must be text: put it in quotes",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false, without quotes",
    "list": "must be a list: begin each entry with - on a line of its own",
    "dict": "must be a map: write each entry as KEY: VALUE on a line of its own",
    "too_short": "is empty: give one or more, or leave the key out",
}
"""What pydantic's kinds of errors (the start of their names) come to."""


def lines(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """Yield a line for each thing that validation of `model` found."""
    for detail in error.errors(include_url=False):
        steps = [step for step in detail["loc"] if not str(step).startswith(("function-", "[key]"))]
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, FaultsError):
            for fault in cause.faults:
                yield line(_joined(path_of(*steps), fault.key), fault.text)
        elif cause is not None:
            yield line(path_of(*steps), _with_value(detail, str(cause)))
        else:
            yield line(path_of(*steps), _with_value(detail, _sentence(detail, steps, model)))


def line(path: str, text: str) -> str:
    """Return one line of the report; a text without a path names its key itself."""
    return f"  {path}: {text}" if path else f"  {text}"


def open_secrets(value: object, *steps: str | int) -> Iterator[str]:
    """Yield the path of every secret in raw settings; the path of a PEM file is none."""
    if steps and steps[-1] in SECRETS:
        # Not looked into: a secret that is a map by mistake may have its text in a key.
        if value is not None and (steps[-1] != "privateKey" or "-----BEGIN" in str(value)):
            yield path_of(*steps)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from open_secrets(inner, *steps, key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from open_secrets(inner, *steps, index)


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key


def _with_value(detail: ErrorDetails, reason: str) -> str:
    """Put the value before the reason, unless it is there already, has no short form, or may be a secret."""
    value = detail["input"]
    if (
        not isinstance(value, str | int | float)
        or SECRETS.intersection(detail["loc"])
        or detail["type"].startswith(("missing", "extra_forbidden", "model", "dict", "list"))
        or "-----BEGIN" in str(value)
    ):
        return reason
    shown = repr(value) if isinstance(value, str) else json.dumps(value)
    return reason if re.search(rf"(?<![\w.]){re.escape(shown)}(?![\w.])", reason) else f"{shown} {reason}"


def _sentence(detail: ErrorDetails, steps: Sequence[str | int], model: type[BaseModel]) -> str:
    """Turn one of pydantic's own errors into half a sentence with the mend."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(str(steps[-1]), list(_fields(_at(model, steps[:-1]))))
    field = _field(model, steps)
    meaning = field.description if field is not None and field.description else ""
    if kind == "missing":
        return f"is missing: set it{f' to {meaning}' if meaning else ''}"
    if kind == "literal_error":
        known = [str(value) for value in _literals(field.annotation if field else None)]
        nearest = _nearest(str(detail["input"]), known, cutoff=0.72)
        return f"is unknown{nearest and f', perhaps {nearest}'}: use {_or(known)}"
    if kind.startswith("model"):
        return f"must be a map: its keys are {_or(list(_fields(_at(model, steps))))}"
    sentence = next((said for start, said in _KINDS.items() if kind.startswith(start)), detail["msg"])
    if kind.startswith(("int", "float")):
        sentence += f" ({meaning})" if meaning else ""
        if field is not None and field.default is not PydanticUndefined:
            sentence += f", such as {field.default:g}"
    return sentence


def _unknown_key(key: str, known: Sequence[str]) -> str:
    nearest = _nearest(key, known, cutoff=0.6)
    return f"is no setting: did you mean {nearest}?" if nearest else f"is no setting: use {_or(known)}"


def _nearest(written: str, known: Sequence[str], *, cutoff: float) -> str:
    """Return the known word that is meant, empty when none is near."""
    folded = {word.lower(): word for word in known}
    found = difflib.get_close_matches(written.lower().replace("_", ""), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else ""


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _fields(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    """Return a model's fields by their name in the stack file."""
    return {field.alias or name: field for name, field in model.model_fields.items()} if model else {}


def _field(model: type[BaseModel], steps: Sequence[str | int]) -> FieldInfo | None:
    """Return the field at a path; None for an entry of a list or map."""
    return _fields(_at(model, steps[:-1])).get(str(steps[-1])) if steps else None


def _at(model: type[BaseModel], steps: Sequence[str | int]) -> type[BaseModel] | None:
    """Return the model of the map at a path."""
    found: type[BaseModel] | None = model
    for step in steps:
        if isinstance(step, str) and found is not None:
            field = _fields(found).get(step)
            found = _model_in(field.annotation) if field is not None else None
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation such as `list[Annotated[Account, ...]] | None` is about."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, Annotated, Union, UnionType):
        return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
    return None


def _literals(annotation: Any) -> tuple[Any, ...]:
    """Return the values of the `Literal` in an annotation."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(value for part in get_args(annotation) for value in _literals(part))
