import json
import string

import dns.rdata
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.SRV
import pytest

from mail import dkim, dmarc, mta_sts, records, spf, tls_rpt, zone_file
from mail.record_table import as_dict

DOMAIN = "example.org"
HOST = records.Host(name="mail.example.org", ipv4="198.51.100.25", ipv6="2001:db8:25::25")
PORTS = records.ServicePorts()
SITE = records.Addresses(ipv4="198.51.100.80", ipv6="2001:db8:25::80")


def domain_records(
    *,
    apex: records.Addresses | None = SITE,
    policy_host: records.Addresses = SITE,
    mta_sts_text: str | None = "v=STSv1; id=1",
    tls_rpt_text: str | None = "v=TLSRPTv1; rua=mailto:postmaster@example.org",
    ports: records.ServicePorts = PORTS,
) -> dict[str, records.Record]:
    found = records.domain_records(
        domain=DOMAIN,
        mx_host=HOST.name,
        apex=apex,
        policy_host=policy_host,
        spf=spf.DOMAIN_DEFAULT,
        dmarc=dmarc.record_text(dmarc.Dmarc(rua=("mailto:postmaster@example.org",))),
        mta_sts=mta_sts_text,
        tls_rpt=tls_rpt_text,
        ports=ports,
    )
    assert len({record.key for record in found}) == len(found)
    return {record.key: record for record in found}


def txt_text(rdata: dns.rdtypes.ANY.TXT.TXT) -> str:
    strings: tuple[bytes, ...] = rdata.strings
    return b"".join(strings).decode()


def all_records() -> list[records.Record]:
    return [
        *records.host_records(HOST),
        *domain_records().values(),
        records.dkim_record(domain=DOMAIN, selector="default", text="v=DKIM1; k=rsa; p=" + "A" * 392),
        records.dkim_record(domain=DOMAIN, selector="old", text=dkim.revoked_text()),
        records.dmarc_report_authorization("example.net", DOMAIN),
    ]


def test_a_domain_has_the_records_that_were_once_typed_in_by_hand() -> None:
    by_hand = {
        ("mail.example.org", "A"): "198.51.100.25",
        ("mail.example.org", "AAAA"): "2001:db8:25::25",
        ("mail.example.org", "TXT"): "v=spf1 a -all",
        ("example.org", "A"): "198.51.100.80",
        ("example.org", "AAAA"): "2001:db8:25::80",
        ("example.org", "MX"): "mail.example.org",
        ("example.org", "TXT"): "v=spf1 mx ~all",
        ("_dmarc.example.org", "TXT"): "v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org",
        ("_mta-sts.example.org", "TXT"): "v=STSv1; id=1",
        ("mta-sts.example.org", "A"): "198.51.100.80",
        ("mta-sts.example.org", "AAAA"): "2001:db8:25::80",
        ("_smtp._tls.example.org", "TXT"): "v=TLSRPTv1; rua=mailto:postmaster@example.org",
        ("_submissions._tcp.example.org", "SRV"): "mail.example.org",
        ("_submission._tcp.example.org", "SRV"): "mail.example.org",
        ("_imaps._tcp.example.org", "SRV"): "mail.example.org",
    }
    made = [*records.host_records(HOST), *domain_records().values()]
    assert {(record.name, record.type): record.content for record in made} == by_hand
    assert len(made) == len(by_hand)


def test_keys_are_stable() -> None:
    assert [record.key for record in records.host_records(HOST)] == ["host-a", "host-aaaa", "host-spf"]
    assert sorted(domain_records()) == [
        "apex-a", "apex-aaaa", "dmarc", "mta-sts-a", "mta-sts-aaaa", "mta-sts-txt", "mx", "spf",
        "srv-imaps", "srv-submission", "srv-submissions", "tls-rpt",
    ]  # fmt: skip


def test_priorities_and_ports() -> None:
    made = domain_records(ports=records.ServicePorts(submissions=10465, submission=None))
    assert made["mx"].priority == 10
    assert (made["srv-submissions"].port, made["srv-imaps"].port) == (10465, 993)
    assert "srv-submission" not in made


def test_no_record_is_proxied_and_every_ttl_is_the_providers() -> None:
    assert {(record.proxied, record.ttl) for record in all_records()} == {(False, 1)}


def test_comments_fit_into_cloudflares_100_characters() -> None:
    for record in all_records():
        assert record.comment == f"{record.need}: {record.why}"
        assert len(record.comment) <= records.LONGEST_COMMENT, record.key
        assert record.comment.isascii(), record.key
        assert record.why.endswith("."), record.key


def test_the_apex_can_be_left_to_its_own_site() -> None:
    assert not {"apex-a", "apex-aaaa"} & set(domain_records(apex=None))
    assert {record.need for key, record in domain_records().items() if key.startswith("apex")} == {"optional"}


def test_without_ipv6_there_is_no_aaaa() -> None:
    only_ipv4 = records.Addresses(ipv4="198.51.100.80")
    made = [*domain_records(apex=only_ipv4, policy_host=only_ipv4).values()]
    made += records.host_records(records.Host(name=HOST.name, ipv4=HOST.ipv4))
    assert "AAAA" not in {record.type for record in made}


def test_without_mta_sts_nothing_of_it_is_published() -> None:
    made = domain_records(mta_sts_text=None, policy_host=records.Addresses())
    assert not [key for key in made if key.startswith("mta-sts")]


def test_without_tls_rpt_nothing_of_it_is_published() -> None:
    assert "tls-rpt" not in domain_records(tls_rpt_text=None)


def test_a_name_that_needs_an_address_must_have_one() -> None:
    with pytest.raises(ValueError, match=r"'mta-sts\.example\.org' has no address: give it"):
        domain_records(policy_host=records.Addresses())
    with pytest.raises(ValueError, match=r"'mail\.example\.org' has no address: give it"):
        records.host_records(records.Host(name=HOST.name))


def test_addresses_are_written_as_dns_servers_give_them_back() -> None:
    host = records.Host(name=HOST.name, ipv6="2001:DB8:0:0::25")
    assert records.host_records(host)[0].content == "2001:db8::25"
    with pytest.raises(ValueError, match="2001:db8::25"):
        records.host_records(records.Host(name=HOST.name, ipv4="2001:db8::25"))


def test_every_record_parses() -> None:
    for record in all_records():
        rdata = dns.rdata.from_text("IN", record.type, zone_file.rdata_text(record))
        match rdata:
            case dns.rdtypes.ANY.TXT.TXT():
                assert txt_text(rdata) == record.content
            case dns.rdtypes.ANY.MX.MX():
                assert (rdata.preference, str(rdata.exchange)) == (record.priority, f"{record.content}.")
            case dns.rdtypes.IN.SRV.SRV():
                assert (rdata.port, str(rdata.target)) == (record.port, f"{record.content}.")
            case _:
                assert rdata.to_text() == record.content


def test_a_withdrawn_key_says_so() -> None:
    withdrawn = records.dkim_record(domain=DOMAIN, selector="old", text=dkim.revoked_text())
    assert (withdrawn.key, withdrawn.name) == ("dkim-old", "old._domainkey.example.org")
    assert "withdrawn" in withdrawn.why


def test_reports_outside_the_domain_need_its_consent() -> None:
    rua = ["mailto:a@example.org", "mailto:b@mail.example.org", "mailto:c@example.net", "https://r.example.com/",
           "mailto:d@example.net"]  # fmt: skip
    assert records.external_rua_domains(rua, DOMAIN) == ["example.net", "r.example.com"]
    assert records.external_rua_domains(rua[:1], "mail.example.org") == []
    consent = records.dmarc_report_authorization(DOMAIN, "example.net")
    assert (consent.name, consent.type, consent.content) == (
        "example.org._report._dmarc.example.net",
        "TXT",
        "v=DMARC1",
    )


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 510, 511, 4095, 4096])
@pytest.mark.parametrize("start", [0, 1, 2, 50])
def test_any_txt_text_survives_quoting(length: int, start: int) -> None:
    printable = '\\" ;' + string.ascii_letters + string.digits + string.punctuation + '\\\\""'
    text = (printable * (length // len(printable) + 2))[start : start + length]
    rdata = dns.rdata.from_text("IN", "TXT", records.quote_txt(text))
    assert isinstance(rdata, dns.rdtypes.ANY.TXT.TXT)
    assert txt_text(rdata) == text
    strings: tuple[bytes, ...] = rdata.strings
    assert {len(part) for part in strings[:-1]} <= {255}


def test_short_txt_texts_are_one_quoted_string() -> None:
    assert records.quote_txt("v=spf1 mx ~all") == '"v=spf1 mx ~all"'
    assert records.quote_txt("a" * 256) == f'"{"a" * 255}" "a"'
    assert records.quote_txt('say "\\"') == '"say \\"\\\\\\""'


@pytest.mark.parametrize(
    ("text", "mend"),
    [("x" * 4097, "has 4097 bytes: shorten it"), ("ü", "write it in ASCII"), ("a\nb", "not printable")],
)
def test_txt_texts_that_no_server_takes_are_refused(text: str, mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        records.quote_txt(text)


def test_outputs_are_json() -> None:
    srv = as_dict(domain_records()["srv-imaps"])
    assert json.loads(json.dumps(srv)) == srv
    assert (srv["type"], srv["port"], srv["content"], srv["ttl"]) == ("SRV", 993, "mail.example.org", 1)
    assert "priority" not in as_dict(domain_records()["spf"])


def test_record_names_are_those_of_the_standards() -> None:
    made = domain_records()
    assert made["mta-sts-txt"].name == mta_sts.record_name(DOMAIN)
    assert made["mta-sts-a"].name == mta_sts.policy_host(DOMAIN)
    assert made["tls-rpt"].name == tls_rpt.record_name(DOMAIN)
