"""What all tests share: golden files.

A golden file under tests/golden/ is the text that a test expects, so that a change of it shows as a diff.
After a change that is meant, rewrite them with `pytest --update-golden` and look at `git diff tests/golden`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["tests.live.fixtures"]

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/ with what the tests see")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with tests/golden/NAME.txt."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        assert text == expected, f"tests/golden/{name}.txt differs; if that is meant: pytest --update-golden"

    return compare
