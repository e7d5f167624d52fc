"""Block lists, and the way out through port 25."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from verify_world import RESOLVER, Outputs, declare, healthy, look_at, of, said, stack

from verify.checks import block_lists, outbound
from verify.failures import Silent
from verify.look import Look
from verify.result import Result

PUBLIC4, PUBLIC6 = "193.0.6.139", "2001:67c:2e8:22::c100:68b"
REVERSED4, REVERSED6 = "139.6.0.193", "b.8.6.0.0.0.1.c.0.0.0.0.0.0.0.0.2.2.0.0.8.e.2.0.c.7.6.0.1.0.0.2"


def public() -> Outputs:
    """A stack whose mail server has addresses of the Internet."""
    return declare(declare(stack(), "host-a", content=PUBLIC4), "host-aaaa", content=PUBLIC6)


def see(
    lies: Mapping[tuple[str, str], Sequence[str]] | None = None, told: Outputs | None = None, **faults: Any
) -> Look:
    tests = {(f"2.0.0.127.{block_list.zone}", "A"): ["127.0.0.2"] for block_list in block_lists.LISTS}
    known = {(RESOLVER, name, kind): records for (name, kind), records in {**tests, **(lies or {})}.items()}
    return healthy(told or public(), lies=known, **faults)


def lists(look: Look) -> list[Result]:
    return look_at(block_lists.probes(look))


class TestBlockLists:
    def test_every_address_is_looked_up_where_the_list_has_its_kind(self) -> None:
        results = lists(see())
        assert {result.verdict for result in results} == {"pass"}
        assert [result.subject for result in results] == [
            f"{PUBLIC4} on zen.spamhaus.org",
            f"{PUBLIC4} on bl.spamcop.net",
            f"{PUBLIC4} on b.barracudacentral.org",
            f"{PUBLIC4} on psbl.surriel.com",
            f"{PUBLIC6} on zen.spamhaus.org",
        ]

    @pytest.mark.parametrize(("name", "address"), [(REVERSED4, PUBLIC4), (REVERSED6, PUBLIC6)])
    def test_listed_names_the_list_and_the_way_off_it(self, name: str, address: str) -> None:
        results = lists(see({(f"{name}.zen.spamhaus.org", "A"): ["127.0.0.3", "127.0.0.11"]}))
        [listed] = [result for result in results if result.verdict != "pass"]
        assert (listed.verdict, listed.subject) == ("fail", f"{address} on zen.spamhaus.org")
        assert "127.0.0.11, 127.0.0.3" in listed.found
        assert "https://check.spamhaus.org/" in listed.mend

    @pytest.mark.parametrize("code", ["127.255.255.252", "127.255.255.254", "127.255.255.255"])
    def test_list_that_refuses_the_resolver_says_nothing(self, code: str) -> None:
        result = of(
            lists(see({(f"{REVERSED4}.zen.spamhaus.org", "A"): [code]})), "block-list", f"{PUBLIC4} on zen.spamhaus.org"
        )
        assert result.verdict == "unknown"
        assert "--resolver" in result.mend

    def test_refusal_among_other_codes_is_no_listing(self) -> None:
        codes = ["127.0.0.3", "127.255.255.254"]
        found = lists(see({(f"{REVERSED4}.zen.spamhaus.org", "A"): codes}))
        assert of(found, "block-list", f"{PUBLIC4} on zen.spamhaus.org").verdict == "unknown"

    def test_resolver_that_answers_everything_is_no_listing(self) -> None:
        result = of(
            lists(see({(f"{REVERSED4}.bl.spamcop.net", "A"): ["192.0.2.9"]})),
            "block-list",
            f"{PUBLIC4} on bl.spamcop.net",
        )
        assert result.verdict == "unknown"
        assert "no block list" in result.found

    def test_no_answer_is_unknown(self) -> None:
        results = lists(healthy(public(), broken={RESOLVER: lambda: Silent("nothing came")}))
        assert {result.verdict for result in results} == {"unknown"}

    def test_refusing_resolver_is_unknown(self) -> None:
        results = lists(see(refused=["zen.spamhaus.org"]))
        assert [result.verdict for result in results] == ["unknown", "pass", "pass", "pass", "unknown"]

    def test_list_that_has_no_test_entry_says_nothing(self) -> None:
        results = lists(see({("2.0.0.127.psbl.surriel.com", "A"): []}))
        [row] = [result for result in results if result.verdict != "pass"]
        assert (row.subject, row.verdict) == (f"{PUBLIC4} on psbl.surriel.com", "unknown")
        assert row.found == "the list does not have its own test entry, 127.0.0.2"

    def test_listing_counts_also_without_the_test_entry(self) -> None:
        lies = {("2.0.0.127.psbl.surriel.com", "A"): [], (f"{REVERSED4}.psbl.surriel.com", "A"): ["127.0.0.2"]}
        assert of(lists(see(lies)), "block-list", f"{PUBLIC4} on psbl.surriel.com").verdict == "fail"

    def test_address_that_no_list_can_have_is_skipped_and_not_asked_for(self) -> None:
        look = see(told=stack())
        results = lists(look)
        assert {result.verdict for result in results} == {"skipped"}
        assert "198.51.100.25 is no address of the Internet" in results[0].mend
        assert look.dns.asked == []  # type: ignore[attr-defined]


GMAIL = {
    ("gmail.com", "MX"): ["20 alt1.gmail-smtp-in.example.", "5 gmail-smtp-in.example."],
    ("gmail-smtp-in.example", "A"): ["127.0.0.1"],
    ("gmail-smtp-in.example", "AAAA"): ["::1"],
}


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "is_here", lambda address: address == PUBLIC4)


def way_out(look: Look) -> Result:
    return of(look_at(outbound.probes(look)), "outbound-25")


class TestOutgoingPort25:
    def test_says_nothing_from_elsewhere(self) -> None:
        look = see(GMAIL)
        result = way_out(look)
        assert result.verdict == "skipped"
        assert "run it on the mail server's host" in result.mend
        assert look.dns.asked == []  # type: ignore[attr-defined]

    @pytest.mark.usefixtures("at_home")
    def test_is_not_needed_with_a_smart_host(self) -> None:
        outputs = public() | {"smart_host": {"host": "relay.example", "port": 587}}
        look = see(GMAIL, outputs)
        result = way_out(look)
        assert result.verdict == "skipped"
        assert "relay.example" in result.mend
        assert look.dns.asked == []  # type: ignore[attr-defined]

    def test_says_nothing_of_an_address_that_is_not_of_the_internet(self) -> None:
        result = way_out(see(GMAIL, stack()))
        assert result.verdict == "skipped"
        assert "198.51.100.25" in result.mend

    @pytest.mark.usefixtures("at_home")
    def test_open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def look() -> Result:
            server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
            monkeypatch.setattr(outbound, "PORT", server.sockets[0].getsockname()[1])
            [probe] = outbound.probes(see(GMAIL))
            [result] = await probe.look()
            server.close()
            return result

        result = asyncio.run(look())
        assert (result.verdict, result.found) == ("pass", "127.0.0.1 takes it")

    @pytest.mark.usefixtures("at_home")
    def test_silent_is_the_providers_block(self, monkeypatch: pytest.MonkeyPatch) -> None:
        @asynccontextmanager
        async def nothing(address: str, port: int) -> AsyncIterator[None]:
            raise Silent(f"port {port} on {address} does not answer within 5 s")
            yield

        monkeypatch.setattr(outbound, "connected", nothing)
        result = way_out(see(GMAIL))
        assert result.verdict == "fail"
        assert "port 25 on 127.0.0.1" in said(result)
        assert "server.smartHost" in result.mend

    @pytest.mark.usefixtures("at_home")
    @pytest.mark.parametrize("lies", [{}, {("gmail.com", "MX"): ["5 gmail-smtp-in.example."]}])
    def test_without_a_target_is_unknown(self, lies: Mapping[tuple[str, str], Sequence[str]]) -> None:
        assert way_out(see(lies)).verdict == "unknown"

    @pytest.mark.usefixtures("at_home")
    def test_without_dns_is_unknown(self) -> None:
        assert way_out(healthy(public(), broken={RESOLVER: lambda: Silent("nothing came")})).verdict == "unknown"

    def test_this_machine_has_its_own_addresses_alone(self) -> None:
        assert outbound.is_here("127.0.0.1")
        assert not outbound.is_here(PUBLIC4)
        assert not outbound.is_here(PUBLIC6)


def test_a_probe_asks_for_nothing_before_it_runs() -> None:
    look = dataclasses.replace(see())
    assert list(block_lists.probes(look))
    assert look.dns.asked == []  # type: ignore[attr-defined]
