"""A run as JUnit XML, which CI servers show: a suite for each group, a case for each result."""

from __future__ import annotations

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from verify.catalogue import GROUPS
from verify.printable import printable
from verify.report.outcome import Outcome, group_of
from verify.result import Result


def write(outcome: Outcome, file: Path) -> None:
    """Write the report: what fails is a failure, what is unknown an error, and a warning passes with its text.

    Raises:
        OSError: the file cannot be written.
    """
    report = JUnitXml("verify")
    for group in (*GROUPS, "other"):
        results = [result for result in outcome.results if group_of(result.check) == group]
        if results:
            suite = TestSuite(group)
            suite.timestamp = outcome.started.isoformat(timespec="seconds")
            suite.add_testcases([_case(result) for result in results])
            report.add_testsuite(suite)
    report.time = round(outcome.seconds, 3)
    report.write(str(file), pretty=True)


def _case(result: Result) -> TestCase:
    case = TestCase(f"{result.check} {result.subject}".strip(), classname=printable(result.domain))
    said = f"expected: {result.expected}\nfound: {result.found}\nto do: {result.mend}"
    match result.verdict:
        case "fail":
            case.result = [_with_text(Failure(result.mend, "fail"), said)]
        case "unknown":
            case.result = [_with_text(Error(result.mend, "unknown"), said)]
        case "skipped":
            case.result = [Skipped(result.mend)]
        case "warn":
            case.system_out = f"warning\n{said}"
        case "pass":
            pass
    return case


def _with_text(outcome: Failure | Error, text: str) -> Failure | Error:
    outcome.text = text
    return outcome
