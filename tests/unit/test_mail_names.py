import pytest

from mail import names


@pytest.mark.parametrize(
    ("written", "ascii_name"),
    [
        ("example.org", "example.org"),
        ("Example.ORG.", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),  # not fass.de, which belongs to somebody else
        ("münchen。de", "xn--mnchen-3ya.de"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1e100.net", "1e100.net"),
        ("a." * 10 + "xn--p1ai", "a." * 10 + "xn--p1ai"),
        ("x" * 63 + ".org", "x" * 63 + ".org"),
    ],
)
def test_domain_names_have_one_form(written: str, ascii_name: str) -> None:
    assert names.to_ascii(written) == ascii_name
    assert names.to_ascii(names.to_ascii(written)) == ascii_name


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("", "write it like example.org"),
        (".", "write it like example.org"),
        ("localhost", "write it in full"),
        ("exam ple.org", "a space"),
        ("example.org\n", "a space"),
        ("a..org", "a dot too many"),
        (".example.org", "a dot too many"),
        ("example.org..", "a dot too many"),
        ("x" * 64 + ".org", "63 characters"),
        (".".join(["x" * 50] * 6), "253 characters"),
        ("-example.org", "inner hyphens"),
        ("exa!mple.org", "'exa!mple'"),
        ("_dmarc.example.org", "use a hyphen"),
        ("*.example.org", "name the host itself"),
        ("me@example.org", "what follows the @"),
        ("https://example.org", "the host name alone"),
        ("198.51.100.25", "IP address"),
        ("2001:db8::25", "IP address"),
        ("[2001:db8::25]", "IP address"),
        ("example.123", "top-level domain"),
        ("xn--zzzzzz.org", "A-label"),
        ("💩.example", "not allowed"),
    ],
)
def test_what_is_no_domain_name_is_refused_with_value_and_mend(written: str, mend: str) -> None:
    with pytest.raises(ValueError, match="is no domain name") as error:
        names.to_ascii(written)
    assert repr(written) in str(error.value)
    assert mend in str(error.value)
    assert "\n" not in str(error.value)


def test_names_are_shown_as_people_read_them() -> None:
    assert names.to_unicode("_dmarc.xn--bcher-kva.example") == "_dmarc.bücher.example"


@pytest.mark.parametrize(
    ("name", "zone", "within"),
    [
        ("example.org", "example.org", True),
        ("mail.Example.org.", "example.org", True),
        ("badexample.org", "example.org", False),
        ("org", "example.org", False),
        ("example.org", "mail.example.org", False),
    ],
)
def test_being_within_a_zone_goes_by_labels(name: str, zone: str, *, within: bool) -> None:
    assert names.is_within(name, zone) is within


def test_addresses_have_one_form() -> None:
    assert names.address("Post.Master", "BÜCHER.example") == "post.master@xn--bcher-kva.example"
    assert names.parse_address("First.Last+Tag@Example.org") == ("first.last+tag", "example.org")
    assert names.check_local_part("x" * 64) == "x" * 64


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("postmaster", "postmaster@example.org"),
        ("@example.org", "use letters"),
        ("a@b@example.org", "use letters"),
        (".a@example.org", "inner dots"),
        ("a..b@example.org", "inner dots"),
        ("a.@example.org", "inner dots"),
        ('"a b"@example.org', "use letters"),
        ("jürgen@example.org", "use letters"),
        ("x" * 65 + "@example.org", "at most 64"),
        ("a@", "write it like example.org"),
        ("a@localhost", "write it in full"),
        ("a@[198.51.100.25]", "IP address"),
    ],
)
def test_bad_addresses_are_refused_with_value_and_mend(written: str, mend: str) -> None:
    with pytest.raises(ValueError, match="is no mail address") as error:
        names.parse_address(written)
    assert repr(written) in str(error.value)
    assert mend in str(error.value)
