"""DMARC as served."""

import pytest
from verify_world import DOMAIN, NS1, RESOLVER, declare, healthy, look_at, of, stack, world, zone_text

from mail import record_table
from mail.records import dmarc_report_authorization
from verify.checks import dmarc_record
from verify.failures import Silent
from verify.result import Result

OUTSIDE = "reports.example"
AGREED = f"{DOMAIN}._report._dmarc"


def looked(text: str, outside: str | None = None, **how: object) -> list[Result]:
    """What is found where the domain declares and serves a DMARC record, and another zone serves `outside`."""
    outputs = declare(stack(), "dmarc", content=text)
    zones = {DOMAIN: zone_text(outputs)} | ({} if outside is None else {OUTSIDE: outside})
    return look_at(dmarc_record.probes(world(zones, outputs, **how)))  # type: ignore[arg-type]


def verdicts(results: list[Result]) -> dict[str, str]:
    return {result.check.removeprefix("dmarc-"): result.verdict for result in results}


def test_what_the_stack_declares_passes() -> None:
    results = look_at(dmarc_record.probes(healthy()))
    assert {r.verdict for r in results} == {"pass"}
    assert of(results, "dmarc-reports").found == "reports stay within the domain"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v=DMARC1; p=quarantine; pct=50", "pct=50"),
        ("v=DMARC1; p=rejekt", "p=rejekt is unknown"),
        ("v=DMARC1; rua=mailto:a@example.test; p=reject", "no p right after v"),
        ("v=DMARC1; p=reject; rua=a@example.test", "write mailto:"),
    ],
)
def test_record_that_receivers_misread(text: str, words: str) -> None:
    results = looked(text)
    assert verdicts(results) == {"record": "fail", "policy": "skipped", "reports": "skipped"}
    row = of(results, "dmarc-record")
    assert words in row.found
    assert "`dmarc`" in row.mend
    assert of(results, "dmarc-policy").mend.startswith("see `dmarc-record`")


@pytest.mark.parametrize(
    ("tags", "verdict", "words"),
    [
        ("p=none", "warn", "collects reports only"),
        ("p=reject; t=y", "warn", "t=y"),
        ("p=quarantine", "pass", "p=quarantine"),
        ("p=reject; sp=none", "pass", "p=reject"),
    ],
)
def test_policy(tags: str, verdict: str, words: str) -> None:
    results = looked(f"v=DMARC1; {tags}; rua=mailto:postmaster@{DOMAIN}")
    assert verdicts(results) == {"record": "pass", "policy": verdict, "reports": "pass"}
    assert words in of(results, "dmarc-policy").found


class TestReports:
    TEXT = f"v=DMARC1; p=reject; rua=mailto:a@{OUTSIDE}"

    def test_nobody_agreed(self) -> None:
        row = of(looked(self.TEXT, "@ MX 10 mail\n"), "dmarc-reports")
        assert (row.verdict, row.found) == ("fail", f"no TXT record v=DMARC1 at {AGREED}.{OUTSIDE}")
        assert f"add `{AGREED}.{OUTSIDE} TXT v=DMARC1`" in row.mend

    def test_failure_reports_count_as_well(self) -> None:
        text = f"v=DMARC1; p=reject; rua=mailto:a@{DOMAIN}; ruf=mailto:a@{OUTSIDE}"
        assert of(looked(text, "@ MX 10 mail\n"), "dmarc-reports").verdict == "fail"

    @pytest.mark.parametrize("name", [AGREED, "*._report._dmarc"])
    def test_agreed(self, name: str) -> None:
        row = of(looked(self.TEXT, f'{name} TXT "v=DMARC1"\n@ MX 10 mail\n'), "dmarc-reports")
        assert (row.verdict, row.found) == ("pass", f"{OUTSIDE} agreed")

    @pytest.mark.parametrize("outside", ["", "@ MX 0 .\n"])
    def test_agreed_and_receives_no_mail(self, outside: str) -> None:
        row = of(looked(self.TEXT, f'{AGREED} TXT "v=DMARC1"\n{outside}'), "dmarc-reports")
        assert row.verdict == "warn"
        assert "cannot be delivered" in row.mend

    def test_nobody_gets_any(self) -> None:
        row = of(looked("v=DMARC1; p=reject"), "dmarc-reports")
        assert (row.verdict, row.found) == ("warn", "nobody gets reports: no rua")

    def test_the_other_domain_cannot_be_asked(self) -> None:
        results = looked(self.TEXT, refused=[OUTSIDE])
        assert verdicts(results) == {"record": "pass", "policy": "pass", "reports": "unknown"}
        assert "SERVFAIL" in of(results, "dmarc-reports").found

    def test_the_stack_declares_that_it_agrees_and_does_not_serve_it(self) -> None:
        outputs = declare(stack(), "dmarc", content="v=DMARC1; p=reject; rua=mailto:a@second.test")
        record = record_table.as_dict(dmarc_report_authorization(DOMAIN, "second.test"))
        outputs["domains"]["second.test"] = {"records": [record], "dkim": {}}
        look = world({DOMAIN: zone_text(outputs), "second.test": "@ MX 10 mail\n"}, outputs)
        row = next(r for r in look_at(dmarc_record.probes(look)) if r.check == "dmarc-reports" and r.domain == DOMAIN)
        assert (row.verdict, row.mend[:15]) == ("skipped", "see `published`")


def test_no_record_and_two_records_are_matters_of_others() -> None:
    text = zone_text(stack())
    none = look_at(dmarc_record.probes(world({DOMAIN: text.replace("v=DMARC1", "nothing")})))
    two = look_at(dmarc_record.probes(healthy(more='_dmarc TXT "v=DMARC1; p=none"\n')))
    assert {r.mend[:15] for r in none} == {"see `published`"}
    assert {r.mend[:18] for r in two} == {"see `dmarc-single`"}


@pytest.mark.parametrize("server", [NS1, RESOLVER])
def test_silent(server: str) -> None:
    results = look_at(dmarc_record.probes(healthy(broken={server: Silent("it said nothing")})))
    assert {(r.verdict, r.found) for r in results} == {("unknown", "it said nothing")}
