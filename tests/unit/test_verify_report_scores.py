"""The two scores: what they count, and what they leave out."""

import pytest
from verify_runs import CATALOGUE, MX, question

from verify.result import Result
from verify.scores import Scores, by_domain, lowest

CHECKS = {check.id: check for check in CATALOGUE}


def scores(*rows: Result, domains: tuple[str, ...] = ("one.test",)) -> dict[str, Scores]:
    return by_domain(rows, domains, CHECKS)


def row(check: str, verdict: str, domain: str = "one.test") -> Result:
    asked = question(check, domain)
    match verdict:
        case "pass":
            return asked.passes("it")
        case "warn":
            return asked.warns("it", "Better.")
        case "fail":
            return asked.fails("it", "Mend it.")
        case "unknown":
            return asked.unknown("it", "Again.")
    return asked.skipped("None.")


@pytest.mark.parametrize(
    ("alpha", "beta", "percent", "judged"),
    [
        ("pass", "pass", 100, 2),
        ("pass", "warn", 75, 2),
        ("pass", "fail", 50, 2),
        ("fail", "fail", 0, 2),
        ("pass", "unknown", 100, 1),
        ("pass", "skipped", 100, 1),
        ("unknown", "skipped", None, 0),
        ("pass pass fail", "pass", 50, 2),  # its worst row
        ("pass unknown", "pass", 100, 1),  # what was not looked at is no pass
        ("fail unknown", "pass", 50, 2),
        ("pass skipped", "warn", 75, 2),
    ],
)
def test_a_score(alpha: str, beta: str, percent: int | None, judged: int) -> None:
    rows = [row("alpha", verdict) for verdict in alpha.split()] + [row("beta", verdict) for verdict in beta.split()]
    score = scores(*rows)["one.test"].mecsa["integrity"]
    assert (score.percent, score.judged, score.of) == (percent, judged, 2)


@pytest.mark.parametrize(
    ("published", "percent", "judged"), [("fail", 0, 1), ("unknown", None, 0), ("pass", None, 0), ("", None, 0)]
)
def test_what_is_skipped_for_another_check_counts_as_that_one(published: str, percent: int | None, judged: int) -> None:
    rows = [row("published", published)] if published else []
    rows += [question("gamma").skipped("see `published`: there is no record"), question("beta").skipped("see `gamma`")]
    score = scores(*rows)["one.test"].mecsa["confidential delivery"]
    assert (score.percent, score.judged) == (percent, judged)


def test_checks_that_are_skipped_for_each_other_end() -> None:
    rows = [question("alpha").skipped("see `beta`"), question("beta").skipped("see `alpha`")]
    assert scores(*rows)["one.test"].mecsa["integrity"].percent is None


def test_percents_are_rounded_down() -> None:
    rows = [row("alpha", "pass"), row("gamma", "warn")]
    rows += [row("alpha", "pass", "two.test"), row("gamma", "pass", "two.test")]
    found = scores(*rows, domains=("one.test", "two.test"))
    assert found["one.test"].internet_nl_total.percent == 75
    assert found["two.test"].internet_nl_total.percent == 100


def test_categories_count_the_same_and_those_without_anything_judged_not_at_all() -> None:
    found = scores(row("alpha", "pass"), row("gamma", "fail"))["one.test"]
    assert {name: score.percent for name, score in found.internet_nl.items()} == {
        "IPv6": 100,
        "DNSSEC": None,
        "DMARC, DKIM and SPF": None,
        "STARTTLS and DANE": 0,
        "RPKI": None,
    }
    total = found.internet_nl_total
    assert (total.percent, total.judged, total.of) == (50, 2, 5)


def test_the_mail_host_counts_for_every_domain() -> None:
    found = scores(row("gamma", "fail", MX), row("alpha", "pass"), domains=("one.test", "two.test"))
    assert found["one.test"].internet_nl["STARTTLS and DANE"].percent == 0
    assert found["two.test"].internet_nl["STARTTLS and DANE"].percent == 0
    assert found["two.test"].internet_nl["IPv6"].percent is None


def test_the_lowest_domain_is_the_one_that_counts() -> None:
    rows = [
        row("alpha", "pass"),
        row("beta", "fail"),
        row("alpha", "warn", "two.test"),
        row("beta", "pass", "two.test"),
    ]
    least = lowest(scores(*rows, domains=("one.test", "two.test")))
    assert least
    assert (least.mecsa["integrity"].domain, least.mecsa["integrity"].percent) == ("one.test", 50)
    assert (least.internet_nl_total.domain, least.internet_nl_total.percent) == ("two.test", 50)


def test_no_domain_has_no_score() -> None:
    assert lowest({}) is None
