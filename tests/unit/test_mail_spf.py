import re

import pytest

from mail import spf


@pytest.mark.parametrize(
    "text",
    [
        spf.DOMAIN_DEFAULT,
        spf.MX_HOST,
        "v=spf1 -all",
        "v=spf1 ?all",
        "v=spf1 a/24//64 a:example.org/24 mx//128 ~all",
        "v=spf1 ip4:198.51.100.25 ip4:198.51.100.25/24 ip6:2001:db8::/32 -all",
        "v=spf1 +mx -ip4:198.51.100.0/24 include:_spf.example.org ~all",
        "v=spf1 exists:%{i}._spf.%{d2} -all",
        "v=spf1 redirect=_spf.example.org",
        "v=spf1 mx ~all exp=explain.example.org",
        "v=spf1 " + "a " * 10 + "~all",
        "v=spf1 " + "ip4:198.51.100.25 " * 30 + "mx ~all",
    ],
)
def test_good_records_pass_unchanged(text: str) -> None:
    assert spf.check(text) == text


def test_terms_are_set_one_space_apart() -> None:
    assert spf.check(" v=spf1  mx   ~all ") == "v=spf1 mx ~all"


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("", "must start with v=spf1"),
        ("mx ~all", "must start with v=spf1"),
        ("v=spf10 mx ~all", "must start with v=spf1"),
        ("v=spf1 mx v=spf1 a ~all", "keep one record"),
        ("v=spf1 mx", "add ~all"),
        ("v=spf1", "add ~all"),
        ("v=spf1 mx +all", "write ~all or -all, not +all"),
        ("v=spf1 mx all", "write ~all or -all, not all"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "a prefix of 1 to 32"),
        ("v=spf1 ~all mx", "put ~all last"),
        ("v=spf1 mx ~all -all", "put ~all last"),
        ("v=spf1 redirect=example.org ~all", "delete one of them"),
        ("v=spf1 redirect=a.example redirect=b.example", "keep one"),
        ("v=spf1 " + "a " * 9 + "mx include:_spf.example.org ~all", "11 DNS look-ups"),
        ("v=spf1 " + "mx " * 10 + "redirect=example.org", "replace some by ip4 and ip6"),
        ("v=spf1 inclde:example.org ~all", "did you mean include?"),
        ("v=spf1 foo=bar ~all", "use all, include"),
        ("v=spf1 include ~all", "write include:DOMAIN"),
        ("v=spf1 include:example ~all", "write include:DOMAIN"),
        ("v=spf1 a/33 ~all", "write a, a:DOMAIN or a/24"),
        ("v=spf1 mx; ~all", "write mx, mx:DOMAIN or mx/24"),
        ("v=spf1 ip4:2001:db8::25 ~all", "write ip4:ADDRESS"),
        ("v=spf1 ip4:198.51.100.0/255.255.255.0 ~all", "write ip4:ADDRESS"),
        ("v=spf1 ip6:198.51.100.25 ~all", "write ip6:ADDRESS"),
        ("v=spf1 -redirect=example.org", "write redirect=DOMAIN"),
        ("v=spf1 all:example.org", "write ~all or -all"),
        ("v=spf1 a:bücher.example ~all", "xn--"),
    ],
)
def test_bad_records_are_refused_with_value_and_mend(text: str, mend: str) -> None:
    with pytest.raises(ValueError, match=re.escape(mend)) as error:
        spf.check(text)
    assert repr(text) in str(error.value)
