"""The token, the zones and the conflicts, asked of the lab's Cloudflare with tokens of every kind."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import preflight_world
import pytest
from cloudflare import Cloudflare

from lab.cloudflare.rights import READ_RECORDS, READ_ZONE, Rights
from lab.cloudflare.server import Handler, Server, make_server
from lab.cloudflare.store import zone_id
from lab.cloudflare.zones import Served
from preflight import access
from preflight.stack import Stack
from preflight.to_come import owners
from preflight.ways import Ways
from verify.result import Result
from verify.run import run
from zones.account import Account

ALL = "token-that-may-do-everything"
ZONE_ID = zone_id("example.org")
TOKENS = {
    "of-another-zone": Rights(zones=["example.net"]),
    "without-dns": Rights(permissions=[READ_ZONE]),
    "read-only": Rights(permissions=[READ_ZONE, READ_RECORDS]),
    "rights-untold": Rights(are_told=False),
    "expired": Rights(status="expired"),
    "disabled": Rights(status="disabled"),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = make_server(tmp_path, 0, ALL, ["example.org", "example.net"], Served(), {}, TOKENS)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with server:
        yield server
        server.shutdown()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/client/v4"


@pytest.fixture
def someone_else(url: str) -> Iterator[Cloudflare]:
    with Cloudflare(api_token=ALL, base_url=url) as client:
        yield client


def look(url: str, token: str = ALL, of: Stack | None = None) -> tuple[dict[str, Result], list[Ways]]:
    """The rows, by check and whether they are about a domain or the token itself."""
    of = of or preflight_world.stack()
    ways: list[Ways] = []

    async def all_of_it() -> list[Result]:
        account = Account(token, url)
        try:
            return await run(access.probes(of, account, owners(of.settings), ways), lambda *_: None)
        finally:
            await account.close()

    results = asyncio.run(all_of_it())
    named = {"mail.example.org": "the token"}
    return {named.get(result.domain, result.check): result for result in results}, ways


def verdicts(rows: dict[str, Result]) -> dict[str, str]:
    return {name: row.verdict for name, row in rows.items()}


class TestAToken:
    def test_that_may_do_everything_passes(self, url: str) -> None:
        rows, ways = look(url)
        assert verdicts(rows) == dict.fromkeys(("the token", "zone", "token", "record-conflict"), "pass")
        assert rows["token"].found == "#dns_records:edit, #dns_records:read, #zone:read"
        assert ways == []

    @pytest.mark.parametrize("token", ["a-token-of-nobody", "expired", "disabled"])
    def test_that_opens_nothing_fails_once(self, url: str, token: str) -> None:
        rows, _ = look(url, token)
        assert verdicts(rows) == {
            "the token": "fail",
            "token": "skipped",
            "zone": "skipped",
            "record-conflict": "skipped",
        }
        assert "docs/going-live.md" in rows["the token"].mend
        assert token.removeprefix("a-token-of-nobody") in rows["the token"].found

    def test_for_another_zone_is_told_which_rights_it_lacks(self, url: str) -> None:
        rows, _ = look(url, "of-another-zone")
        assert verdicts(rows) == {
            "the token": "pass",
            "token": "fail",
            "zone": "skipped",
            "record-conflict": "skipped",
        }
        assert "Zone.Zone Read and Zone.DNS Edit on the zone of example.org" in rows["token"].mend
        assert "domains[0].zoneId" in rows["token"].mend

    def test_that_cannot_see_a_zone_given_by_its_id(self, url: str) -> None:
        of = preflight_world.stack(lambda settings: settings["domains"][0].update(zoneId=ZONE_ID))
        rows, _ = look(url, "of-another-zone", of)
        assert rows["token"].verdict == "fail"
        assert "(9109)" in rows["token"].found

    @pytest.mark.parametrize("token", ["without-dns", "read-only"])
    def test_that_cannot_edit_fails_before_the_first_write(self, url: str, token: str) -> None:
        rows, _ = look(url, token)
        assert (rows["zone"].verdict, rows["token"].verdict) == ("pass", "fail")
        assert rows["token"].mend == "Give the token the permission Zone.DNS Edit on the zone example.org."
        assert rows["record-conflict"].verdict == ("skipped" if token == "without-dns" else "pass")

    def test_whose_rights_are_not_told_is_unknown_and_never_a_pass(self, url: str) -> None:
        rows, _ = look(url, "rights-untold")
        assert rows["token"].verdict == "unknown"
        assert "Zone.DNS Edit" in rows["token"].mend

    def test_is_in_no_row(self, url: str) -> None:
        for token in ("a-token-of-nobody", ALL, "read-only"):
            rows, _ = look(url, token)
            assert token not in repr(rows)

    def test_of_an_account_is_known_by_what_it_opens(
        self, server: Server, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Cloudflare verifies an account's own tokens elsewhere, and says of them here that they are invalid.
        answer = server.api.answer
        monkeypatch.setattr(
            server.api,
            "answer",
            lambda request: answer(
                request._replace(authorization="Bearer nobody") if "verify" in request.path else request
            ),
        )
        rows, _ = look(url)
        assert rows["the token"].verdict == "pass"
        assert "account's own token" in rows["the token"].found


class TestAnApi:
    def test_that_is_not_there_makes_everything_unknown(self, server: Server, url: str) -> None:
        server.shutdown()
        server.server_close()
        rows, _ = look(url)
        assert set(verdicts(rows).values()) == {"unknown"}
        assert "cannot be reached" in rows["zone"].found

    @pytest.mark.parametrize("body", ["<html>", '{"result": [{"id": 1}]}', '{"success": true}', "[]"])
    def test_that_is_something_else_makes_everything_unknown(
        self, server: Server, url: str, monkeypatch: pytest.MonkeyPatch, body: str
    ) -> None:
        def send(handler: Handler, _answer: object) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body.encode())

        monkeypatch.setattr(Handler, "_send", send)
        rows, _ = look(url)
        assert set(verdicts(rows).values()) <= {"unknown", "fail"}
        assert "this is an error of the checker" not in repr(rows).lower()


class TestAZone:
    @pytest.mark.parametrize(("status", "verdict"), [("pending", "warn"), ("moved", "fail"), ("active", "pass")])
    def test_is_active_or_told_what_to_do(
        self, url: str, monkeypatch: pytest.MonkeyPatch, status: str, verdict: str
    ) -> None:
        from lab.cloudflare import api

        answer = api.zone_answer
        monkeypatch.setattr(api, "zone_answer", lambda *arguments: answer(*arguments) | {"status": status})
        rows, _ = look(url)
        assert rows["zone"].verdict == verdict
        assert rows["record-conflict"].verdict == "pass"
        assert status != "pending" or "ns1.example.org" in rows["zone"].mend

    def test_of_an_mx_host_outside_the_domains_is_looked_at_as_well(self, url: str, someone_else: Cloudflare) -> None:
        def change(settings: dict) -> None:
            settings["server"].update(hostname="mx.example.net", zoneId=zone_id("example.net"))

        someone_else.dns.records.create(
            zone_id=zone_id("example.net"), type="A", name="mx.example.net", content="203.0.113.9", ttl=1
        )
        _, [way] = look(url, of=preflight_world.stack(change))
        assert way.domain == "mx.example.net"
        assert f"{zone_id('example.net')}/" in (way.adopt or "")


class TestRecords:
    def test_are_read_to_the_last_page(
        self, url: str, someone_else: Cloudflare, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("zones.account._A_PAGE", 2)
        for number in range(5):
            someone_else.dns.records.create(
                zone_id=ZONE_ID, type="MX", name="example.org", content=f"mx{number}.old.example", priority=9, ttl=1
            )
        _, [way] = look(url)
        assert len(way.existing) == 5

    def test_of_the_stack_are_not_in_the_way(self, url: str, someone_else: Cloudflare) -> None:
        mine = someone_else.dns.records.create(
            zone_id=ZONE_ID, type="MX", name="example.org", content="mail.example.org", priority=10, ttl=1
        )
        of = preflight_world.stack()
        rows, _ = look(url, of=of)
        assert "(81058)" in rows["record-conflict"].found
        rows, ways = look(url, of=replace(of, resources={of.record("example.org-mx"): mine.id}))
        assert (rows["record-conflict"].verdict, ways) == ("pass", [])
        assert rows["record-conflict"].found == "1 of the stack's own records, and 0 others beside them"

    def test_name_what_is_wanted_and_what_is_there(self, url: str, someone_else: Cloudflare) -> None:
        someone_else.dns.records.create(
            zone_id=ZONE_ID, type="A", name="example.org", content="203.0.113.9", ttl=1, proxied=True
        )
        row = look(url)[0]["record-conflict"]
        assert (row.verdict, row.subject) == ("fail", "example.org A (apex-a)")
        assert (row.expected, row.found) == ("198.51.100.25", "example.org A 203.0.113.9 (proxied)")
        assert row.mend == "Adopt, keep or remove it before `pulumi up`: the ways out are below."

    def test_with_control_characters_do_not_reach_the_terminal(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        from lab.cloudflare import records

        shown = records.answer
        monkeypatch.setattr(records, "answer", lambda record: shown(record) | {"content": "\x1b[2Jmx.evil.example"})
        with Cloudflare(api_token=ALL, base_url=url) as client:
            client.dns.records.create(
                zone_id=ZONE_ID, type="MX", name="example.org", content="mx.evil.example", priority=1, ttl=1
            )
        rows, ways = look(url)
        assert r"\x1b[2Jmx.evil.example" in rows["record-conflict"].found
        assert "\x1b" not in rows["record-conflict"].found + repr([*ways[0].existing.values()])
