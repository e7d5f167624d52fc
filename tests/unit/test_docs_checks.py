"""docs/checks.md has every check of the catalogue, as the catalogue has it."""

import pytest
from recorder import PROGRAM

from verify.catalogue import CHECKS
from verify.report import checks_page
from verify.scores import INTERNET_NL, MECSA

ROOT = PROGRAM.parent
PAGE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")


def test_is_in_step_with_the_catalogue() -> None:
    assert checks_page.page() == PAGE, "docs/checks.md is not what the catalogue says; run `make docs`"


@pytest.mark.parametrize("check", CHECKS)
def test_has_every_check(check: str) -> None:
    assert f"\n### {check}\n" in PAGE
    assert CHECKS[check].means in PAGE


@pytest.mark.parametrize("score", [*MECSA, *INTERNET_NL])
def test_has_every_score(score: str) -> None:
    assert f"| {score} | " in PAGE
