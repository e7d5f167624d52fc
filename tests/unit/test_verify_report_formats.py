"""The reports that programs read: JSON, as docs/verify.md describes it, and JUnit."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from recorder import PROGRAM
from verify_runs import MX, Command, World, outcome, question

from verify.changes import Change, Changes
from verify.report import as_json, junit
from verify.report.outcome import Outcome
from verify.result import VERDICTS

ROOT = PROGRAM.parent
EVIL = "\x1b[2J\x00 \x0b \ud800 \ufffe \u202e </testcase> ]]>"
CHANGE = Change(domain="one.test", check="alpha", subject="the letter", before="fail", now="pass")


@pytest.fixture
def told(world: World) -> Outcome:
    """A run with a row of each verdict."""
    return outcome(
        [
            question("gamma", MX, "25 on 192.0.2.25").passes("it"),
            question("beta").warns("a small letter", "Make it a large one."),
            question("alpha").fails("nothing", "Run `pulumi up`: it writes the letter."),
            question("beta", subject="the other").unknown("silence", "Try again."),
            question("gamma").skipped("There is none."),
        ],
        changes=Changes(since=datetime(2026, 5, 31, tzinfo=UTC), better=(CHANGE,)),
    )


class TestJson:
    def test_is_as_ever(self, told: Outcome, golden: Callable[[str, str], None]) -> None:
        golden("verify-json", as_json.text(told) + "\n")

    def test_is_as_described(self, told: Outcome) -> None:
        manual = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
        chapter = manual.split("## JSON")[1].split("\n## ")[0]
        described = set(re.findall(r"^\| `([^`]+)` \|", chapter, re.MULTILINE))
        assert described == set(keys(json.loads(as_json.text(told))))
        assert f"version {as_json.VERSION}" in chapter

    def test_is_all_there_is_on_standard_output(self, verify: Command, world: World) -> None:
        world.rows = [question().fails(EVIL, EVIL)]
        code, out, err = verify("--json", "--changes")
        assert json.loads(out)["exit_code"] == code == 1
        assert err == ""

    def test_has_no_control_characters(self) -> None:
        text = as_json.text(outcome([question(domain="\x1b[2J", subject=EVIL).fails(EVIL, EVIL)]))
        assert re.fullmatch(r"[\n\x20-\x7e]*", text)
        assert r"\u001b" not in text  # nor for who decodes it
        assert r"\\x1b[2J" in text

    def test_of_an_interrupted_run(self) -> None:
        document = as_json.document(outcome([question().passes("it")], complete=False))
        assert (document["complete"], document["exit_code"]) == (False, 130)
        assert document["changes"] is None


def keys(value: Any, path: str = "") -> list[str]:
    """The paths of all keys; [] is any item of a list, * any key that is a name from the run."""
    if isinstance(value, list):
        return [key for item in value for key in keys(item, f"{path}[]")]
    if not isinstance(value, dict):
        return []
    if "percent" in value:
        return [f"score.{key}" for key in value]
    if "before" in value:
        return [f"change.{key}" for key in value]
    if path == "scores.domains.*":
        return []  # as those of scores.lowest
    found = []
    for key, inner in value.items():
        name = "*" if path in ("summary", "scores.domains") or path.endswith(("mecsa_style", "categories")) else key
        here = f"{path}.{name}".removeprefix(".")
        found += [here, *keys(inner, here)]
    return found


class TestJunit:
    def test_reads_back(self, told: Outcome, tmp_path: Path) -> None:
        junit.write(told, tmp_path / "report.xml")
        report = JUnitXml.fromfile(str(tmp_path / "report.xml"))
        assert [suite.name for suite in report] == ["records", "transport"]
        assert (report.tests, report.failures, report.errors, report.skipped) == (5, 1, 1, 1)
        cases = {(case.classname, case.name): case for suite in report for case in suite}
        assert set(cases) == {
            (MX, "gamma 25 on 192.0.2.25"),
            ("one.test", "beta the letter"),
            ("one.test", "alpha the letter"),
            ("one.test", "beta the other"),
            ("one.test", "gamma the letter"),
        }
        [failure] = cases["one.test", "alpha the letter"].result
        assert failure.message == "Run `pulumi up`: it writes the letter."
        assert failure.text == f"expected: a letter\nfound: nothing\nto do: {failure.message}"
        [skipped] = cases["one.test", "gamma the letter"].result
        assert skipped.message == "There is none."
        warning = cases["one.test", "beta the letter"]
        assert warning.is_passed
        assert "Make it a large one." in warning.system_out

    def test_has_no_control_characters(self, tmp_path: Path) -> None:
        evil = [getattr(question(subject=EVIL), how)(EVIL, EVIL) for how in ("fails", "unknown", "warns")]
        junit.write(outcome(evil), tmp_path / "report.xml")
        text = (tmp_path / "report.xml").read_text()
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
        assert len(list(JUnitXml.fromfile(str(tmp_path / "report.xml")))) == 1

    def test_is_written_beside_the_table(self, verify: Command, tmp_path: Path) -> None:
        code, out, _ = verify("--junit", str(tmp_path / "report.xml"))
        assert code == 0
        assert "1 passed" in out
        assert JUnitXml.fromfile(str(tmp_path / "report.xml")).tests == 1

    def test_that_cannot_be_written_is_said(self, verify: Command, tmp_path: Path) -> None:
        (tmp_path / "report.xml").symlink_to(tmp_path / "gone" / "report.xml")
        code, _, err = verify("--junit", str(tmp_path / "report.xml"))
        assert code == 2
        assert "report.xml: No such file or directory" in err


def test_counts_have_every_verdict(told: Outcome) -> None:
    assert told.counts == dict.fromkeys(VERDICTS, 1)
