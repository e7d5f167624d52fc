"""Records beyond the declared ones, and records that are not as declared: whose matter each is."""

import pytest
from verify_world import (
    ADDRESS4,
    DOMAIN,
    MX,
    NS1,
    RESOLVER,
    SITE4,
    healthy,
    look_at,
    of,
    said,
    stack,
    without,
    world,
    zone_text,
)

from verify import checks
from verify.checks import single
from verify.failures import Silent
from verify.result import Result

BAD = {"warn", "fail", "unknown"}


def wrong(results: list[Result]) -> set[str]:
    return {result.check for result in results if result.verdict in BAD}


def records(**how: object) -> list[Result]:
    return look_at(p for p in checks.probes(healthy(**how)) if p.group == "records")  # type: ignore[arg-type]


def changed(old: str, new: str) -> list[Result]:
    """What is found where the zone has something else than what is declared."""
    text = zone_text(stack())
    assert old in text
    look = world({DOMAIN: text.replace(old, new)})
    return look_at(p for p in checks.probes(look) if p.group == "records")


def test_nothing_is_wrong_where_all_is_as_declared() -> None:
    results = records()
    assert wrong(results) == set()
    assert {r.check for r in results if r.verdict == "skipped"} == {"dnssec", "tlsa"}


@pytest.mark.parametrize(
    ("check", "line", "words"),
    [
        ("mx-single", "@ MX 20 old.example.test.\nold A 192.0.2.7", ["20 old.example.test", "deliver mail there"]),
        ("spf-single", '@ TXT "v=spf1 include:_spf.example.net -all"', ["_spf.example.net", "permerror"]),
        ("spf-single", 'mail TXT "V=SPF1 -all"', ["V=SPF1 -all", "permerror"]),
        ("dmarc-single", '_dmarc TXT "v=DMARC1; p=none"', ["p=none", "ignore both"]),
        ("mta-sts-single", '_mta-sts TXT "v=STSv1; id=1;"', ["id=1;", "no MTA-STS policy"]),
        ("tls-rpt-single", '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:a@example.net"', ["example.net", "no reports"]),
        ("dkim-single", 'default._domainkey TXT "v=DKIM1; p=MIIB"', ["p=MIIB", "signatures fail"]),
        ("address-single", "mail A 192.0.2.7", ["192.0.2.7", "goes there"]),
        ("address-single", "mta-sts AAAA 2001:db8::7", ["2001:db8::7", "goes there"]),
    ],
)
def test_a_second_record_of_a_kind(check: str, line: str, words: list[str]) -> None:
    results = records(more=line)
    assert wrong(results) == {check}
    [row] = [r for r in results if r.check == check and r.verdict == "fail"]
    assert all(word in said(row) for word in words), said(row)


@pytest.mark.parametrize(
    "line",
    ['@ TXT "google-site-verification=1"', '@ TXT "v=spf10 x"', '_dmarc TXT "v=DMARC10"', '_mta-sts TXT "STSv1"'],
)
def test_a_text_of_another_kind_is_no_fault(line: str) -> None:
    assert wrong(records(more=line)) == set()


SECOND = "198.51.100.54"


class TestOneOfTwoServersHasSomethingElse:
    """The first one answers as declared; others ask either."""

    def looked(self, name: str, kind: str, *records: str) -> list[Result]:
        look = healthy(servers=(NS1, SECOND), lies={(SECOND, name, kind): records})
        return look_at(p for p in checks.probes(look) if p.group == "records")

    def test_one_record_more(self) -> None:
        results = self.looked(DOMAIN, "MX", f"10 {MX}.", f"20 other.{MX}.")
        assert wrong(results) == {"mx-single"}
        assert f"20 other.{MX}" in of(results, "mx-single").found

    def test_another_record(self) -> None:
        results = self.looked(DOMAIN, "MX", f"20 other.{MX}.")
        assert wrong(results) == {"published"}
        assert of(results, "mx-single").verdict == "pass"


def test_server_that_could_not_be_asked_is_named_where_the_others_pass() -> None:
    look = healthy(servers=(NS1, SECOND), broken={SECOND: Silent("silent")})
    results = look_at(p for p in checks.probes(look) if p.group == "records")
    row = of(results, "published", f"{DOMAIN} MX")
    assert (row.verdict, row.found) == ("pass", f"10 {MX} (no answer from ns2.{DOMAIN} ({SECOND}))")


def test_mta_sts_record_where_the_stack_has_no_policy() -> None:
    outputs = stack()
    outputs["domains"][DOMAIN]["mta_sts"] = None
    records = outputs["domains"][DOMAIN]["records"]
    records[:] = [record for record in records if "mta-sts" not in record["key"]]
    assert of(look_at(single.probes(healthy(outputs))), "mta-sts-single").found == "none"
    row = of(look_at(single.probes(healthy(outputs, '_mta-sts TXT "v=STSv1; id=1"\n'))), "mta-sts-single")
    assert (row.verdict, row.expected, row.found) == ("warn", "only: none", "also: v=STSv1; id=1")
    assert "senders hold mail back" in row.mend


def test_an_address_of_the_family_that_is_not_declared() -> None:
    outputs = stack()
    records = outputs["domains"][DOMAIN]["records"]
    records[:] = [record for record in records if record["key"] != "host-aaaa"]
    results = look_at(checks.probes(healthy(outputs, "mail AAAA 2001:db8::99")))
    row = of(results, "address-single", f"{MX} AAAA")
    assert (row.verdict, row.found) == ("fail", "also: 2001:db8::99")


class TestNotAsDeclaredIsAMatterOfPublished:
    @pytest.mark.parametrize(
        "name", ["example.test. ", "_dmarc.", "_mta-sts.", "mta-sts.", "_smtp._tls.", "default._domainkey", "mail."]
    )
    def test_missing(self, name: str) -> None:
        text = without(zone_text(stack()), *[f"{name}{rest}" for rest in ([""] if name != "mail." else [DOMAIN])])
        results = look_at(p for p in checks.probes(world({DOMAIN: text})) if p.group == "records")
        assert wrong(results) == {"published"}
        row = next(r for r in results if r.check == "published" and r.verdict == "fail")
        assert "nothing" in row.found
        assert "pulumi up" in row.mend

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (f"10 {MX}.", "10 other.example.test.\nother.example.test. A 192.0.2.7"),
            ("v=spf1 mx ~all", "v=spf1 -all"),
            ("v=spf1 a -all", "v=spf1 -all"),
            ("id=20260101", "id=20250101"),
            ("p=quarantine", "p=reject"),
            (ADDRESS4, "192.0.2.99"),
        ],
    )
    def test_different(self, old: str, new: str) -> None:
        results = changed(old, new)
        assert wrong(results) - ({"spf-server"} if "spf1 -all" in new and "mx" in old else set()) == {"published"}

    def test_policy_host_or_mail_host_behind_a_proxy(self) -> None:
        for address in (SITE4, ADDRESS4):
            results = changed(address, "192.0.2.99\n; ")
            [row] = [r for r in results if r.check == "published" and r.verdict == "fail"]
            assert "192.0.2.99" in row.found
            assert "Is it proxied (the orange cloud at Cloudflare)?" in row.mend

    def test_proxied_with_several_addresses(self) -> None:
        results = changed(f"A {SITE4}", "A 192.0.2.99\nmta-sts.example.test. A 192.0.2.98")
        assert wrong(results) == {"published"}
        assert of(results, "address-single", f"mta-sts.{DOMAIN} A").mend.startswith("see `published`")


class TestResolverHasSomethingElse:
    def test_old_record(self) -> None:
        look = healthy(lies={(RESOLVER, DOMAIN, "MX"): ["10 old.example.test."]})
        results = look_at(p for p in checks.probes(look) if p.group == "records")
        assert wrong(results) == {"resolver"}
        row = of(results, "resolver")
        for words in ("10 old.example.test", "kept for up to 300 s", f"10 {MX}", "--wait 15m"):
            assert words in said(row)

    def test_old_record_beside_the_new_one(self) -> None:
        look = healthy(lies={(RESOLVER, DOMAIN, "MX"): [f"10 {MX}.", "20 old.example.test."]})
        results = look_at(p for p in checks.probes(look) if p.group == "records")
        assert wrong(results) == {"resolver"}

    @pytest.mark.parametrize("kind", ["A", "AAAA"])
    def test_old_address(self, kind: str) -> None:
        old = "192.0.2.9" if kind == "A" else "2001:db8::9"
        look = healthy(lies={(RESOLVER, MX, kind): [old]})
        assert wrong(look_at(p for p in checks.probes(look) if p.group == "records")) == {"resolver"}

    def test_it_does_not_follow_what_is_declared(self) -> None:
        assert of(changed("id=20260101", "id=20250101"), "resolver").verdict == "pass"


def test_a_name_server_that_is_silent_leaves_the_rest_as_it_is() -> None:
    look = healthy(servers=(NS1, "198.51.100.54"), broken={NS1: Silent("silent")})
    assert wrong(look_at(p for p in checks.probes(look) if p.group == "records")) == {"dns-servers"}


def test_nothing_passes_where_the_resolver_is_silent() -> None:
    look = healthy(broken={RESOLVER: Silent("the resolver is silent")})
    results = look_at(p for p in checks.probes(look) if p.group == "records")
    assert {r.verdict for r in results if r.check != "dnssec"} == {"unknown"}
    assert of(results, "dnssec").verdict == "skipped"
