"""One thing is wrong with the site that serves a policy, and exactly its own check says so."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import verify_world
from fake_policy_site import PolicySite
from verify_world import DOMAIN, MX, NS1, Outputs, declare, of, said

from mail import certificates, mta_sts
from verify import conversation
from verify.checks import policy_fetch, policy_site
from verify.failures import Silent
from verify.result import Result
from verify.run import run

NOW = datetime.now(UTC)
HOST = f"mta-sts.{DOMAIN}"
AUTHORITY = certificates.issue_ca("CA of the tests", now=NOW)
STRANGER = certificates.issue_ca("nobody's CA", now=NOW)
HEALTHY = certificates.issue_leaf(AUTHORITY, [HOST], now=NOW)
WEEK = mta_sts.DEFAULT_MAX_AGE


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for nothing long."""
    monkeypatch.setattr(conversation, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(policy_fetch, "FETCH_SECONDS", 0.5)


def policy(mode: str = "testing", mx: tuple[str, ...] = (MX,), max_age: int = WEEK) -> str:
    """A policy's text."""
    return mta_sts.policy_text(mode, mx, max_age)


def declaring(text: str) -> Outputs:
    """The outputs of a stack with this policy."""
    outputs = verify_world.stack()
    outputs["domains"][DOMAIN]["mta_sts"] |= {"id": mta_sts.policy_id(text), "policy": text}
    return declare(outputs, "mta-sts-txt", content=mta_sts.record_text(mta_sts.policy_id(text)))


def site(text: str | bytes = policy(), **changes: Any) -> PolicySite:
    """A healthy site, but for these attributes."""
    body = text if isinstance(text, bytes) else text.encode()
    return PolicySite(**{"issued": HEALTHY, "body": body, **changes})


def looked(
    server: PolicySite,
    *,
    declared: str = policy(),
    addresses: tuple[str, ...] = ("127.0.0.1",),
    zone: Callable[[str], str] = lambda text: text,
    is_up: bool = True,
    **how: Any,
) -> list[Result]:
    """What the checker finds."""

    async def look() -> list[Result]:
        async with server.up():
            outputs = declaring(declared)
            outputs["endpoints"]["https"] = {"host": HOST, "port": server.port if is_up else 9}
            text = zone(verify_world.zone_text(outputs))
            world = verify_world.world({DOMAIN: text}, outputs, now=NOW, connect={HOST: addresses}, **how)
            return await run(
                policy_site.probes(replace(world, trusted=[AUTHORITY.certificate])), lambda probe, results: None
            )

    return asyncio.run(look())


def wrong(results: list[Result]) -> list[Result]:
    """The rows that are neither pass nor skipped."""
    return [row for row in results if row.verdict not in ("pass", "skipped")]


def issued(*names: str, days: int = 0, by: certificates.Issued = AUTHORITY) -> certificates.Issued:
    """A certificate for these names, made some days ago."""
    return certificates.issue_leaf(by, names, now=NOW - timedelta(days=days))


class TestHealthySite:
    def test_passes_everything(self) -> None:
        rows = looked(site())
        assert {row.verdict for row in rows} == {"pass"}, wrong(rows)
        assert [row.check for row in rows] == [
            *("policy-reachable", "policy-chain", "policy-name", "policy-expiry", "policy-status", "policy-type"),
            *("policy-size", "policy-syntax", "policy-mode", "policy-max-age", "policy-mx", "policy-id"),
        ]

    def test_is_asked_as_senders_do(self) -> None:
        it = site()
        looked(it)
        [request] = it.requests
        assert request.startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
        assert f"\r\nHost: {HOST}\r\n" in request
        assert set(it.asked_for) == {HOST}

    @pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", "Text/Plain;charset=us-ascii"])
    def test_may_name_a_charset(self, content_type: str) -> None:
        assert wrong(looked(site(content_type=content_type))) == []

    def test_may_have_a_wildcard_certificate_and_pattern(self) -> None:
        text = policy(mx=(f"*.{DOMAIN}",))
        assert wrong(looked(site(text, issued=issued(f"*.{DOMAIN}")), declared=text)) == []


@pytest.mark.parametrize(
    ("check", "verdict", "changes", "words"),
    [
        ("policy-expiry", "fail", {"issued": issued(HOST, days=400)}, "expired on"),
        ("policy-expiry", "fail", {"issued": issued(HOST, days=-2)}, "not valid before"),
        ("policy-expiry", "warn", {"issued": issued(HOST, days=355)}, "9 days"),
        ("policy-name", "fail", {"issued": issued(f"www.{DOMAIN}")}, f"for www.{DOMAIN}"),
        ("policy-name", "fail", {"issued": issued("*.test")}, "for *.test"),
        ("policy-chain", "fail", {"issued": issued(HOST, by=STRANGER)}, "nobody's CA"),
        ("policy-status", "fail", {"status": 404}, "404"),
        ("policy-status", "fail", {"status": 301, "location": "https://www.test/"}, "redirect to https://www.test/"),
        ("policy-status", "fail", {"status": 301, "location": "https://www.test/\x1b[2J"}, r"\x1b"),
        ("policy-status", "fail", {"status": 204, "text": b""}, "204"),
        ("policy-status", "fail", {"raw": b""}, "within 0.5 s"),
        ("policy-status", "fail", {"raw": b"220 mail.example.test ESMTP\x1b[2J\r\n\r\n"}, "no HTTP"),
        ("policy-status", "fail", {"raw": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000}, "no HTTP"),
        ("policy-type", "fail", {"content_type": "text/html"}, "text/html"),
        ("policy-type", "fail", {"content_type": ""}, "no Content-Type"),
        ("policy-size", "fail", {"text": policy() + "x: y\r\n" * 1_700_000}, "over 64 KiB"),
        ("policy-size", "fail", {"text": "x: y\r\n" * 1000, "endless": True}, "over 64 KiB"),
        ("policy-syntax", "fail", {"text": "<html>It works</html>"}, "line 1 is '<html>"),
        ("policy-syntax", "fail", {"text": ""}, "line 1 is ''"),
        ("policy-syntax", "fail", {"text": b"\xff\xfe"}, "no UTF-8"),
        ("policy-syntax", "fail", {"text": policy().replace("mode: testing\r\n", "")}, "mode is missing"),
        ("policy-syntax", "fail", {"text": policy().replace("STSv1", "STSv2")}, "STSv2 in place of STSv1"),
        ("policy-syntax", "fail", {"text": policy().replace("604800", "one week")}, "max_age is one week"),
        ("policy-syntax", "fail", {"text": policy().replace(f"mx: {MX}\r\n", "")}, "mx is missing"),
        ("policy-syntax", "fail", {"text": policy().replace("testing", "strict")}, "mode is strict"),
        ("policy-syntax", "fail", {"text": policy().replace(MX, "\x1b[2J")}, r"\x1b[2J"),
        (
            "policy-syntax",
            "warn",
            {"text": f"max_age: 604800\nversion: STSv1\nmode: testing\nmx: {MX}"},
            "not the first",
        ),
        ("policy-syntax", "warn", {"text": policy() + "mode: none\r\n"}, "mode is there twice"),
        ("policy-mode", "fail", {"text": policy("enforce")}, "mode: enforce"),
        ("policy-mode", "fail", {"text": policy("none")}, "mode: none"),
        ("policy-max-age", "fail", {"text": policy().replace("604800", "31557601")}, "31557601"),
        ("policy-max-age", "warn", {"text": policy(max_age=3600)}, "max_age: 3600"),
        ("policy-mx", "fail", {"text": policy(mx=(f"old.{DOMAIN}",))}, f"without {MX}"),
        ("policy-mx", "fail", {"text": policy().replace(MX, "*.test")}, f"without {MX}"),
        ("policy-id", "fail", {"text": policy(max_age=WEEK + 1)}, "DNS has id="),
        ("policy-id", "fail", {"text": policy().replace("\r\n", "\n")}, "DNS has id="),
        ("policy-id", "fail", {"text": policy() + "future: yes\r\n"}, "DNS has id="),
    ],
)
def test_flips_its_own_check_alone(check: str, verdict: str, changes: dict[str, Any], words: str) -> None:
    rows = looked(site(**changes))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {(check, verdict)}, wrong(rows)
    assert words in said(of(rows, check))
    assert all((row.found + row.mend).isprintable() for row in rows)


def test_large_policy_is_not_read_to_its_end() -> None:
    it = site("x: y\r\n" * 1_700_000)
    looked(it)
    assert it.sent < 5_000_000


def test_what_hangs_on_the_status_says_so() -> None:
    rows = looked(site(status=404))
    skipped = {row.check: row.mend for row in rows if row.verdict == "skipped"}
    assert skipped == dict.fromkeys(
        (f"policy-{name}" for name in ("type", "size", "syntax", "mode", "max-age", "mx", "id")),
        "see `policy-status`: 404",
    )


def test_no_tls_answer() -> None:
    rows = looked(site(speaks_tls=False))
    assert {(row.check, row.verdict) for row in wrong(rows)} == {("policy-status", "fail")}
    assert of(rows, "policy-chain").verdict == "skipped"


class TestDeclaredOtherwise:
    def test_mode_none_warns(self) -> None:
        text = policy("none", (), 3600)
        rows = looked(site(text), declared=text)
        assert {(row.check, row.verdict) for row in wrong(rows)} == {("policy-mode", "warn")}
        assert of(rows, "policy-mx").verdict == "skipped"
        assert of(rows, "policy-id").verdict == "pass"

    def test_short_life_keeps_the_id_judged(self) -> None:
        text = policy(max_age=3600)
        rows = looked(site(text), declared=text)
        assert [row.check for row in wrong(rows)] == ["policy-max-age"]
        assert of(rows, "policy-id").verdict == "pass"

    def test_no_policy_no_rows(self) -> None:
        outputs = verify_world.stack()
        outputs["domains"][DOMAIN]["mta_sts"] = None
        assert list(policy_site.probes(verify_world.healthy(outputs))) == []


class TestDnsThatIsWrong:
    """Its own checks say so; here nothing fails a second time."""

    def test_other_id(self) -> None:
        rows = looked(site(), zone=lambda text: text.replace("id=", "id=0"))
        assert wrong(rows) == []
        assert of(rows, "policy-id").mend.startswith("see `published`: ")

    def test_two_ids(self) -> None:
        rows = looked(site(), zone=lambda text: f'{text}_mta-sts TXT "v=STSv1; id=2"\n')
        assert wrong(rows) == []
        assert of(rows, "policy-id").mend.startswith("see `mta-sts-single`: ")

    def test_no_mx(self) -> None:
        rows = looked(site(), zone=lambda text: verify_world.without(text, " MX "))
        assert wrong(rows) == []
        assert of(rows, "policy-mx").mend.startswith("see `published`: ")

    def test_one_mx_more(self) -> None:
        rows = looked(site(), zone=lambda text: f"{text}@ MX 20 backup.example.org.\n")
        assert wrong(rows) == []
        assert of(rows, "policy-mx").mend.startswith("see `mx-single`: ")

    def test_silent(self) -> None:
        rows = looked(site(), broken={NS1: Silent("no answer")})
        assert {(row.check, row.verdict) for row in wrong(rows)} == {("policy-mx", "unknown"), ("policy-id", "unknown")}

    def test_no_address(self) -> None:
        rows = looked(site(), addresses=())
        assert {row.verdict for row in rows} == {"skipped"}
        assert all(row.mend == f"see `published`: {HOST} has no address" for row in rows)


class TestPort:
    def test_closed_fails_alone(self) -> None:
        rows = looked(site(), is_up=False)
        assert {(row.check, row.verdict) for row in wrong(rows)} == {("policy-reachable", "fail")}
        assert {row.mend for row in rows if row.verdict == "skipped"} == {
            "see `policy-reachable`: port 9 on 127.0.0.1 is closed"
        }

    def test_without_a_way_to_it_all_is_unknown(self) -> None:
        rows = looked(site(), addresses=("fe80::1",))
        assert {row.verdict for row in rows} == {"unknown"}
        assert "IPv6" in of(rows, "policy-reachable").mend

    def test_closed_on_one_of_two_addresses(self) -> None:
        rows = looked(site(), addresses=("127.0.0.1", "127.0.0.9"))
        [row] = wrong(rows)
        assert (row.check, row.verdict) == ("policy-reachable", "fail")
        assert "127.0.0.9" in row.subject
        assert of(rows, "policy-id").verdict == "pass"


def test_many_domains_on_one_dead_address_cost_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    async def connect(self: policy_site.Sites, address: str) -> Silent:
        tried.append(address)
        await asyncio.sleep(0)
        return Silent(f"port 443 on {address} does not answer")

    monkeypatch.setattr(policy_site.Sites, "_connect", connect)
    names = [f"d{number}.example" for number in range(30)]
    outputs = verify_world.stack()
    outputs["domains"] = dict.fromkeys(names, outputs["domains"][DOMAIN])
    look = verify_world.world({}, outputs, connect={f"mta-sts.{name}": ["192.0.2.7"] for name in names})
    rows = verify_world.look_at(policy_site.probes(look))
    assert tried == ["192.0.2.7"]
    assert {row.verdict for row in rows} == {"unknown"}
