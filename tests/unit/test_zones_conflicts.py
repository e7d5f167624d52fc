"""Which records of a zone are in the way of those to come, and which are not."""

import pytest
from preflight_world import conflicts, stack, there

from zones.zone import ZoneRecord


def clashing(*present: ZoneRecord) -> list[str]:
    return [conflict.wanted.key for conflict in conflicts(stack(), *present)]


@pytest.mark.parametrize(
    ("record", "keys"),
    [
        (there("MX", "mx.old.example", priority=5), ["mx"]),
        (there("TXT", '"v=spf1 include:old.example ~all"'), ["spf"]),
        (there("TXT", '"V=SPF1 -all"'), ["spf"]),
        (there("TXT", "v=spf1"), ["spf"]),
        (there("TXT", '"v=spf1 a -all"', "mail.example.org"), ["host-spf"]),
        (there("TXT", '"v=DMARC1; p=none"', "_dmarc.example.org"), ["dmarc"]),
        (there("TXT", '" v = DMARC1 ; p=none"', "_dmarc.example.org"), ["dmarc"]),
        (there("TXT", '"v=STSv1; id=1"', "_mta-sts.example.org"), ["mta-sts-txt"]),
        (there("TXT", '"v=TLSRPTv1;rua=mailto:a@b.example"', "_smtp._tls.example.org"), ["tls-rpt"]),
        (there("TXT", '"v=DKIM1; p="', "default._domainkey.example.org"), ["dkim-default"]),
        (there("TXT", '"p=AAAA"', "default._domainkey.example.org"), ["dkim-default"]),
        (there("A", "203.0.113.9"), ["apex-a"]),
        (there("A", "203.0.113.9", proxied=True), ["apex-a"]),
        (there("AAAA", "2001:db8::9", "mail.example.org"), ["host-aaaa"]),
        (there("A", "203.0.113.9", "mta-sts.example.org"), ["mta-sts-a"]),
        (there("SRV", "5 993 imap.old.example", "_imaps._tcp.example.org", priority=0), ["srv-imaps"]),
        (there("CNAME", "old.example", "mta-sts.example.org"), ["mta-sts-a", "mta-sts-aaaa"]),
        (there("CNAME", "old.example", "mta-sts.example.org", proxied=True), ["mta-sts-a", "mta-sts-aaaa"]),
        (there("CNAME", "old.example", "mail.example.org"), ["host-a", "host-aaaa", "host-spf"]),
        (there("CNAME", "dmarc.old.example", "_dmarc.example.org"), ["dmarc"]),
        (there("CNAME", "key.old.example", "default._domainkey.example.org"), ["dkim-default"]),
        (there("CNAME", "www.example.org"), ["apex-a", "apex-aaaa"]),
        (there("NS", "ns.old.example", "_domainkey.example.org"), ["dkim-default"]),
        (there("NS", "ns.old.example", "mail.example.org"), ["host-a", "host-aaaa", "host-spf"]),
    ],
    ids=str,
)
def test_is_in_the_way(record: ZoneRecord, keys: list[str]) -> None:
    assert clashing(record) == keys


@pytest.mark.parametrize(
    "record",
    [
        there("TXT", '"some-verification=1"'),
        there("TXT", '"v=spf10 all"'),
        there("TXT", '"a note"', "_dmarc.example.org"),
        there("TXT", '"v=DKIM1; p=AAAA"', "other._domainkey.example.org"),
        there("MX", "mx.old.example", "sub.example.org", priority=5),
        there("A", "203.0.113.9", "www.example.org"),
        there("A", "203.0.113.9", "*.example.org"),
        there("CAA", '0 issue "ca.example"'),
        there("NS", "ns.cloudflare.example"),
        there("HTTPS", "1 . alpn=h3"),
    ],
    ids=str,
)
def test_may_stay_beside_them(record: ZoneRecord) -> None:
    assert clashing(record) == []


class TestAnAddressOfTheOtherFamily:
    def test_is_in_the_way_although_no_record_of_it_is_to_come(self) -> None:
        of = stack(lambda settings: settings["server"].pop("ipv6"))
        [conflict] = conflicts(of, there("AAAA", "2001:db8::9", "mail.example.org"))
        assert (conflict.wanted.key, conflict.adopt) == ("host-a", None)


class TestWhatIsTheStacksOwn:
    def test_is_in_nobodys_way(self) -> None:
        record = there("MX", "mail.example.org", priority=10)
        assert conflicts(stack(), record, own=(record.id,)) == []

    def test_leaves_another_to_be_removed_and_not_adopted(self) -> None:
        own, other = there("MX", "mail.example.org", priority=10), there("MX", "mx.old.example", number=2, priority=5)
        [conflict] = conflicts(stack(), own, other, own=(own.id,), made=("mx",))
        assert (conflict.existing, conflict.adopt) == ((other,), None)


class TestWhatIsAdopted:
    def test_is_the_identical_one_before_all(self) -> None:
        old = there("TXT", '"v=spf1 include:old.example ~all"')
        same = there("TXT", '"v=spf1 mx ~all"', number=2)
        [conflict] = conflicts(stack(), old, same)
        assert (conflict.adopt, conflict.is_identical) == (same, True)

    def test_is_the_mail_server_that_comes_first(self) -> None:
        backup, first = there("MX", "b.example", priority=20), there("MX", "a.example", number=2, priority=5)
        [conflict] = conflicts(stack(), backup, first)
        assert (conflict.adopt, conflict.is_identical) == (first, False)

    def test_is_never_of_another_type_which_no_update_can_change(self) -> None:
        assert all(not found.adopt for found in conflicts(stack(), there("CNAME", "o.example", "mta-sts.example.org")))

    @pytest.mark.parametrize(
        "record",
        [
            there("MX", "Mail.Example.org", priority=10),
            there("SRV", "1 993 mail.example.org", "_imaps._tcp.example.org", priority=0),
            there("A", "198.51.100.25", proxied=True),
            there("TXT", '"v=spf1" " mx ~all"'),
        ],
        ids=str,
    )
    def test_is_told_to_be_the_same_where_cloudflare_would_refuse_another(self, record: ZoneRecord) -> None:
        [conflict] = conflicts(stack(), record)
        assert conflict.is_identical

    def test_is_not_told_to_be_the_same_with_another_priority(self) -> None:
        [conflict] = conflicts(stack(), there("MX", "mail.example.org", priority=5))
        assert not conflict.is_identical
