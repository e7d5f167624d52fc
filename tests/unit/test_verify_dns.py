"""Name servers, times to live and MX targets."""

from dataclasses import replace

import dns.flags
import dns.message
import pytest
from verify_world import (
    DOMAIN,
    MX,
    NS1,
    NS2,
    RESOLVER,
    FakeDns,
    declare,
    healthy,
    look_at,
    of,
    said,
    stack,
    world,
    zone_text,
)

from verify.checks import mail_exchanger, published, servers, ttl
from verify.dns_client import DnsRefusal, Server
from verify.failures import Failure, Gibberish, NoRoute, Refused, Silent
from verify.result import Result

FIRST, SECOND = f"ns1.{DOMAIN} ({NS1})", f"ns2.{DOMAIN} ({NS2})"
SOA = "ns1.example.test. hostmaster.example.test. {} 3600 600 86400 60"


class TestServers:
    def looked(self, **how: object) -> list[Result]:
        return look_at(servers.probes(healthy(servers=(NS1, NS2), **how)))  # type: ignore[arg-type]

    def test_all_answer(self) -> None:
        results = self.looked()
        assert {(r.subject, r.verdict, r.found) for r in results} == {
            (FIRST, "pass", "serial 1"),
            (SECOND, "pass", "serial 1"),
        }

    @pytest.mark.parametrize(
        ("failure", "verdict"),
        [
            (Silent("it said nothing"), "fail"),
            (Refused("no DNS server listens there"), "fail"),
            (Gibberish("it answers what is no DNS message"), "fail"),
            (NoRoute("no way to it"), "unknown"),
        ],
    )
    def test_one_fails(self, failure: Failure, verdict: str) -> None:
        results = self.looked(broken={NS2: failure})
        assert of(results, "dns-servers", FIRST).verdict == "pass"
        row = of(results, "dns-servers", SECOND)
        assert (row.verdict, row.found) == (verdict, str(failure))

    def test_one_does_not_know_the_zone(self) -> None:
        row = of(self.looked(lies={(NS2, DOMAIN, "SOA"): []}), "dns-servers", SECOND)
        assert (row.verdict, row.found[:50]) == ("fail", "answers with authority and with no SOA record: it ")
        assert "DNS provider" in row.mend

    def test_one_refers_to_others(self) -> None:
        """It answers no question of the zone, and says so neither by its code."""
        look = healthy(servers=(NS1, NS2), lame=[NS1])
        results = look_at([*servers.probes(look), *published.probes(look)])
        assert {(r.check, r.subject) for r in results if r.verdict != "pass"} == {("dns-servers", FIRST)}
        row = of(results, "dns-servers", FIRST)
        assert (row.verdict, row.found) == ("fail", f"{FIRST} answers nothing for {DOMAIN} SOA, and without authority")

    @pytest.mark.parametrize("failure", [DnsRefusal("it answers REFUSED"), Gibberish("it answers no DNS message")])
    def test_all_answer_that_they_do_not_serve_it(self, failure: Failure) -> None:
        results = self.looked(broken={NS1: failure, NS2: failure})
        assert {r.verdict for r in results} == {"fail"}

    def test_one_is_silent_to_what_is_not_of_its_zone(self) -> None:
        class Proud(FakeDns):
            async def _exchange(self, server: Server, question: dns.message.Message) -> dns.message.Message:
                if server != self.resolver and not str(question.question[0].name).endswith(f"{DOMAIN}."):
                    raise Silent(f"{server} said nothing")
                return await super()._exchange(server, question)

        look = healthy()
        proud = replace(look, dns=Proud(look.dns.resolver, zones=look.dns.zones))  # type: ignore[attr-defined]
        assert {r.verdict for r in look_at(servers.probes(proud))} == {"pass"}

    def test_one_answers_without_authority(self) -> None:
        class Modest(FakeDns):
            async def _exchange(self, server: Server, question: dns.message.Message) -> dns.message.Message:
                answer = await super()._exchange(server, question)
                answer.flags &= ~dns.flags.AA
                return answer

        look = healthy()
        modest = replace(look, dns=Modest(look.dns.resolver, zones=look.dns.zones))  # type: ignore[attr-defined]
        row = of(look_at(servers.probes(modest)), "dns-servers")
        assert (row.verdict, row.found[:43]) == ("fail", "answers without authority and with an SOA r")

    def test_serials_differ(self) -> None:
        results = self.looked(lies={(NS2, DOMAIN, "SOA"): [SOA.format(2)]})
        assert {r.found for r in results} == {"serial 1, others have 2", "serial 2, others have 1"}
        assert {r.verdict for r in results} == {"warn"}

    def test_all_silent(self) -> None:
        results = self.looked(broken={NS1: Silent("nothing"), NS2: Silent("nothing")})
        assert {r.verdict for r in results} == {"unknown"}

    @pytest.mark.parametrize(
        ("refused", "verdict", "found"),
        [([], "fail", "a name server without an address"), (["lost.example"], "unknown", "192.0.2.1 answers SERVFAIL")],
    )
    def test_one_has_no_address(self, refused: list[str], verdict: str, found: str) -> None:
        results = look_at(servers.probes(healthy(more="@ NS ns.lost.example.\n", refused=refused)))
        assert of(results, "dns-servers", FIRST).verdict == "pass"
        row = of(results, "dns-servers", "ns.lost.example")
        assert (row.verdict, row.found[: len(found)]) == (verdict, found)

    def test_no_such_zone(self) -> None:
        [row] = look_at(servers.probes(world({"other.test": ""})))
        assert (row.verdict, row.found) == ("unknown", f"no name server of {DOMAIN} can be found")
        assert "delegated" in row.mend

    def test_resolver_is_silent(self) -> None:
        [row] = self.looked(broken={RESOLVER: Silent("the resolver said nothing")})
        assert (row.verdict, row.found) == ("unknown", "the resolver said nothing")


class TestTimes:
    def looked(self, declared: int, served: int | str) -> Result:
        outputs = declare(stack(), "mx", ttl=declared)
        text = zone_text(outputs).replace(f"{declared} IN MX", "IN MX").replace("IN MX", f"{served} IN MX")
        return of(look_at(ttl.probes(world({DOMAIN: text}, outputs))), "ttl")

    @pytest.mark.parametrize(("declared", "served"), [(600, 600), (1, 120), (1, 86400), (1, 30)])
    def test_as_declared(self, declared: int, served: int) -> None:
        assert self.looked(declared, served).verdict == "pass"

    def test_another_one(self) -> None:
        row = self.looked(300, 86400)
        assert (row.verdict, row.found) == ("warn", f"{DOMAIN} MX: 86400 s in place of 300 s")

    @pytest.mark.parametrize("served", [29, 86401])
    def test_out_of_bounds(self, served: int) -> None:
        row = self.looked(1, served)
        assert (row.verdict, row.found) == ("warn", f"{DOMAIN} MX: {served} s")

    def test_nothing_is_served(self) -> None:
        row = of(look_at(ttl.probes(world({DOMAIN: ""}))), "ttl")
        assert (row.verdict, row.mend[:15]) == ("skipped", "see `published`")

    def test_resolver_that_still_knows_of_nothing(self) -> None:
        row = of(look_at(ttl.probes(healthy(lies={(RESOLVER, DOMAIN, "MX"): []}))), "resolver")
        assert f"{DOMAIN} MX: nothing, kept for up to" in row.found
        assert f"the servers say 10 {MX}" in row.found


class TestTarget:
    def looked(self, mx: str, more: str = "") -> Result:
        text = zone_text(stack()).replace(f"MX 10 {MX}.", f"MX {mx}")
        return of(look_at(mail_exchanger.probes(world({DOMAIN: f"{text}{more}"}))), "mx-target")

    def test_a_host(self) -> None:
        assert self.looked(f"10 {MX}.").found == MX

    @pytest.mark.parametrize(
        ("mx", "more", "found"),
        [
            ("10 alias", f"alias CNAME {MX}.\n", f"alias.{DOMAIN} is an alias (CNAME) of {MX}"),
            ("10 nowhere", "", f"nowhere.{DOMAIN} has no address"),
            ("10 198.51.100.25.", "", "198.51.100.25 is an address"),
            (f"10 {MX}.", "@ MX 0 .\n", "an MX that says that the domain receives no mail, beside others"),
        ],
    )
    def test_nowhere(self, mx: str, more: str, found: str) -> None:
        row = self.looked(mx, more)
        assert (row.verdict, row.found) == ("fail", found), said(row)

    def test_null_mx(self) -> None:
        row = self.looked("0 .")
        assert row.verdict == "skipped"
        assert "receives no mail (RFC 7505)" in row.mend

    def test_no_mx_and_declared_address_missing_are_matters_of_published(self) -> None:
        without_mx = zone_text(stack()).replace(f"MX 10 {MX}.", 'TXT "no"')
        without_addresses = zone_text(stack()).replace(f"\n{MX}.", f"\nx.{MX}.")
        for text in (without_mx, without_addresses):
            row = of(look_at(mail_exchanger.probes(world({DOMAIN: text}))), "mx-target")
            assert (row.verdict, row.mend[:15]) == ("skipped", "see `published`"), said(row)
