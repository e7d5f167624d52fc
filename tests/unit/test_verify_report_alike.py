"""One fault is told once, at however many ports, records and domains it shows."""

from collections.abc import Sequence

import pytest
from test_verify_report import written
from verify_runs import MX, outcome, question

from verify.report import alike
from verify.result import Result

DOMAINS = [f"d{number:03}.test" for number in range(100)]
CHECKS = ("published", "spf-syntax", "dkim-key", "dmarc-record", "mta-sts-record")


def unanswered(domain: str, check: str) -> list[Result]:
    return [
        question(check, domain, f"{label}.{domain} TXT").unknown("no answer within 4 s", "Try again.")
        for label in ("one", "two")
    ]


def closed(port: int, host: str = MX) -> Result:
    asked = question("gamma", host, f"smtp {port} on 192.0.2.25")
    return asked.fails(f"port {port} on 192.0.2.25 is closed", f"Open port {port} in the firewall.")


def test_a_resolver_that_does_not_answer_takes_few_lines_with_a_hundred_domains() -> None:
    rows = [row for domain in (MX, *DOMAINS) for check in CHECKS for row in unanswered(domain, check)]
    out = written(outcome(rows, domains=DOMAINS))
    assert len(out.splitlines()) < 20
    assert out.count("Try again.") == 2  # of the mail host, and of all the others
    assert "? unknown 5 checks  in all 100 domains (--all: each)\n" in out
    assert "checks    published, spf-syntax, dmarc-record, dkim-key, mta-sts-record\n" in out
    assert "0 failed, 1010 unknown" in out


def test_a_server_that_is_down_is_told_once_for_all_its_ports() -> None:
    out = written(outcome([closed(port) for port in (25, 465, 587, 143, 993)]))
    assert "5 alike (--all: each): smtp 25 on 192.0.2.25, smtp 465 on 192.0.2.25, smtp 587 on 192.0.2.25, ..." in out
    assert "found     port * on * is closed\n" in out
    assert "to do     Open port * in the firewall.\n" in out
    assert "port 465" not in out


def test_few_ports_are_told_one_by_one() -> None:
    out = written(outcome([closed(port) for port in (25, 465, 587)]))
    assert "*" not in out
    assert out.count("✗ fail") == 3


class TestSeveralDomains:
    def test_are_named_where_they_are_not_all(self) -> None:
        rows = [question(domain=domain).passes("it") for domain in DOMAINS]
        rows += [question("beta", domain, f"_x.{domain}").fails("1", f"Ask for _x.{domain}.") for domain in DOMAINS[:4]]
        out = written(outcome(rows, domains=DOMAINS))
        assert (
            "several domains\n  ✗ fail    beta  in 4 domains (--all: each): d000.test, d001.test, d002.test, d003"
            in out
        )
        assert "to do     Ask for _x.*.\n" in out
        assert "100 domains without any other fault" in out

    def test_what_only_one_has_stays_with_it(self) -> None:
        rows = [question("beta", domain).fails("nothing", "Mend it.") for domain in DOMAINS[:5]]
        rows.append(question("alpha", DOMAINS[3]).fails("another", "Mend this too."))
        out = written(outcome(rows, domains=DOMAINS[:5]))
        assert out.count("Mend it.") == 1
        assert "d003.test (more above)\n  ✗ fail    alpha" in out
        assert out.index("several domains") < out.index("d003.test (more")

    def test_records_and_the_other_faults_of_a_domain_are_not_lost_from_sight(self) -> None:
        rows = [
            question("beta", domain, f"{label}.{domain} TXT").fails("nothing", "Mend it.")
            for domain in DOMAINS[:3]
            for label in ("one", "two")
        ]
        out = written(outcome([*rows, question(domain=DOMAINS[0]).passes("it")], domains=DOMAINS[:3]))
        assert "            about     one.* TXT, two.* TXT\n" in out
        assert "d000.test (more above)\n  ✓ pass" in out

    def test_two_are_told_one_by_one(self) -> None:
        rows = [question("beta", domain).fails("nothing", "Mend it.") for domain in DOMAINS[:2]]
        assert "several domains" not in written(outcome(rows, domains=DOMAINS[:2]))

    def test_all_shows_each(self) -> None:
        rows = [row for domain in DOMAINS for row in unanswered(domain, "alpha")]
        out = written(outcome(rows, domains=DOMAINS), every_row=True)
        assert out.count("Try again.") == 200
        assert "--all" not in out


def test_a_domain_that_fails_comes_before_one_that_does_not() -> None:
    rows = [question(domain="one.test").passes("it"), question(domain="two.test").fails("nothing", "Mend it.")]
    out = written(outcome(rows, domains=["one.test", "two.test"]))
    assert out.index("two.test\n") < out.index("one.test\n")


def test_what_rests_on_another_check_takes_one_line() -> None:
    rows = [question("beta").skipped("see `alpha`: no SPF record"), question("gamma").skipped("see `alpha`: no key")]
    out = written(outcome(rows))
    assert out.count("· skipped") == 1
    assert "beta, gamma: see `alpha`\n" in out
    assert "beta: see `alpha`: no SPF record\n" in written(outcome(rows[:1]))


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("25 on 192.0.2.25", "port 25 on 192.0.2.25 is closed", "port * on * is closed"),
        ("25 on 192.0.2.25", "port 2525 on 192.0.2.250 is closed", "port 2525 on 192.0.2.250 is closed"),
        ("25 on 2001:db8::25", "no way to port 25 on 2001:db8::25: x", "no way to port * on *: x"),
        ("_dmarc.one.test TXT", "_dmarc.one.test has none, bone.test has TXT", "_dmarc.* has none, bone.test has TXT"),
        ("", "mta-sts.one.test. Ask one.test.example", "mta-sts.*. Ask one.test.example"),
        ("", "550 no (msg ID = 9bc01a1b)", "550 no (msg ID = *)"),
    ],
)
def test_only_its_own_names_and_numbers_make_no_difference(subject: str, text: str, expected: str) -> None:
    row = question(subject=subject).fails("it", "Mend it.")
    assert alike.pattern(text, row) == expected


@pytest.mark.parametrize("rows", [[], [question().passes("it")]])
def test_nothing_in_common(rows: Sequence[Result]) -> None:
    assert alike.shared({"one.test": rows}) == []
