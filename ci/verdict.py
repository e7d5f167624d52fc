"""What the checker found after a deployment, for the summary of the run."""

from __future__ import annotations

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, JUnitXmlError, TestCase, TestSuite

from ci.preview_text import LARGEST, block, cut

NOTHING_FAILED, FAILED, NOT_JUDGED = 0, 1, 2
"""Exit codes of `python -m verify`."""


def judge(stack: str, exit_code: int, report: Path) -> tuple[str, int]:
    """Return Markdown that says what was found, and the exit code of the step.

    What could not be looked at does not fail a deployment, since a runner of GitHub reaches no port 25 and has no IPv6:
    it is said, row by row. A checker that looked at nothing at all fails it.

    Args:
        stack: its name.
        exit_code: of `python -m verify`.
        report: the JUnit report that it wrote.
    """
    try:
        cases = [case for suite in JUnitXml.fromfile(str(report)) if isinstance(suite, TestSuite) for case in suite]
    except (OSError, JUnitXmlError, SyntaxError):  # SyntaxError: XML that is none
        cases = []
    head = f"## `verify` on the stack `{stack}`\n\n"
    if not cases or exit_code not in (NOTHING_FAILED, FAILED, NOT_JUDGED):
        return f"{head}**Nothing was looked at** (exit code {exit_code}): see the log of the step.\n", 1
    failed = [case for case in cases if _is(case, Failure)]
    unknown = [case for case in cases if _is(case, Error)]
    said = [f"{len(cases)} rows, {len(failed)} failed, {len(unknown)} could not be looked at from here."]
    if failed:
        said += ["### Failed", _rows(failed, Failure)]
    if unknown:
        said += ["### Not looked at", _rows(unknown, Error)]
    code = 1 if failed or exit_code == FAILED else 0
    return head + "\n\n".join(said) + "\n", code


def _is(case: TestCase, kind: type[Failure | Error]) -> bool:
    return any(isinstance(result, kind) for result in case.result)


def _rows(cases: list[TestCase], kind: type[Failure | Error]) -> str:
    lines: list[str] = []
    for case in cases:
        texts = [(result.text or "").strip() for result in case.result if isinstance(result, kind)]
        lines += [f"{case.classname}: {case.name}", *(f"  {line}" for text in texts for line in text.splitlines())]
    return block(cut("\n".join(lines), LARGEST // 2, ""))
