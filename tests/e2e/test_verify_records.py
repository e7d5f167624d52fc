"""One thing is wrong with what DNS answers, and exactly its own check says so."""

import base64
import random
from collections.abc import Iterator

import dns.reversename
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.live.mutants import LIAR, dns_server, lying
from tests.live.settings import LAB
from tests.live.stack import MailStack
from tests.live.verdicts import DOMAIN, MX, Checker, flipped, ids, record
from tests.live.zone import Zone, by_hand
from verify.result import Result

pytestmark = pytest.mark.e2e

NAME_SERVER = f"ns1.{DOMAIN}"
SELECTOR = f"default._domainkey.{DOMAIN}"


@pytest.fixture
def zone(mail_stack: MailStack) -> Iterator[Zone]:
    with by_hand(mail_stack, DOMAIN) as zone:
        yield zone


def only(rows: list[Result], check: str, *said: str, verdict: str = "fail") -> Result:
    """The one row that has become worse: of this check, with these words in what it says."""
    assert ids(rows) == {check}, [(row.check, row.subject, row.found, row.mend) for row in rows]
    assert {row.verdict for row in rows} == {verdict}
    row = rows[0]
    for words in said:
        assert words in f"{row.expected} | {row.found} | {row.mend}", row
    return row


class TestRecordIsNotAsDeclared:
    def test_missing(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        zone.edit("TXT", f"_dmarc.{DOMAIN}", name=f"moved.{DOMAIN}")
        row = only(flipped(before, checker.look("records")), "published", "nothing", "pulumi up")
        assert row.subject == f"_dmarc.{DOMAIN} TXT"

    def test_address_of_the_mail_host_is_another(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        zone.edit("A", MX, LAB.address4(99))
        row = only(flipped(before, checker.look("records")), "published", LAB.address4(99), LAB.address4(25))
        assert row.subject == f"{MX} A"

    def test_policy_host_is_proxied(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        zone.edit("A", f"mta-sts.{DOMAIN}", proxied=True, ttl=1)
        zone.edit("AAAA", f"mta-sts.{DOMAIN}", proxied=True, ttl=1)
        after = flipped(before, checker.look("records"))
        only(after, "published", "proxied")
        assert {row.subject for row in after} == {f"mta-sts.{DOMAIN} A", f"mta-sts.{DOMAIN} AAAA"}

    def test_dkim_key_is_another(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records", "delivery")
        zone.edit("TXT", SELECTOR, f"v=DKIM1; k=rsa; p={public_key(2048)}")
        row = only(flipped(before, checker.look("records", "delivery")), "published", "pulumi up")
        assert row.subject == f"{SELECTOR} TXT"

    def test_id_of_the_policy_is_another(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records", "policy")
        zone.edit("TXT", f"_mta-sts.{DOMAIN}", "v=STSv1; id=20200101")
        only(flipped(before, checker.look("records", "policy")), "published", "20200101")


class TestRecordIsThereBesides:
    @pytest.mark.parametrize(
        ("check", "kind", "name", "content", "said"),
        [
            ("spf-single", "TXT", DOMAIN, "v=spf1 include:_spf.example.net -all", "include:_spf.example.net"),
            ("dmarc-single", "TXT", f"_dmarc.{DOMAIN}", "v=DMARC1; p=none", "p=none"),
            ("mta-sts-single", "TXT", f"_mta-sts.{DOMAIN}", "v=STSv1; id=1", "id=1"),
            ("tls-rpt-single", "TXT", f"_smtp._tls.{DOMAIN}", "v=TLSRPTv1; rua=mailto:x@example.net", "example.net"),
            ("dkim-single", "TXT", SELECTOR, "v=DKIM1; k=rsa; p=MIIB", "p=MIIB"),
            ("address-single", "A", MX, LAB.address4(99), LAB.address4(99)),
        ],
    )
    def test_of_a_kind(
        self, zone: Zone, checker: Checker, check: str, kind: str, name: str, content: str, said: str
    ) -> None:
        before = checker.before("records")
        zone.add(kind, name, content)
        only(flipped(before, checker.look("records")), check, said)

    def test_mx(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        zone.add("MX", DOMAIN, f"mta-sts.{DOMAIN}", priority=20)
        only(flipped(before, checker.look("records")), "mx-single", f"20 mta-sts.{DOMAIN}")

    def test_tlsa_of_a_certificate_that_is_gone(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        stale = {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "ab" * 32}
        zone.add("TLSA", f"_25._tcp.{MX}", data=stale)
        only(flipped(before, checker.look("records")), "tlsa", "certificate")

    def test_text_of_another_kind_is_no_fault(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        zone.add("TXT", DOMAIN, "some-site-verification=1")
        assert not flipped(before, checker.look("records"))


def declared_as(zone: Zone, checker: Checker, key: str, text: str) -> list[Result]:
    """The rows that become worse when a text is declared, and published as declared."""
    before = checker.before("records")
    declared = record(checker.stack.outputs, key)
    zone.edit(declared["type"], declared["name"], text)
    return flipped(before, checker.look("records", declared=lambda outputs: record(outputs, key).update(content=text)))


def public_key(bits: int) -> str:
    """The `p=` of a new RSA key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(encoded).decode()


class TestRecordIsAsDeclaredAndBad:
    """What was declared is itself wrong in a way that only the world shows."""

    def test_spf_with_eleven_look_ups(self, zone: Zone, checker: Checker) -> None:
        zone.add("TXT", f"many.{DOMAIN}", "v=spf1 " + " ".join(f"a:{MX}" for _ in range(9)) + " ~all")
        rows = declared_as(zone, checker, "spf", f"v=spf1 mx include:many.{DOMAIN} ~all")
        only(rows, "spf-lookups", "11", "10")

    @pytest.mark.parametrize(
        ("key", "text", "check", "said", "verdict"),
        [
            ("spf", f"v=spf1 mx a:no1.{DOMAIN} a:no2.{DOMAIN} a:no3.{DOMAIN} ~all", "spf-void", "3", "fail"),
            ("spf", f"v=spf1 ip4:{LAB.address4(99)} -all", "spf-server", "fail", "fail"),
            ("spf", "v=spf1 mx ip4:1.2.3 ~all", "spf-syntax", "ip4", "fail"),
            ("dmarc", f"v=DMARC1; p=quarantine; pct=50; rua=mailto:x@{DOMAIN}", "dmarc-record", "pct", "fail"),
            ("dmarc", f"v=DMARC1; p=none; rua=mailto:postmaster@{DOMAIN}", "dmarc-policy", "none", "warn"),
            (
                "dmarc",
                "v=DMARC1; p=quarantine; rua=mailto:reports@outside.example",
                "dmarc-reports",
                f"{DOMAIN}._report._dmarc.outside.example",
                "fail",
            ),
            ("dkim-default", f"v=DKIM1; k=rsa; p={public_key(1024)}", "dkim-key", "1024", "warn"),
            ("tls-rpt", "v=TLSRPTv1; rua=ftp://example.net", "tls-rpt-record", "ftp", "fail"),
            ("mta-sts-txt", "v=STSv1; id=not-alphanumeric", "mta-sts-record", "not-alphanumeric", "fail"),
        ],
        ids=lambda part: part if part.islower() and part.isascii() and " " not in part else "",
    )
    def test_text(self, zone: Zone, checker: Checker, key: str, text: str, check: str, said: str, verdict: str) -> None:
        only(declared_as(zone, checker, key, text), check, said, verdict=verdict)

    def test_mx_target_is_an_alias(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        zone.add("CNAME", f"alias.{DOMAIN}", MX)
        zone.edit("MX", DOMAIN, f"alias.{DOMAIN}")
        after = checker.look(
            "records", declared=lambda outputs: record(outputs, "mx").update(content=f"alias.{DOMAIN}")
        )
        only(flipped(before, after), "mx-target", "CNAME")

    def test_ttl_is_another(self, zone: Zone, checker: Checker) -> None:
        before = checker.before("records")
        zone.edit("MX", DOMAIN, ttl=86400)
        after = checker.look("records", declared=lambda outputs: record(outputs, "mx").update(ttl=300))
        only(flipped(before, after), "ttl", "86400", verdict="warn")


class TestNameServers:
    """The DNS of the lab, with lies: the stack cannot have a second name server, or lose its PTR."""

    def test_ptr_is_missing(self, checker: Checker) -> None:
        pointer = reverse(LAB.address4(25))
        with dns_server(lying(LAB, {(pointer, "PTR"): []})):
            row = only(flipped(checker.before("records"), checker.look("records", resolver=LIAR)), "ptr", "provider")
        assert LAB.address4(25) in row.subject

    def test_ptr_names_another_host(self, checker: Checker) -> None:
        pointer = reverse(LAB.address4(25))
        with dns_server(lying(LAB, {(pointer, "PTR"): ["static-25.provider.example."]})):
            only(flipped(checker.before("records"), checker.look("records", resolver=LIAR)), "ptr", "static-25")

    def test_one_authoritative_server_is_down(self, checker: Checker) -> None:
        lies = second_name_server("127.0.0.154")
        with dns_server(lying(LAB, lies)), dns_server(lambda _: None, "127.0.0.154"):
            row = only(flipped(checker.before("records"), checker.look("records", resolver=LIAR)), "dns-servers")
        assert "127.0.0.154" in row.subject

    def test_one_authoritative_server_answers_garbage(self, checker: Checker) -> None:
        rubbish = random.Random(1).randbytes(80)  # noqa: S311 - any bytes will do
        lies = second_name_server("127.0.0.154")
        with dns_server(lying(LAB, lies)), dns_server(lambda data: data[:2] + rubbish, "127.0.0.154"):
            row = only(flipped(checker.before("records"), checker.look("records", resolver=LIAR)), "dns-servers")
        assert "no DNS message" in row.found

    def test_resolver_still_has_the_old_record(self, checker: Checker) -> None:
        lies = {(DOMAIN, "MX"): [f"10 old.{DOMAIN}."]}
        with dns_server(lying(LAB, lies)):
            row = only(flipped(checker.before("records"), checker.look("records", resolver=LIAR)), "resolver")
        assert f"old.{DOMAIN}" in row.found

    @pytest.mark.parametrize("broken", ["silent", "garbage"])
    def test_nothing_passes_that_no_resolver_could_tell(self, checker: Checker, broken: str) -> None:
        with dns_server(lambda data: None if broken == "silent" else data[:2] + b"\xff" * 40):
            after = checker.look("records", resolver=LIAR)
        assert after
        assert {row.verdict for row in after} <= {"unknown", "skipped"}, [row for row in after if row.verdict == "pass"]
        assert any(row.verdict == "unknown" for row in after)


def second_name_server(address: str) -> dict[tuple[str, str], list[str]]:
    """What makes the zone have a second name server."""
    return {
        (DOMAIN, "NS"): [f"{NAME_SERVER}.", f"ns2.{DOMAIN}."],
        (f"ns2.{DOMAIN}", "A"): [address],
        (f"ns2.{DOMAIN}", "AAAA"): [],
    }


def reverse(address: str) -> str:
    """The name whose PTR is asked for."""
    return dns.reversename.from_address(address).to_text(omit_final_dot=True)
