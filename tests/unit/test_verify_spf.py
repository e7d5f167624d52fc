"""SPF as served, evaluated by the libraries through a DNS in memory."""

import threading
import time

import pytest
from verify_world import (
    ADDRESS4,
    ADDRESS6,
    DOMAIN,
    MX,
    NS1,
    RESOLVER,
    declare,
    healthy,
    look_at,
    of,
    said,
    stack,
    world,
    zone_text,
)

from verify.checks import spf_evaluation, spf_record
from verify.failures import Silent
from verify.result import Result


def looked(text: str, more: str = "", **how: object) -> list[Result]:
    """What is found where the domain declares and serves an SPF record."""
    return look_at(spf_record.probes(healthy(declare(stack(), "spf", content=text), more, **how)))  # type: ignore[arg-type]


def wrong(results: list[Result]) -> set[tuple[str, str]]:
    return {(r.check, r.verdict) for r in results if r.verdict not in ("pass", "skipped")}


def test_what_the_stack_declares_passes_for_each_address_and_for_the_mail_host_itself() -> None:
    results = look_at(spf_record.probes(healthy()))
    assert {r.verdict for r in results} == {"pass"}
    assert {r.subject for r in results if r.check == "spf-server"} == {ADDRESS4, ADDRESS6}
    assert {r.subject for r in results if r.check == "spf-lookups"} == {DOMAIN, MX}


class TestSyntax:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("v=spf1 mx ip4:1.2.3 ~all", "ip4:1.2.3"),
            ("v=spf1 mx ipv4:192.0.2.1 ~all", "did you mean ip4"),
            ("v=spf1 mx include: ~all", "include:DOMAIN"),
            ("v=spf1 mx include:nothing.example.test ~all", "nothing.example.test"),
            ("v=spf1 mx include:bad.example.test ~all", "hop"),
        ],
    )
    def test_error_is_told_once(self, text: str, words: str) -> None:
        results = looked(text, 'bad TXT "v=spf1 hop:1 -all"\n')
        assert wrong(results) == {("spf-syntax", "fail")}
        row = of(results, "spf-syntax", DOMAIN)
        assert words in row.found
        assert "permerror" in row.mend
        assert of(results, "spf-server", ADDRESS4).mend.startswith("see `spf-syntax`")

    @pytest.mark.parametrize(
        "text",
        [
            "v=spf1 mx +all",
            "v=spf1 mx all",
            "v=spf1 mx a/0 -all",
            "v=spf1 mx ip4:0.0.0.0/0 -all",
            "v=spf1 mx ip6:::/0 -all",
            "v=spf1 mx ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
            "v=spf1 mx ip6:::/1 -all",
            "v=spf1 mx include:open.example.test -all",
            "v=spf1 redirect=open.example.test",
        ],
    )
    def test_letting_everybody_send_fails(self, text: str) -> None:
        results = looked(text, 'open TXT "v=spf1 include:wide.example.test -all"\nwide TXT "v=spf1 +all"\n')
        assert wrong(results) == {("spf-syntax", "fail")}
        row = of(results, "spf-syntax", DOMAIN)
        assert "lets everybody send" in row.found or "/0" in row.found

    @pytest.mark.parametrize("text", ["v=spf1 mx a/24 ~all", "v=spf1 mx ip4:10.0.0.0/8 -all", "v=spf1 mx a//10 ?all"])
    def test_large_network_is_not_everybody(self, text: str) -> None:
        assert wrong(looked(text)) == set()

    def test_record_without_an_end_is_a_warning(self) -> None:
        results = looked("v=spf1 mx")
        assert wrong(results) == {("spf-syntax", "warn")}
        assert "has no end" in of(results, "spf-syntax", DOMAIN).found


class TestLimits:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("v=spf1 " + " ".join(f"a:{MX}" for _ in range(11)) + " ~all", "11"),
            ("v=spf1 mx include:nine.example.test ~all", "11"),
            ("v=spf1 include:twelve.example.test mx ~all", "11"),
        ],
    )
    def test_more_than_ten_look_ups(self, text: str, count: str) -> None:
        more = "".join(
            f'{name} TXT "v=spf1 {" ".join([f"a:{MX}"] * number)} ~all"\n'
            for name, number in (("nine", 9), ("twelve", 12))
        )
        results = looked(text, more)
        assert wrong(results) == {("spf-lookups", "fail")}
        assert f"{count} look-ups, more than 10" in of(results, "spf-lookups", DOMAIN).found
        assert of(results, "spf-server", ADDRESS4).mend.startswith("see `spf-lookups`")

    def test_ten_are_allowed(self) -> None:
        results = looked("v=spf1 mx include:nine.example.test ~all", f'nine TXT "v=spf1 {f"a:{MX} " * 8}~all"\n')
        assert wrong(results) == set()
        assert of(results, "spf-lookups", DOMAIN).found == "look-ups: 10"

    def test_three_void_look_ups(self) -> None:
        results = looked("v=spf1 mx a:no1.example.test a:no2.example.test a:no3.example.test ~all")
        assert wrong(results) == {("spf-void", "fail")}
        assert "3 look-ups find nothing, more than 2" in of(results, "spf-void", DOMAIN).found
        assert of(results, "spf-server", ADDRESS4).mend.startswith("see `spf-void`")

    def test_more_than_ten_mail_exchangers(self) -> None:
        more = "".join(f"many MX {number} {MX}.\n" for number in range(11))
        results = looked("v=spf1 mx mx:many.example.test ~all", more)
        assert wrong(results) == {("spf-syntax", "fail")}
        assert "many.example.test has more than 10 MX records" in of(results, "spf-syntax", DOMAIN).found

    def test_two_are_allowed(self) -> None:
        assert wrong(looked("v=spf1 mx a:no1.example.test a:no2.example.test ~all")) == set()


class TestServer:
    def test_not_authorised(self) -> None:
        results = looked("v=spf1 ip4:192.0.2.99 -all")
        assert wrong(results) == {("spf-server", "fail")}
        row = of(results, "spf-server", ADDRESS6)
        assert row.found.startswith("fail")
        assert "add `mx` or that address to the domain's `spf`" in row.mend

    def test_one_family_only(self) -> None:
        results = looked(f"v=spf1 ip4:{ADDRESS4} ~all")
        assert of(results, "spf-server", ADDRESS4).verdict == "pass"
        assert of(results, "spf-server", ADDRESS6).found.startswith("softfail")

    def test_mx_record_that_is_an_alias_is_followed(self) -> None:
        outputs = declare(stack(), "mx", content=f"alias.{DOMAIN}")
        assert wrong(look_at(spf_record.probes(healthy(outputs, f"alias CNAME {MX}.\n")))) == set()

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            (f"10 {MX}.", "10 other.example.test.", "see `published`: example.test MX"),
            (f" A {ADDRESS4}", " A 192.0.2.9", "see `published`: mail.example.test A"),
            ('"v=spf1 mx ~all"', '"nothing"', "see `published`: example.test has no SPF record"),
            ('"v=spf1 mx ~all"', '"v=spf1 mx ~all"\nexample.test. TXT "v=spf1 -all"', "see `spf-single`"),
        ],
    )
    def test_not_judged_where_something_else_is_the_reason(self, old: str, new: str, reason: str) -> None:
        text = zone_text(stack())
        assert old in text
        results = look_at(spf_record.probes(world({DOMAIN: text.replace(old, new)})))
        row = of(results, "spf-server", ADDRESS4)
        assert (row.verdict, row.mend[: len(reason)]) == ("skipped", reason)
        assert wrong(results) == set()

    def test_not_judged_where_mail_leaves_through_a_smart_host(self) -> None:
        outputs = declare(stack(), "spf", content="v=spf1 include:relay.example -all")
        outputs["smart_host"] = {"host": "relay.example", "port": 587}
        relay = {"relay.example": '@ TXT "v=spf1 ip4:192.0.2.7 -all"\n'}
        results = look_at(spf_record.probes(world({DOMAIN: zone_text(outputs), **relay}, outputs)))
        assert wrong(results) == set()
        assert of(results, "spf-server", ADDRESS4).mend.startswith("outgoing mail leaves through relay.example")

    def test_not_judged_with_a_resolver_that_has_something_old(self) -> None:
        results = look_at(spf_record.probes(healthy(lies={(RESOLVER, DOMAIN, "MX"): ["10 old.example.test."]})))
        assert of(results, "spf-server", ADDRESS4).mend.startswith("see `resolver`")


class TestWhatCannotBeLookedAt:
    def test_include_that_no_server_answers_for(self) -> None:
        results = looked("v=spf1 mx include:outside.example ~all", refused=["outside.example"])
        assert {r.verdict for r in results if r.subject != MX} == {"unknown"}
        assert "SERVFAIL for outside.example" in of(results, "spf-lookups", DOMAIN).found

    def test_look_up_that_fails_where_the_server_is_evaluated(self) -> None:
        results = looked("v=spf1 exists:%{i}.outside.example ~all", refused=["198.51.100.25.outside.example"])
        row = of(results, "spf-server", ADDRESS4)
        assert (row.verdict, row.found[:9]) == ("unknown", "temperror")

    def test_error_in_the_record_itself_is_told_all_the_same(self) -> None:
        results = looked("v=spf1 mx ip4:1.2.3 include:outside.example ~all", refused=["outside.example"])
        assert of(results, "spf-syntax", DOMAIN).verdict == "fail"

    def test_silent_zone(self) -> None:
        results = look_at(spf_record.probes(healthy(broken={NS1: Silent("ns1 said nothing")})))
        assert {(r.verdict, r.found) for r in results} == {("unknown", "ns1 said nothing")}

    def test_threads_end_after_the_deadline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(spf_evaluation, "SECONDS", 0.0)
        started = time.monotonic()
        results = look_at(spf_record.probes(healthy()))
        assert time.monotonic() - started < 2
        assert {r.verdict for r in results} == {"unknown"}
        assert "could not be evaluated" in said(results[0])


def test_nothing_is_remembered_from_run_to_run() -> None:
    include = "v=spf1 include:inner.example.test ~all"
    good = looked(include, 'inner TXT "v=spf1 mx:example.test -all"\n')
    bad = looked(include, 'inner TXT "v=spf1 ip4:192.0.2.99 -all"\n')
    assert of(good, "spf-server", ADDRESS4).verdict == "pass"
    assert of(bad, "spf-server", ADDRESS4).verdict == "fail"


def test_runs_in_several_threads_do_not_mix_their_answers() -> None:
    wanted = {"v=spf1 mx ~all": "pass", "v=spf1 ip4:192.0.2.99 -all": "fail"}
    seen: list[tuple[str, str]] = []

    def one(text: str) -> None:
        seen.extend((text, of(looked(text), "spf-server", ADDRESS4).verdict) for _ in range(3))

    threads = [threading.Thread(target=one, args=(text,)) for text in wanted for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 24
    assert set(seen) == set(wanted.items())
