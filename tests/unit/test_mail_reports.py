"""Where reports go: report URIs, and the TLS-RPT record."""

import pytest

from mail import report_uri, tls_rpt


@pytest.mark.parametrize(
    ("written", "normal", "host", "addressee"),
    [
        (
            "mailto:postmaster@example.org",
            "mailto:postmaster@example.org",
            "example.org",
            ("postmaster", "example.org"),
        ),
        ("MAILTO:A+b@Bücher.example", "mailto:a+b@xn--bcher-kva.example", "xn--bcher-kva.example", None),
        ("mailto:a%21b@example.org", "mailto:a%21b@example.org", "example.org", ("a!b", "example.org")),
        (
            "https://Reports.example.org/tls?d=1",
            "https://reports.example.org/tls?d=1",
            "reports.example.org",
            None,
        ),
        ("https://example.org:8443/", "https://example.org:8443/", "example.org", None),
    ],
)
def test_report_uris_have_one_form(written: str, normal: str, host: str, addressee: tuple[str, str] | None) -> None:
    assert report_uri.check(written) == normal
    assert report_uri.check(normal) == normal
    assert report_uri.host(written) == host
    if addressee or normal.startswith("https:"):
        assert report_uri.addressee(written) == addressee


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("postmaster@example.org", "write mailto:postmaster@example.org"),
        ("mailto:", "postmaster@example.org"),
        ("mailto:a@localhost", "write it in full"),
        ("mailto:a@example.org!10m", "leave out the size limit"),
        ("mailto:a@example.org,mailto:b@example.org", "each URI on its own"),
        ("mailto:a@example.org; p=none", "%3B"),
        ("mailto:a@example.org?subject=x", "leave out what follows the question mark"),
        ("http://example.org/", "use mailto:ADDRESS or https://HOST/PATH"),
        ("https:///path", "write it like example.org"),
        ("https://me:secret@example.org/", "leave it out"),
        ("https://bücher.example/", "percent-encode"),
    ],
)
def test_bad_report_uris_are_refused_with_value_and_mend(written: str, mend: str) -> None:
    with pytest.raises(ValueError, match="is no report URI") as error:
        report_uri.check(written)
    assert repr(written) in str(error.value)
    assert mend in str(error.value)


def test_tls_rpt_record() -> None:
    assert tls_rpt.record_name("example.org") == "_smtp._tls.example.org"
    assert tls_rpt.record_text(["mailto:postmaster@example.org"]) == "v=TLSRPTv1; rua=mailto:postmaster@example.org"
    both = tls_rpt.record_text(["mailto:a@example.org", "https://example.org/tls"])
    assert both == "v=TLSRPTv1; rua=mailto:a@example.org,https://example.org/tls"


def test_tls_rpt_needs_somewhere_to_report_to() -> None:
    with pytest.raises(ValueError, match="name at least one URI"):
        tls_rpt.record_text([])
