"""Domains that are set up well, each in another way: nothing is wrong with their records."""

from collections.abc import Callable

import dns.reversename
import pytest
from verify_world import ADDRESS4, ADDRESS6, DOMAIN, MX, Outputs, declare, healthy, look_at, stack, world, zone_text

from mail import zone_file
from verify import checks, expectation
from verify.look import Look

ELSEWHERE = "mail.other.test"
IDN = "xn--bcher-kva.test"


def pointers(host: str) -> str:
    return "".join(f"{dns.reversename.from_address(address)} PTR {host}.\n" for address in (ADDRESS4, ADDRESS6))


def lacking(*keys: str) -> Outputs:
    """The outputs of a stack that does not declare these records."""
    outputs = stack()
    records = outputs["domains"][DOMAIN]["records"]
    outputs["domains"][DOMAIN]["records"] = [record for record in records if record["key"] not in keys]
    return outputs


def without_mta_sts() -> Look:
    outputs = lacking("mta-sts-txt", "mta-sts-a", "mta-sts-aaaa")
    outputs["domains"][DOMAIN]["mta_sts"] = None
    return healthy(outputs)


def mail_host_in_another_zone() -> Look:
    outputs = stack(DOMAIN, ELSEWHERE)
    records = outputs["domains"][DOMAIN]["records"]
    outputs["host_records"] = [record for record in records if record["name"] == ELSEWHERE]
    outputs["domains"][DOMAIN]["records"] = [record for record in records if record["name"] != ELSEWHERE]
    other = f'mail A {ADDRESS4}\nmail AAAA {ADDRESS6}\nmail TXT "v=spf1 a -all"\n'
    return world({DOMAIN: zone_text(outputs), "other.test": other, "arpa": pointers(ELSEWHERE)}, outputs)


def internationalised() -> Look:
    outputs = stack(IDN, f"mail.{IDN}")
    return world({IDN: zone_text(outputs, IDN), "arpa": pointers(f"mail.{IDN}")}, outputs)


def domain_within_a_zone() -> Look:
    domain = f"lists.{DOMAIN}"
    outputs = stack(domain, f"mail.{domain}")
    text = zone_file.zone_text(DOMAIN, expectation.read(outputs).domains[domain].records)
    return world({DOMAIN: f"{text}\n", "arpa": pointers(f"mail.{domain}")}, outputs)


def spf(text: str, more: str = "") -> Callable[[], Look]:
    return lambda: healthy(declare(stack(), "spf", content=text), more)


@pytest.mark.parametrize(
    "look",
    [
        lambda: healthy(lacking("host-aaaa", "mta-sts-aaaa")),
        lambda: healthy(lacking("host-a", "mta-sts-a")),
        lambda: healthy(lacking("tls-rpt")),
        lambda: healthy(lacking("srv-submissions", "srv-submission", "srv-imaps")),
        without_mta_sts,
        mail_host_in_another_zone,
        internationalised,
        domain_within_a_zone,
        lambda: world({DOMAIN: zone_text(stack()).replace(f"MX 10 {MX}.", "MX 10 MAIL.Example.TEST.")}),
        lambda: healthy(more='* A 192.0.2.80\n* TXT "wild"\n* MX 5 elsewhere.example.\n'),
        lambda: healthy(more="".join(f'@ TXT "{"x" * 200}{number}"\n' for number in range(40))),
        spf("v=spf1 mx include:_one.example.test -all", '_one CNAME _two\n_two TXT "v=spf1 ip4:192.0.2.0/24 -all"\n'),
        spf("v=spf1 redirect=_spf.example.test", '_spf TXT "v=spf1 mx:example.test -all"\n'),
        spf("v=spf1 mx exists:%{i}.a.example.test exists:%{ir}.%{v}.b.example.test exists:%{l}.%{d}.c.example ~all"),
        spf("v=spf1 mx include:%{d1r}.x.example.test ~all", 'example.x TXT "v=spf1 -all"\n'),
        spf("v=spf1 ip6:2001:db8::/32 a:mail.example.test//64 mx ptr ?all"),
        spf("V=SPF1 MX ~ALL"),
    ],
)
def test_passes(look: Callable[[], Look]) -> None:
    results = look_at(probe for probe in checks.probes(look()) if probe.group == "records")
    assert [row for row in results if row.verdict not in ("pass", "skipped")] == []
    assert len([row for row in results if row.verdict == "pass"]) > 20
