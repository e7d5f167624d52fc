"""The manual of the settings has every key that there is, with its default, and no other."""

import re
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from recorder import PROGRAM

from settings import Settings

ROOT = PROGRAM.parent
MANUAL = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def models(model: type[BaseModel] = Settings) -> dict[str, type[BaseModel]]:
    """Every model that a stack file is made of, by name."""
    found = {model.__name__: model}
    for field in model.model_fields.values():
        for part in parts(field.annotation):
            if part.__name__ not in found:
                found |= models(part)
    return found


def parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in parts(inner)]


KEYS = {
    (name, field.alias): field
    for name, model in models().items()
    if name != "Settings"
    for field in model.model_fields.values()
}


def rows() -> list[list[str]]:
    """The cells of every row of every table."""
    lines = [line for line in MANUAL.splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_all_models_are_found() -> None:
    assert {"Server", "SmartHost", "Metrics", "Network", "TlsFiles", "Selector", "Account", "MtaSts"} <= set(models())
    assert len(KEYS) > 50


@pytest.mark.parametrize(("model", "key"), KEYS, ids=lambda part: str(part))
def test_every_key_is_in_the_manual(model: str, key: str) -> None:
    spelling = rf"`(files\.)?{key}`" if model == "TlsFiles" else f"`{key}`"
    described = [row for row in rows() if re.search(spelling, row[0])]
    assert described, f"{model}.{key} is not in docs/settings.md"
    field = KEYS[model, key]
    if field.is_required():
        assert any(row[0].startswith("**") for row in described), f"{model}.{key} is required"
    elif isinstance(field.default, str | int | float):
        value = str(field.default).lower() if isinstance(field.default, bool) else f"{field.default}".removesuffix(".0")
        assert any(f"`{value}`" in cell for row in described for cell in row[1:3]), f"{model}.{key} is {value}"


def test_no_other_key_is_in_the_manual() -> None:
    known = {key for _, key in KEYS}
    written = {key.removeprefix("files.") for row in rows() for key in re.findall(r"`([\w.]+)`", row[0])}
    assert written - known == set()


def test_every_key_at_the_top_has_a_chapter_and_an_entry_in_the_project_file() -> None:
    top = {field.alias for field in Settings.model_fields.values()}
    assert set(re.findall(r"^## (\w+)$", MANUAL, re.MULTILINE)) == top
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    assert set(project) == top
    for key, entry in project.items():
        assert entry["description"], key
        assert entry["type"] == ("array" if key == "domains" else "object")


def test_the_project_file_names_every_key_below_them() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    text = " ".join(entry["description"] for entry in project.values())
    hidden = {"MtaSts", "TlsRpt", "Selector", "Account", "Dmarc", "SmartHost", "Metrics", "Ports", "Network"}
    missing = [f"{model}.{key}" for model, key in KEYS if not re.search(rf"\b{key}\b", text) and model not in hidden]
    assert missing == []


def test_the_example_at_the_top_is_a_whole_stack() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
    config = yaml.safe_load(example)["config"]
    assert set(config) == {f"maddy-stack:{key}" for key in ("server", "tls", "domains", "cloudflare")}
    for key, model in (("server", "Server"), ("tls", "Tls"), ("cloudflare", "Cloudflare")):
        assert set(config[f"maddy-stack:{key}"]) <= {known for owner, known in KEYS if owner == model}
