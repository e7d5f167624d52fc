"""docs/configuration.md has every key that there is, as `Pulumi.yaml` and the models have it."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
import yaml
from pydantic import BaseModel, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from recorder import PROGRAM

from settings import Settings
from stack_file import page
from stack_file.report import SECRETS

ROOT = PROGRAM.parent
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]


def models(model: type[BaseModel] = Settings) -> dict[str, type[BaseModel]]:
    """Every model that a stack file is made of, by name."""
    found = {model.__name__: model}
    for field in model.model_fields.values():
        for part in parts(field.annotation):
            if part.__name__ not in found:
                found |= models(part)
    return found


def parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


KEYS = {
    (name, field.alias or ""): field
    for name, model in models().items()
    if name != "Settings"
    for field in model.model_fields.values()
}


def rows() -> list[list[str]]:
    """The cells of every row of every table."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines if not line.startswith("| key ")]


def test_is_in_step_with_the_models() -> None:
    assert page.page() == PAGE, "docs/configuration.md is not what the models say; run `make docs`"


def test_all_models_are_found() -> None:
    assert {"Server", "SmartHost", "Metrics", "Network", "TlsFiles", "Selector", "Account", "MtaSts"} <= set(models())
    assert len(KEYS) > 50


def test_has_each_key_of_each_model_once() -> None:
    written = [re.sub(r"\W", "", row[0]) for row in rows()]
    assert sorted(written) == sorted(key for _, key in KEYS)
    assert {len(row) for row in rows()} == {5}


@pytest.mark.parametrize(("model", "key"), KEYS, ids=str)
def test_every_key_has_a_meaning_and_its_default(model: str, key: str) -> None:
    field = KEYS[model, key]
    assert field.description
    described = [row for row in rows() if row[3] == field.description and re.sub(r"\W", "", row[0]) == key]
    assert {row[0].startswith("**") for row in described} == {field.is_required()}
    if isinstance(field.default, str | int | float):
        default = json.dumps(field.default).strip('"').removesuffix(".0")
        assert f"`{default}`" in {row[2] for row in described}


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(field, id=".".join(name))
        for name, field in KEYS.items()
        if field.examples and name[0] != "TlsFiles"
    ],
)
def test_every_example_is_accepted(field: FieldInfo) -> None:
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation  # type: ignore[valid-type]
    for example in field.examples or []:
        TypeAdapter(kind).validate_python(example)


def test_secrets_have_no_example() -> None:
    secret = {name: field for name, field in KEYS.items() if SecretStr in _types(field.annotation)}
    assert {key for _, key in secret} == SECRETS
    assert [name for name, field in secret.items() if field.examples] == [("TlsFiles", "privateKey")]  # a path


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _types(part)


def test_every_key_at_the_top_has_a_chapter_and_an_entry_in_the_project_file() -> None:
    top = [field.alias for field in Settings.model_fields.values()]
    assert re.findall(r"^## (\w+)$", PAGE, re.MULTILINE) == top
    assert set(PROJECT) == set(top)
    for field in Settings.model_fields.values():
        entry = PROJECT[field.alias]
        assert entry["description"]
        assert entry["type"] == ("array" if page.kind(field).startswith("list") else "object")
        assert ("default" in entry) == (not field.is_required())


def test_every_link_within_the_page_has_its_heading() -> None:
    headings = {re.sub(r"[^a-z]", "", title.lower()) for title in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= headings
