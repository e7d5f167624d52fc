"""Golden record tables: what a pull request shows when DNS would change."""

import base64
from collections.abc import Callable

from mail import dkim, dmarc, mta_sts, record_table, records, spf, tls_rpt, zone_file

RSA_PLACEHOLDER = base64.b64encode(b"in the place of an RSA public key ".ljust(294, b".")).decode()
ED25519_PLACEHOLDER = base64.b64encode(b"in the place of an Ed25519 key..").decode()


def of_domain(
    domain: str, mx_host: str, addresses: records.Addresses, mode: mta_sts.Mode, *, apex: bool = True
) -> list[records.Record]:
    policy = mta_sts.policy_text(mode, [mx_host], mta_sts.DEFAULT_MAX_AGE)
    return records.domain_records(
        domain=domain,
        mx_host=mx_host,
        apex=addresses if apex else None,
        policy_host=addresses,
        spf=spf.check(spf.DOMAIN_DEFAULT),
        dmarc=dmarc.record_text(dmarc.Dmarc(rua=(f"mailto:postmaster@{domain}",))),
        mta_sts=mta_sts.record_text(mta_sts.policy_id(policy)),
        tls_rpt=tls_rpt.record_text([f"mailto:postmaster@{domain}"]),
    )


def one_domain() -> list[records.Record]:
    """A domain with every default."""
    host = records.Host(name="mail.example.org", ipv4="198.51.100.25", ipv6="2001:db8:25::25")
    return [
        *records.host_records(host),
        *of_domain("example.org", host.name, host, "testing"),
        records.dkim_record(
            domain="example.org", selector="default", text=dkim.record_text("rsa2048", RSA_PLACEHOLDER)
        ),
    ]


def two_domains() -> list[records.Record]:
    """Two domains on one server without IPv6, MTA-STS enforced, two selectors, one apex left alone."""
    host = records.Host(name="mail.example.org", ipv4="198.51.100.25")
    found = records.host_records(host)
    for domain in ("example.org", "xn--bcher-kva.example"):
        found += of_domain(domain, host.name, host, "enforce", apex=domain == "example.org")
        found += [
            records.dkim_record(domain=domain, selector="rsa2026", text=dkim.record_text("rsa2048", RSA_PLACEHOLDER)),
            records.dkim_record(
                domain=domain, selector="ed2026", text=dkim.record_text("ed25519", ED25519_PLACEHOLDER)
            ),
        ]
    return found


def test_one_domain(golden: Callable[[str, str], None]) -> None:
    golden("one-domain", record_table.render(one_domain()))


def test_two_domains(golden: Callable[[str, str], None]) -> None:
    golden("two-domains", record_table.render(two_domains()))


def test_zone_file(golden: Callable[[str, str], None]) -> None:
    golden("one-domain-zone", zone_file.zone_text("example.org", one_domain()))


def test_the_order_in_which_records_come_does_not_matter() -> None:
    assert record_table.render(two_domains()[::-1]) == record_table.render(two_domains())


def test_a_changed_key_changes_the_table() -> None:
    other = records.dkim_record(
        domain="example.org", selector="default", text=dkim.record_text("rsa2048", "B" + RSA_PLACEHOLDER[1:])
    )
    table = record_table.render(one_domain())
    assert RSA_PLACEHOLDER[:16] + "…" + RSA_PLACEHOLDER[-16:] in table
    assert record_table.render([*one_domain()[:-1], other]) != table
