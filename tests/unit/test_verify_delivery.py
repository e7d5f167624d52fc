"""A message on its way from an account to itself and back: what is said of each step, and what is left behind."""

import asyncio
import base64
import dataclasses
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
from fake_mail_server import FakeMailServer
from verify_world import DOMAIN, MX, declare, healthy, of, said, stack

from mail import certificates, dkim
from verify.checks import access, delivery, folders, outside, round_trip
from verify.checks.letter import SUBJECT, letter, new_subject
from verify.look import Look
from verify.result import Result
from verify.run import run

ACCOUNT, OTHER = f"mail@{DOMAIN}", f"postmaster@{DOMAIN}"
PASSWORDS = {ACCOUNT: "first, mit Ümlaut 8152", OTHER: "second 7741"}
CA = certificates.issue_ca("CA of the tests", now=datetime.now(UTC))
LEAF = certificates.issue_leaf(CA, [MX], now=datetime.now(UTC))
KEY = dkim.generate("rsa2048")
PUBLIC = dkim.public_key(KEY)
BAD = {"warn", "fail", "unknown"}

Outputs = dict[str, Any]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for long."""
    monkeypatch.setattr(round_trip, "ARRIVAL_SECONDS", 0.3)
    monkeypatch.setattr(outside, "BOUNCE_SECONDS", 0.3)
    monkeypatch.setattr(access, "BUSY_SECONDS", 0.01)


@pytest.fixture
def server() -> FakeMailServer:
    return FakeMailServer(LEAF, PASSWORDS, KEY)


def outputs() -> Outputs:
    """Those of a stack with two accounts."""
    told = declare(stack(), "dkim-default", content=dkim.record_text("rsa2048", PUBLIC))
    told["domains"][DOMAIN]["dkim"]["default"]["public_key"] = PUBLIC
    return told | {"accounts": [ACCOUNT, OTHER], "account_passwords": dict(PASSWORDS), "ca_certificate": CA.certificate}


def check(
    server: FakeMailServer,
    told: Outputs | None = None,
    *,
    up: tuple[str, ...] = (),
    send_to: str | None = None,
    trusted: str = CA.certificate,
    see: Callable[[Look], Look] = lambda look: look,
) -> list[Result]:
    """What the checks find."""

    async def look_at() -> list[Result]:
        async with server.up(*up):
            known = told or outputs()
            for protocol, port in server.ports.items():
                known["endpoints"][protocol] = {"host": MX, "port": port}
            look = see(dataclasses.replace(healthy(known, connect={MX: ["127.0.0.1"]}), send_to=send_to))
            look = dataclasses.replace(look, trusted=[trusted])
            return await run(delivery.probes(look), lambda probe, results: None)

    return asyncio.run(look_at())


def wrong(results: list[Result]) -> list[tuple[str, str]]:
    return [(result.check, result.verdict) for result in results if result.verdict in BAD]


def skipped(results: list[Result]) -> dict[str, str]:
    return {result.check: result.mend for result in results if result.verdict == "skipped"}


class TestWhereAllIsWell:
    def test_every_check_passes(self, server: FakeMailServer) -> None:
        results = check(server)
        assert {result.verdict for result in results} == {"pass"}, results
        assert [(result.check, result.domain) for result in results] == [
            ("login", DOMAIN), ("submit", DOMAIN), ("submit", DOMAIN), ("receive", DOMAIN), ("signature", DOMAIN),
            ("incoming", DOMAIN), ("clean-up", DOMAIN), ("login", DOMAIN), ("wrong-password", MX),
        ]  # fmt: skip
        assert {result.subject for result in results if result.check == "submit"} == {
            f"submissions {server.ports['submissions']}", f"submission {server.ports['submission']}"
        }  # fmt: skip

    def test_nothing_is_left_behind(self, server: FakeMailServer) -> None:
        mine = server.put("INBOX", b"Subject: dear friend\r\n\r\nhello\r\n")
        assert of(check(server), "clean-up").found == "all deleted"
        assert server.letters == [mine]

    def test_what_was_sent_says_what_it_is(self, server: FakeMailServer) -> None:
        check(server)
        assert {protocol for protocol, _ in server.taken} == {"submissions", "submission", "smtp"}
        message = message_from_bytes(server.taken[0][1])
        assert str(message["Subject"]).startswith(SUBJECT)
        assert message["Auto-Submitted"] == "auto-generated"
        assert "make verify" in str(message.get_payload())


class TestPasswords:
    def secrets(self) -> Iterator[str]:
        for user, password in PASSWORDS.items():
            yield password
            yield base64.b64encode(f"\0{user}\0{password}".encode()).decode()

    def heard_in_the_clear(self, server: FakeMailServer) -> str:
        return " ".join(line for _, encrypted, line in server.heard if not encrypted)

    @pytest.mark.parametrize(
        "answers",
        [
            {},
            {("submission", "AUTH"): "535 {line}"},
            {("submissions", "AUTH"): "what is {line}?"},
            {("submissions", "AUTH"): "500 no such command: {line}"},
            {("submissions", "AUTH"): "454-{line}\r\n454 {line}"},
            {("imaps", "AUTHENTICATE"): "+ \r\n* nothing\r\nwhat?"},
        ],
    )
    def test_are_nowhere_in_what_is_found_or_logged(
        self, server: FakeMailServer, caplog: pytest.LogCaptureFixture, answers: dict[tuple[str, str], str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.answers = answers
        found = repr(check(server)) + caplog.text
        assert not [secret for secret in self.secrets() if secret in found]
        assert any(secret in line for secret in self.secrets() for _, _, line in server.heard)

    def test_go_over_tls_only(self, server: FakeMailServer) -> None:
        check(server)
        assert "EHLO" in self.heard_in_the_clear(server)
        assert "AUTH" not in self.heard_in_the_clear(server)

    def test_go_to_no_server_that_is_not_proven(self, server: FakeMailServer) -> None:
        other = certificates.issue_ca("nobody's", now=datetime.now(UTC))
        results = check(server, trusted=other.certificate)
        assert {result.verdict for result in results} == {"skipped"}
        assert {result.mend.partition(":")[0] for result in results} == {"see `cert-chain`"}
        assert not [line for _, _, line in server.heard if "AUTH" in line]

    def test_no_one_is_tried_where_starttls_is_missing(self, server: FakeMailServer) -> None:
        server.answers = {("submission", "STARTTLS"): "502 no"}
        results = check(server)
        assert not wrong(results)
        assert "see `starttls`" in skipped(results)["submit"]
        assert not [line for protocol, _, line in server.heard if protocol == "submission" and "AUTH" in line]

    @pytest.mark.parametrize(
        ("issued", "see"),
        [
            (certificates.issue_leaf(CA, [f"www.{DOMAIN}"], now=datetime.now(UTC)), "cert-name"),
            (certificates.issue_leaf(CA, [MX], now=datetime.now(UTC) - timedelta(days=500)), "cert-expiry"),
        ],
    )
    def test_wait_for_the_right_certificate(self, issued: certificates.Issued, see: str) -> None:
        results = check(FakeMailServer(issued, PASSWORDS, KEY))
        assert {result.mend.partition(":")[0] for result in results} == {f"see `{see}`"}

    def test_wrong_one_is_said_once(self, server: FakeMailServer) -> None:
        server.passwords = {**PASSWORDS, OTHER: "another"}
        results = check(server)
        assert [(result.check, result.subject, result.verdict) for result in results if result.verdict != "pass"] == [
            ("login", OTHER, "fail")
        ]
        assert "`pulumi up`" in of(results, "login", OTHER).mend

    def test_wrong_one_of_the_first_account_leaves_the_rest_to_the_login(self, server: FakeMailServer) -> None:
        server.passwords = {**PASSWORDS, ACCOUNT: "another"}
        results = check(server)
        assert wrong(results) == [("login", "fail")]
        assert set(skipped(results).values()) == {"see `login`"}
        assert not server.letters

    def test_any_taken_is_a_fault(self, server: FakeMailServer) -> None:
        server.answers = {("submissions", "AUTH"): "235 come in, everybody"}
        results = check(server)
        assert wrong(results) == [("wrong-password", "fail")]
        assert "submissions" in of(results, "wrong-password").found

    @pytest.mark.parametrize(
        ("taken_by", "up"), [("submissions", ("smtp", "submissions")), ("imaps", ("smtp", "imaps"))]
    )
    def test_any_taken_is_a_fault_also_where_the_other_port_is_closed(
        self, server: FakeMailServer, taken_by: str, up: tuple[str, ...]
    ) -> None:
        server.takes_any_password = True
        row = of(check(server, up=up), "wrong-password")
        assert (row.verdict, row.found.split()[0]) == ("fail", taken_by)

    def test_wrong_one_refused_on_the_one_port_that_is_open_tells_too_little(self, server: FakeMailServer) -> None:
        row = of(check(server, up=("smtp", "submissions")), "wrong-password")
        assert (row.verdict, row.mend[:19]) == ("skipped", "see `port-reachable")

    def test_server_that_does_not_look_at_a_wrong_one_tells_nothing(self, server: FakeMailServer) -> None:
        server.answers = {("submissions", "AUTH"): "421 too busy"}
        row = of(check(server, up=("smtp", "submissions")), "wrong-password")
        assert (row.verdict, row.found) == ("unknown", "AUTH is answered with 421")

    def test_none_in_the_outputs_is_the_reason_for_all(self, server: FakeMailServer) -> None:
        told = outputs()
        del told["account_passwords"]
        results = check(server, told)
        assert {result.check for result in results} == {
            "login", "wrong-password", "submit", "receive", "signature", "incoming", "clean-up"
        }  # fmt: skip
        assert all(result.mend.startswith("the outputs have no passwords: ") for result in results)
        assert not server.heard


class TestSending:
    def test_refused_on_one_port_does_not_hide_the_other(self, server: FakeMailServer) -> None:
        server.answers = {("submission", "MAIL"): "550 not you\x1b[2J"}
        results = check(server)
        assert wrong(results) == [("submit", "fail")]
        refused = of(results, "submit", f"submission {server.ports['submission']}")
        assert "550 not you\\x1b[2J" in refused.found
        assert of(results, "receive").found == "1 of 1 arrived"
        assert not server.letters

    def test_refused_on_both_leaves_nothing_to_look_for(self, server: FakeMailServer) -> None:
        server.answers = {("submission", "DATA"): "554 no", ("submissions", "AUTH"): "535 no"}
        results = check(server)
        assert wrong(results) == [("submit", "fail"), ("submit", "fail")]
        for name in ("receive", "signature", "incoming"):
            assert skipped(results)[name] == "see `submit`"
        assert of(results, "clean-up").verdict == "pass"

    def test_once_busy_is_tried_again(self, server: FakeMailServer) -> None:
        class Busy(dict[tuple[str, str], str]):
            def __contains__(self, key: object) -> bool:
                return super().__contains__(key) and self.pop(key, None) is not None  # type: ignore[call-overload, arg-type]

            def __getitem__(self, key: tuple[str, str]) -> str:
                return "451 database is locked"

        server.answers = Busy({("submission", "DATA"): "once"})
        assert not wrong(check(server))

    def test_closed_port_is_the_matter_of_another_check(self, server: FakeMailServer) -> None:
        results = check(server, up=("smtp", "submissions", "imaps"))
        assert not wrong(results)
        assert skipped(results)["submit"].startswith("see `port-reachable`: port 587 ")

    def test_without_imaps_no_message_is_sent(self, server: FakeMailServer) -> None:
        results = check(server, up=("smtp", "submissions", "submission"))
        assert {result.verdict for result in results} == {"skipped"}
        assert not [line for _, _, line in server.heard if "DATA" in line]


class TestReceiving:
    def test_lost(self, server: FakeMailServer) -> None:
        server.where_to = lambda protocol: "" if protocol == "submission" else "INBOX"
        results = check(server)
        assert wrong(results) == [("receive", "fail")]
        assert of(results, "receive").found == "1 of 2 arrived"
        assert "log" in of(results, "receive").mend
        assert "see `receive`" in skipped(results)["clean-up"]
        assert not server.letters

    def test_taken_for_junk(self, server: FakeMailServer) -> None:
        server.where_to = lambda protocol: "Junk"
        results = check(server)
        assert wrong(results) == [("receive", "warn")]
        assert "Junk" in of(results, "receive").found
        assert not server.letters

    def test_no_folder_for_junk_is_needed(self, server: FakeMailServer) -> None:
        server.folders = ("INBOX",)
        assert not wrong(check(server))

    def test_mailbox_that_breaks_is_unknown_and_still_cleaned(self, server: FakeMailServer) -> None:
        server.answers = {("imaps", "FETCH"): "{tag} NO such disk"}
        results = check(server)
        assert {name for name, _ in wrong(results)} == {"receive", "signature", "incoming", "clean-up"}
        assert of(results, "receive").verdict == "unknown"
        assert "such disk" in of(results, "receive").found
        assert of(results, "clean-up").verdict == "warn"
        assert SUBJECT in of(results, "clean-up").mend


class TestSignature:
    def test_selector_of_long_ago(self, server: FakeMailServer) -> None:
        server.selector = "old"
        results = check(server)
        assert wrong(results) == [("signature", "fail")]
        assert of(results, "signature").found == "signed with the selector old, which the stack does not declare"

    def test_key_that_is_published_ahead_is_not_missed(self, server: FakeMailServer) -> None:
        told = outputs()
        told["domains"][DOMAIN]["dkim"]["next"] = {
            "name": f"next._domainkey.{DOMAIN}",
            "public_key": PUBLIC,
            "signs": False,
        }
        assert of(check(server, told), "signature").verdict == "pass"

    def test_none(self, server: FakeMailServer) -> None:
        server.key = None
        results = check(server)
        assert wrong(results) == [("signature", "fail")]
        assert of(results, "signature").found == "no DKIM signature"
        assert skipped(results)["incoming"] == "see `signature`"

    def test_by_another_key(self, server: FakeMailServer) -> None:
        server.key = dkim.generate("rsa2048")
        results = check(server)
        assert wrong(results) == [("signature", "fail")]
        assert "the server signs with another key than the one in the stack's state" in of(results, "signature").found

    def test_of_another_domain(self, server: FakeMailServer) -> None:
        server.signs_for = f"other.{DOMAIN}"
        assert of(check(server), "signature").found == f"no signature of {DOMAIN}, only of other.{DOMAIN}"

    def test_with_a_selector_that_is_not_the_stacks(self, server: FakeMailServer) -> None:
        server.selector = "old"
        assert "selector old" in of(check(server), "signature").found

    def test_of_what_was_changed_afterwards(self, server: FakeMailServer) -> None:
        take = server.take

        def changing(protocol: str, raw: bytes) -> None:
            take(protocol, raw)
            server.letters[-1].raw += b"-- \r\nscanned by nobody\r\n"

        server.take = changing  # type: ignore[method-assign]
        found = of(check(server), "signature")
        assert found.verdict == "fail"
        assert "body hash" in found.found
        assert "changes messages" in found.mend

    def test_is_held_against_the_stacks_key_and_not_dns(self, server: FakeMailServer) -> None:
        other = dkim.record_text("rsa2048", dkim.public_key(dkim.generate("rsa2048")))
        results = check(server, see=serving(f"default._domainkey.{DOMAIN}", other))
        assert of(results, "signature").verdict == "pass"


def serving(name: str, *texts: str) -> Callable[[Look], Look]:
    """A world whose resolver answers otherwise for one name."""

    def see(look: Look) -> Look:
        quoted = [" ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250)) for text in texts]
        lies = {(look.dns.resolver.address, name, "TXT"): quoted}
        return dataclasses.replace(look, dns=dataclasses.replace(look.dns, lies=lies))  # type: ignore[call-arg]

    return see


class TestIncoming:
    def test_is_brought_as_a_stranger_brings_it(self, server: FakeMailServer) -> None:
        check(server)
        heard = [line for protocol, encrypted, line in server.heard if protocol == "smtp" and encrypted]
        assert "MAIL FROM:<>" in heard
        assert f"RCPT TO:<{ACCOUNT}>" in heard
        assert not [line for line in heard if line.startswith("AUTH")]

    @pytest.mark.parametrize(
        ("results", "words"),
        [
            ("", f"no Authentication-Results of {MX}"),
            ("mx.elsewhere.example; dkim=pass; dmarc=pass", "only one by mx.elsewhere.example"),
            (f"{MX}; dkim=pass header.d={DOMAIN}; spf=none", "dkim=pass, dmarc=not checked"),
            (f"{MX}; spf=none", "dkim=not checked, dmarc=not checked"),
            (f"{MX}; dkim=fail (bad) header.d={DOMAIN}; dmarc=fail", "dkim=fail, dmarc=fail"),
            (f"{MX}; dkim=pass header.d=other.example; dmarc=pass", "dkim=not checked, dmarc=pass"),
            (f'{MX}; dkim=fail reason="dkim=pass; dmarc=pass" header.d={DOMAIN}; dmarc=none', "dkim=fail, dmarc=none"),
        ],
    )
    def test_not_checked_or_not_rightly(self, server: FakeMailServer, results: str, words: str) -> None:
        server.results = results
        found = check(server)
        assert wrong(found) == [("incoming", "fail")]
        assert words in of(found, "incoming").found
        assert not server.letters

    def test_one_of_two_signatures_is_enough(self, server: FakeMailServer) -> None:
        server.results = f"{MX} 1; dkim=fail header.d={DOMAIN} header.s=ed; dkim=pass header.d={DOMAIN}; dmarc=pass"
        assert not wrong(check(server))

    @pytest.mark.parametrize("name", [f"default._domainkey.{DOMAIN}", f"_dmarc.{DOMAIN}"])
    @pytest.mark.parametrize("refuses", [True, False])
    def test_judged_by_wrong_dns_is_the_matter_of_dns(self, server: FakeMailServer, name: str, refuses: bool) -> None:
        server.results = f"{MX}; dkim=fail header.d={DOMAIN}; dmarc=fail"
        if refuses:
            server.answers = {("smtp", "RCPT"): "550 5.7.1 DMARC check failed"}
        results = check(server, see=serving(name, "v=something else"))
        assert not wrong(results)
        assert skipped(results)["incoming"].startswith("see `published`: ")
        assert name in skipped(results)["incoming"]

    def test_judged_by_two_dmarc_records_is_the_matter_of_dns(self, server: FakeMailServer) -> None:
        server.results = f"{MX}; dkim=pass header.d={DOMAIN}; dmarc=none"
        [told] = [record["content"] for record in outputs()["domains"][DOMAIN]["records"] if record["key"] == "dmarc"]
        results = check(server, see=serving(f"_dmarc.{DOMAIN}", told, "v=DMARC1; p=none"))
        assert not wrong(results)
        assert skipped(results)["incoming"].startswith("see `dmarc-single`: ")

    def test_refused(self, server: FakeMailServer) -> None:
        server.answers = {("smtp", "RCPT"): "550 5.7.1 go away"}
        results = check(server)
        assert wrong(results) == [("incoming", "fail")]
        assert "550 5.7.1 go away" in of(results, "incoming").found

    def test_filed_as_junk_is_found(self, server: FakeMailServer) -> None:
        server.where_to = lambda protocol: "Junk" if protocol == "smtp" else "INBOX"
        assert not wrong(check(server))
        assert not server.letters

    def test_port_25_that_is_closed_from_here_is_the_matter_of_another_check(self, server: FakeMailServer) -> None:
        results = check(server, up=("submissions", "submission", "imaps"))
        assert not wrong(results)
        assert skipped(results)["incoming"].startswith("see `port-reachable`: port 25 ")


class TestCleaningUp:
    def test_removes_what_an_interrupted_run_has_left_and_nothing_else(self, server: FakeMailServer) -> None:
        old = datetime(2026, 5, 31, 20, tzinfo=UTC)
        recent = datetime(2026, 5, 31, 23, 30, tzinfo=UTC)
        left, another_run = (letter(ACCOUNT, ACCOUNT, new_subject(), old) for _ in range(2))
        server.put("INBOX", left, old)
        server.put("Junk", left, old)
        kept = [
            server.put("INBOX", another_run, recent),
            server.put("INBOX", b"Subject: Re: maddy-stack check 0123456789abcdef\r\n\r\n", old),
            server.put("INBOX", b"Subject: maddy-stack check of the week\r\n\r\n", old),
        ]
        assert of(check(server), "clean-up").verdict == "pass"
        assert server.letters == kept

    def test_expunges_nothing_that_the_owner_has_marked(self, server: FakeMailServer) -> None:
        theirs = server.put("INBOX", b"Subject: perhaps\r\n\r\n", deleted=True)
        result = of(check(server), "clean-up")
        assert theirs in server.letters
        assert result.verdict == "warn"
        assert "expunge" in result.mend
        assert all(found.deleted for found in server.letters)

    def test_takes_along_what_an_earlier_run_has_marked_and_could_not_remove(self, server: FakeMailServer) -> None:
        now = datetime.now(UTC)
        server.put("INBOX", letter(ACCOUNT, ACCOUNT, new_subject(), now), now, deleted=True)
        assert of(check(server), "clean-up").verdict == "pass"
        assert server.letters == []

    def test_expunges_its_own_alone_where_the_server_can(self, server: FakeMailServer) -> None:
        server.uidplus = True
        theirs = server.put("INBOX", b"Subject: perhaps\r\n\r\n", deleted=True)
        assert of(check(server), "clean-up").verdict == "pass"
        assert server.letters == [theirs]

    def test_is_tried_again_and_then_left_to_a_person(
        self, server: FakeMailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folders, "DELETE_PAUSES", (0.0, 0.0))
        server.answers = {("imaps", "EXPUNGE"): "{tag} NO database is locked"}
        result = of(check(server), "clean-up")
        assert result.verdict == "warn"
        assert "database is locked" in result.found
        assert SUBJECT in result.mend
        assert sum("EXPUNGE" in line for _, _, line in server.heard) == 3

    def test_is_one_mailbox_at_a_time(self, server: FakeMailServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folders, "DELETE_PAUSES", ())
        told, more = outputs(), [f"{number}.test" for number in range(6)]
        told["domains"] |= dict.fromkeys(more, told["domains"][DOMAIN])
        told["accounts"] += [f"mail@{name}" for name in more]
        told["account_passwords"] |= dict.fromkeys(told["accounts"], "any")
        server.takes_any_password = server.uidplus = server.refuses_at_once = True
        found = [result.verdict for result in check(server, told) if result.check == "clean-up"]
        assert found == ["pass"] * 7

    def test_is_done_when_time_is_up(self, server: FakeMailServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(round_trip, "TRIP_SECONDS", 0.8)
        monkeypatch.setattr(round_trip, "ARRIVAL_SECONDS", 60)
        server.where_to = lambda protocol: "INBOX" if protocol == "submissions" else ""
        started = time.monotonic()
        results = check(server)
        assert time.monotonic() - started < 5
        assert of(results, "receive").verdict == "unknown"
        assert not server.letters

    def test_is_done_when_the_probe_is_given_up(self, server: FakeMailServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(delivery, "PROBE_SECONDS", 0.5)
        monkeypatch.setattr(round_trip, "ARRIVAL_SECONDS", 60)
        server.where_to = lambda protocol: "INBOX" if protocol == "submissions" else ""
        assert of(check(server), "receive").verdict == "unknown"
        assert not server.letters


class TestOutside:
    def test_is_not_asked_for(self, server: FakeMailServer) -> None:
        assert "outside" not in {result.check for result in check(server)}

    def test_accepted_says_where_to_look(self, server: FakeMailServer) -> None:
        server.where_to = lambda protocol: ""
        result = of(check(server, send_to="me@elsewhere.example"), "outside")
        assert result.verdict == "pass"
        assert "look there" in result.found
        assert SUBJECT in result.found
        assert "RCPT TO:<me@elsewhere.example>" in [line for _, _, line in server.heard]

    def test_bounced_is_a_fault_with_its_reason(self, server: FakeMailServer) -> None:
        take = server.take

        def bouncing(protocol: str, raw: bytes) -> None:
            if b"To: me@elsewhere.example" not in raw:
                take(protocol, raw)
                return
            report = (
                b"Subject: Undelivered\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n"
                b"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 nobody here\r\n\r\n--x\r\n" + raw
            )
            server.put("INBOX", report)

        server.take = bouncing  # type: ignore[method-assign]
        theirs = server.put("INBOX", b"Subject: Undelivered\r\nContent-Type: multipart/report\r\n\r\nan older one\r\n")
        result = of(check(server, send_to="me@elsewhere.example"), "outside")
        assert (result.verdict, result.found) == ("fail", "it came back: 550 5.1.1 nobody here")
        assert server.letters == [theirs]

    def test_refused_is_a_fault(self, server: FakeMailServer) -> None:
        server.answers = {("submissions", "RCPT"): "550 no relaying"}
        result = of(check(server, send_to="me@elsewhere.example"), "outside")
        assert result.verdict == "fail"
        assert "550 no relaying" in said(result)


class TestDomainsWithout:
    def test_an_account_have_nothing_to_send_from(self, server: FakeMailServer) -> None:
        told = outputs()
        told["accounts"] = []
        results = check(server, told)
        assert {result.verdict for result in results} == {"skipped"}
        assert set(skipped(results).values()) == {"the domain has no account"}

    def test_a_password_for_one_account_say_so(self, server: FakeMailServer) -> None:
        told = outputs()
        del told["account_passwords"][OTHER]
        results = check(server, told)
        assert skipped(results) == {"login": "the outputs have no password for this account"}
