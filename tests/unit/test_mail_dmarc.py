import re

import pytest

from mail import dmarc

RUA = ("mailto:postmaster@example.org",)


def test_default_record() -> None:
    text = dmarc.record_text(dmarc.Dmarc(rua=RUA))
    assert text == "v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org"
    assert dmarc.record_name("example.org") == "_dmarc.example.org"


def test_every_tag() -> None:
    policy = dmarc.Dmarc(
        policy="reject",
        subdomain_policy="none",
        nonexistent_policy="reject",
        dkim_alignment="s",
        spf_alignment="r",
        testing=True,
        public_suffix="n",
        rua=(*RUA, "mailto:Reports@Bücher.example"),
        ruf=RUA,
        failure_options="1:d:s",
    )
    text = (
        "v=DMARC1; p=reject; sp=none; np=reject; adkim=s; aspf=r; t=y; psd=n; "
        "rua=mailto:postmaster@example.org,mailto:reports@xn--bcher-kva.example; "
        "ruf=mailto:postmaster@example.org; fo=1:d:s"
    )
    assert dmarc.record_text(policy) == text
    assert dmarc.parse(text) == policy


def test_no_reports_are_asked_for_without_rua() -> None:
    assert dmarc.record_text(dmarc.Dmarc(policy="none", rua=())) == "v=DMARC1; p=none"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("v=DMARC1; p=none", "v=DMARC1; p=none"),
        ("v=DMARC1;p=reject;t=n;", "v=DMARC1; p=reject"),
        (
            " v = DMARC1 ; p = reject ; rua=mailto:a@example.org , mailto:b@example.org; sp=none",
            "v=DMARC1; p=reject; sp=none; rua=mailto:a@example.org,mailto:b@example.org",
        ),
    ],
)
def test_hand_written_records_get_the_normal_form(written: str, normal: str) -> None:
    assert dmarc.check(written) == normal


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v=DMARC1; p=none; pct=50", "found pct=50: delete it, and use t=y"),
        ("v=DMARC1; p=none; rf=afrf", "found rf=afrf: delete it"),
        ("v=DMARC1; p=none; ri=3600", "found ri=3600: delete it"),
        ("v=DMARC1; p=none; ruaa=mailto:a@example.org", "did you mean rua?"),
        ("v=DMARC1; p=none; zzzzz=1", "use v, p, sp"),
        ("p=none; v=DMARC1", "must start with v=DMARC1"),
        ("v=dmarc1; p=none", "must start with v=DMARC1"),
        ("v=spf1 -all", "must start with v=DMARC1"),
        ("v=DMARC1", "begin with v=DMARC1; p="),
        ("v=DMARC1; sp=none; p=none", "begin with v=DMARC1; p="),
        ("v=DMARC1; p=block", "p=block is unknown: use none, quarantine or reject"),
        ("v=DMARC1; p=none; adkim=strict", "adkim=strict is unknown: use r or s"),
        ("v=DMARC1; p=none; t=yes", "t=yes is unknown: use y or n"),
        ("v=DMARC1; p=none; p=reject", "'none' and 'reject': delete one"),
        ("v=DMARC1; p", "'p' is not written tag=value"),
        ("v=DMARC1; p=none; rua=postmaster@example.org", "write mailto:postmaster@example.org"),
        ("v=DMARC1; p=none; rua=mailto:a@example.org!10m", "leave out the size limit"),
        ("v=DMARC1; p=none; ruf=mailto:a@example.org; fo=0:1", "fo=0:1 is unknown: use 0 or 1"),
        ("v=DMARC1; p=none; fo=1", "add ruf or delete fo"),
    ],
)
def test_bad_records_are_refused_with_value_and_mend(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        dmarc.check(text)
