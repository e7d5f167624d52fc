"""docs/going-live.md: what it says to set can be set, and what it links to is there."""

import json
import re
from typing import Any

import pytest
import stacks
from recorder import PROGRAM

import settings as stack_settings

ROOT = PROGRAM.parent
PAGE = (ROOT / "docs" / "going-live.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"pulumi config set --path ('[^']+'|[\w.]+) (\w+) -s prod", PAGE)


def applied(settings: dict[str, Any], path: str, text: str) -> None:
    """What `pulumi config set --path` does to a stack file that has the maps on the way already."""
    *way, last = re.findall(r"[^.\[\]]+", path.strip("'"))
    inner: Any = settings
    for step in way:
        inner = inner[int(step)] if step.isdigit() else inner[step]
    assert last in inner or last == "maxAge", f"{path} is not in Pulumi.prod.yaml"
    inner[last] = int(text) if text.isdigit() else text


def test_the_ramps_lead_from_the_stack_file_to_their_end() -> None:
    settings = stacks.of_file("prod")
    passed = []
    for path, text in COMMANDS:
        applied(settings, path, text)
        config = {key: json.dumps(value) for key, value in settings.items()}
        [domain] = stack_settings.load(config, stacks.SECRET_KEYS).domains
        passed.append((domain.dmarc.policy, domain.mta_sts.mode))
    assert passed[0] == ("quarantine", "testing")
    assert passed[-1] == ("reject", "enforce")
    assert domain.mta_sts.max_age == 2592000


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: str(path.name)
)
def test_what_a_page_links_to_is_there(page: Any) -> None:
    for link, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8")):
        target = page.parent / link if link else page
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
