from itertools import pairwise

import dns.rdata
import dns.zone
import pytest

from mail import records, zone_file

SOA_AND_NS = """$ORIGIN xn--bcher-kva.example.
$TTL 300
@ IN SOA ns hostmaster 1 7200 900 1209600 300
@ IN NS ns
ns IN A 198.51.100.53
"""


@pytest.fixture
def zone_records() -> list[records.Record]:
    domain = "xn--bcher-kva.example"
    addresses = records.Addresses(ipv4="198.51.100.80", ipv6="2001:db8:25::80")
    return [
        *records.host_records(records.Host(name=f"mail.{domain}", ipv4="198.51.100.25", ipv6="2001:db8:25::25")),
        *records.domain_records(
            domain=domain,
            mx_host=f"mail.{domain}",
            apex=addresses,
            policy_host=addresses,
            spf="v=spf1 mx ~all",
            dmarc=f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}",
            mta_sts="v=STSv1; id=1",
            tls_rpt=f"v=TLSRPTv1; rua=mailto:postmaster@{domain}",
        ),
        records.dkim_record(domain=domain, selector="default", text="v=DKIM1; k=rsa; p=" + "A" * 728),
    ]


@pytest.mark.parametrize("head", ["", SOA_AND_NS])
def test_a_name_server_reads_every_record(zone_records: list[records.Record], head: str) -> None:
    text = head + zone_file.zone_text("xn--bcher-kva.example", zone_records)
    zone = dns.zone.from_text(text, origin="xn--bcher-kva.example.", check_origin=bool(head), relativize=False)
    for record in zone_records:
        rdataset = zone.find_rdataset(f"{record.name}.", record.type)
        wanted = dns.rdata.from_text("IN", record.type, zone_file.rdata_text(record))
        assert wanted in rdataset, record.key
        assert rdataset.ttl == 3600
    made_here = sum(len(rdataset) for _, rdataset in zone.iterate_rdatasets())
    assert made_here == len(zone_records) + head.count(" IN ")


def test_every_record_is_explained_in_the_line_before(zone_records: list[records.Record]) -> None:
    lines = zone_file.zone_text("xn--bcher-kva.example", zone_records).splitlines()
    assert lines[0] == "; DNS records that mail for xn--bcher-kva.example needs."
    entries = [(before, line) for before, line in pairwise(lines) if " IN " in line]
    assert sorted(before for before, _ in entries) == sorted(f"; {record.comment}" for record in zone_records)


def test_an_explicit_ttl_is_kept() -> None:
    record = records.Record(
        key="spf", name="example.org", type="TXT", content="v=spf1 -all", ttl=60, need="required", why="SPF."
    )
    assert 'example.org. 60 IN TXT "v=spf1 -all"' in zone_file.zone_text("example.org", [record])


def test_a_record_of_another_zone_is_refused(zone_records: list[records.Record]) -> None:
    with pytest.raises(ValueError, match=r"is not within example.org: put it into its own zone's file"):
        zone_file.zone_text("example.org", zone_records)
