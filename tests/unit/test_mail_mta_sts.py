import re

import pytest

from mail import mta_sts


def test_policy_of_the_default() -> None:
    policy = mta_sts.policy_text(mta_sts.DEFAULT_MODE, ["mail.example.org"], mta_sts.DEFAULT_MAX_AGE)
    assert policy == "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 604800\r\n"


def test_policy_names_every_mx_host_in_ascii() -> None:
    policy = mta_sts.policy_text("enforce", ["Mail.Bücher.example.", "*.example.org"], 31557600)
    assert policy.split("\r\n")[1:5] == [
        "mode: enforce",
        "mx: mail.xn--bcher-kva.example",
        "mx: *.example.org",
        "max_age: 31557600",
    ]


def test_policy_that_withdraws_mta_sts_needs_no_mx() -> None:
    assert mta_sts.policy_text("none", [], 0) == "version: STSv1\r\nmode: none\r\nmax_age: 0\r\n"


def test_id_changes_exactly_when_the_policy_does() -> None:
    policy = mta_sts.policy_text("testing", ["mail.example.org"], 604800)
    others = [
        mta_sts.policy_text("enforce", ["mail.example.org"], 604800),
        mta_sts.policy_text("testing", ["mx.example.org"], 604800),
        mta_sts.policy_text("testing", ["mail.example.org"], 604801),
    ]
    # Written out: an id that changed with a new version of this program would make every sender fetch again.
    assert mta_sts.policy_id(policy) == "53489ece145c54a18e5e1e0b1091f6a8"
    assert len({mta_sts.policy_id(text) for text in (policy, *others)}) == 4
    assert all(re.fullmatch("[A-Za-z0-9]{1,32}", mta_sts.policy_id(text)) for text in others)


def test_record_and_places() -> None:
    assert mta_sts.record_text("20260101") == "v=STSv1; id=20260101"
    assert mta_sts.record_name("example.org") == "_mta-sts.example.org"
    assert mta_sts.policy_host("example.org") == "mta-sts.example.org"
    assert mta_sts.policy_url("example.org") == "https://mta-sts.example.org/.well-known/mta-sts.txt"


@pytest.mark.parametrize("bad", ["", "2026-01-01", "x" * 33])
def test_bad_ids_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=f"{bad!r} is no MTA-STS id: use 1 to 32 letters and digits"):
        mta_sts.record_text(bad)


@pytest.mark.parametrize(
    ("mode", "mx", "max_age", "message"),
    [
        (
            "enforced",
            ["mail.example.org"],
            604800,
            "'enforced' is no MTA-STS mode: use testing, enforce or none",
        ),
        ("enforce", [], 604800, "add mx"),
        ("enforce", ["*.*.example.org"], 604800, "'*.example.org' is no domain name"),
        ("enforce", ["198.51.100.25"], 604800, "'198.51.100.25' is no domain name"),
        (
            "enforce",
            ["mail.example.org"],
            31557601,
            "max_age 31557601 is out of range: use seconds from 0 to 31557600",
        ),
        ("enforce", ["mail.example.org"], -1, "max_age -1 is out of range"),
    ],
)
def test_bad_policies_are_refused_with_value_and_mend(mode: str, mx: list[str], max_age: int, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        mta_sts.policy_text(mode, mx, max_age)
