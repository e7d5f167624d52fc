"""DNSSEC, validated in a small signed world with a root of its own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dns.dnssec
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from verify_world import ADDRESS4, NOW, RESOLVER, look_at, of, stack, world, zone, zone_text

from verify.checks import dnssec, tlsa
from verify.failures import Silent
from verify.look import Look
from verify.result import Result

DOMAIN = "acme.org"
MX = f"mail.{DOMAIN}"


class Signer:
    """A zone's key."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = dns.dnssec.make_dnskey(self.private.public_key(), dns.dnssec.ECDSAP256SHA256, flags=257)

    def sign(self, origin: str, text: str, *, age: timedelta = timedelta(days=1)) -> dns.zone.Zone:
        """The signed zone; signatures are good for a week from `age` ago."""
        signed = zone(origin, text)
        start = NOW - age
        dns.dnssec.sign_zone(
            signed,
            keys=[(self.private, self.public)],
            inception=start,
            expiration=start + timedelta(days=7),
            dnskey_ttl=300,
        )
        return signed

    def ds(self, name: str) -> Any:
        return dns.dnssec.make_ds(f"{name}." if name else ".", self.public, dns.dnssec.DSDigest.SHA256)


ROOT, ORG, ACME, STRANGER = Signer(), Signer(), Signer(), Signer()
OUTPUTS = stack(DOMAIN, MX)


def acme() -> str:
    return zone_text(OUTPUTS, DOMAIN)


def signed_world(**zones: Any) -> Look:
    """Root, org and acme.org, each signed, unless told otherwise; `_` in a name is for a dot."""
    known: dict[str, Any] = {
        ".": ROOT.sign(".", f"org. DS {ORG.ds('org')}\norg. NS ns1.org.\n"),
        "org": ORG.sign("org", f"acme DS {ACME.ds(DOMAIN)}\nacme NS ns1.acme\n"),
        DOMAIN: ACME.sign(DOMAIN, acme()),
    }
    known |= {"." if name == "root" else name.replace("_", "."): value for name, value in zones.items()}
    return world(known, OUTPUTS)


def looked(**zones: Any) -> Result:
    return of(look_at(dnssec.probes(signed_world(**zones), [ROOT.ds("")])), "dnssec")


def test_signed() -> None:
    row = looked()
    assert (row.verdict, row.found) == ("pass", f"signed: {DOMAIN}")


def test_not_signed() -> None:
    row = looked(org=ORG.sign("org", "acme NS ns1.acme\n"), acme_org=acme())
    assert (row.verdict, row.found) == ("warn", f"not signed: {DOMAIN}")
    assert "put the DS record that it shows at the registrar" in row.mend


def test_top_level_domain_is_not_signed() -> None:
    row = looked(root=ROOT.sign(".", "org. NS ns1.org.\n"))
    assert (row.verdict, row.found) == ("warn", "not signed: org")


def test_ds_record_of_another_key() -> None:
    row = looked(org=ORG.sign("org", f"acme DS {STRANGER.ds(DOMAIN)}\nacme NS ns1.acme\n"))
    assert row.verdict == "fail"
    assert f"none of the keys of {DOMAIN} is the one that the DS record at its parent names" in row.found
    assert "compare the DS record at the registrar" in row.mend


def test_ds_record_and_no_signatures() -> None:
    row = looked(acme_org=acme())
    assert (row.verdict, row.found) == ("fail", f"{DOMAIN} has a DS record at its parent, and no signed DNSKEY")


@pytest.mark.parametrize(
    ("age", "said"), [(timedelta(days=8), "has expired"), (timedelta(days=-1), "is not valid yet")]
)
def test_signature_of_another_time(age: timedelta, said: str) -> None:
    row = looked(acme_org=ACME.sign(DOMAIN, acme(), age=age))
    assert (row.verdict, row.found) == ("fail", f"{DOMAIN} DNSKEY: its signature {said}")


def test_record_changed_after_it_was_signed() -> None:
    forged = ACME.sign(DOMAIN, acme())
    rdataset = forged.get_rdataset(f"{MX}.", "A")
    assert rdataset is not None
    other = zone(DOMAIN, "mail A 192.0.2.66\n").get_rdataset(f"{MX}.", "A")
    forged.replace_rdataset(f"{MX}.", other)
    row = looked(acme_org=forged)
    assert (row.verdict, row.found[: len(MX) + 3]) == ("fail", f"{MX} A:")
    assert "does not validate" in row.found


def test_record_without_a_signature() -> None:
    bare = ACME.sign(DOMAIN, acme())
    bare.delete_rdataset(f"{DOMAIN}.", "RRSIG", "MX")
    row = looked(acme_org=bare)
    assert (row.verdict, row.found) == ("fail", f"{DOMAIN} MX is not signed, though its zone {DOMAIN} is")


def test_missing_record_is_a_matter_of_published() -> None:
    row = looked(acme_org=ACME.sign(DOMAIN, acme().replace(" MX 10 mail.acme.org.", ' TXT "no"')))
    assert row.verdict == "pass"


def test_root_with_another_key_than_the_anchor() -> None:
    row = of(look_at(dnssec.probes(signed_world(), [STRANGER.ds("")])), "dnssec")
    assert row.verdict == "fail"
    assert of(look_at(dnssec.probes(signed_world())), "dnssec").verdict == "fail"  # the real root's keys are others


def test_resolver_that_passes_no_signatures_on() -> None:
    row = looked(root=f"org. DS {ORG.ds('org')}\norg. NS ns1.org.\n")
    assert (row.verdict, row.found) == ("unknown", "the resolver passes on no DNSSEC records of the root")
    assert "--resolver" in row.mend


def test_silent() -> None:
    look = world({}, OUTPUTS, broken={RESOLVER: Silent("nothing")})
    assert of(look_at(dnssec.probes(look)), "dnssec").verdict == "unknown"


def test_reserved_name() -> None:
    look = world({}, stack("example.test", MX))
    row = of(look_at(dnssec.probes(look)), "dnssec")
    assert (row.verdict, row.mend[:8]) == ("skipped", "test is ")
    assert look.dns.asked == []  # type: ignore[attr-defined]


def test_mail_host_in_another_zone_that_is_not_signed() -> None:
    outputs = stack(DOMAIN, "mail.other.org")
    outputs["host_records"] = [
        record for record in outputs["domains"][DOMAIN]["records"] if record["name"] == "mail.other.org"
    ]
    outputs["domains"][DOMAIN]["records"] = [
        record for record in outputs["domains"][DOMAIN]["records"] if record["name"] != "mail.other.org"
    ]
    look = world(
        {
            ".": ROOT.sign(".", f"org. DS {ORG.ds('org')}\norg. NS ns1.org.\n"),
            "org": ORG.sign("org", f"acme DS {ACME.ds(DOMAIN)}\nacme NS ns1.acme\nother NS ns1.other\n"),
            DOMAIN: ACME.sign(DOMAIN, zone_text(outputs, DOMAIN)),
            "other.org": f"mail A {ADDRESS4}\n",
        },
        outputs,
    )
    row = of(look_at(dnssec.probes(look, [ROOT.ds("")])), "dnssec")
    assert (row.verdict, row.found) == ("warn", "not signed: other.org")


class TestTlsaNeedsDnssec:
    TLSA = f"_25._tcp.mail TLSA 3 1 1 {'00' * 32}\n"

    def looked(self, text: str | dns.zone.Zone, org: str = "", more: Mapping[str, Any] | None = None) -> Result:
        outputs = stack(DOMAIN, MX)
        outputs["endpoints"]["smtp"]["port"] = 1
        look = world(
            {
                ".": ROOT.sign(".", f"org. DS {ORG.ds('org')}\norg. NS ns1.org.\n"),
                "org": ORG.sign("org", f"{org}\nacme NS ns1.acme\n"),
                DOMAIN: text,
                **(more or {}),
            },
            outputs,
            connect={MX: ["127.0.0.1"]},
        )
        return of(look_at(tlsa.probes(look, [ROOT.ds("")])), "tlsa")

    def test_zone_is_not_signed(self) -> None:
        row = self.looked(acme() + self.TLSA)
        assert (row.verdict, row.found) == ("warn", f"the zone {DOMAIN} is not signed")
        assert "Sign the zone with DNSSEC" in row.mend

    def test_zone_is_signed(self) -> None:
        row = self.looked(ACME.sign(DOMAIN, acme() + self.TLSA), f"acme DS {ACME.ds(DOMAIN)}")
        assert (row.verdict, row.mend) == ("skipped", "see `port-reachable`: port 1 on 127.0.0.1 is closed")

    ALIAS = "_25._tcp.mail CNAME dane.shared.org.\n"
    SHARED = f"dane TLSA 3 1 1 {'00' * 32}\n"

    def aliased(self, shared: str | dns.zone.Zone, org: str) -> Result:
        text = ACME.sign(DOMAIN, acme() + self.ALIAS)
        return self.looked(text, f"acme DS {ACME.ds(DOMAIN)}\nshared NS ns1.shared\n{org}", {"shared.org": shared})

    def test_alias_into_another_zone_that_is_signed(self) -> None:
        row = self.aliased(STRANGER.sign("shared.org", self.SHARED), f"shared DS {STRANGER.ds('shared.org')}")
        assert (row.verdict, row.mend[:20]) == ("skipped", "see `port-reachable`"), row

    def test_alias_that_is_not_signed_itself(self) -> None:
        text = ACME.sign(DOMAIN, acme() + self.ALIAS)
        text.delete_rdataset(f"_25._tcp.{MX}.", "RRSIG", "CNAME")
        org = f"acme DS {ACME.ds(DOMAIN)}\nshared NS ns1.shared\nshared DS {STRANGER.ds('shared.org')}"
        row = self.looked(text, org, {"shared.org": STRANGER.sign("shared.org", self.SHARED)})
        assert (row.verdict, row.found) == ("warn", f"_25._tcp.{MX} CNAME is not signed, though its zone {DOMAIN} is")

    def test_alias_into_another_zone_that_is_not_signed(self) -> None:
        row = self.aliased(self.SHARED, "")
        assert (row.verdict, row.found) == ("warn", "the zone shared.org is not signed")

    def test_none(self) -> None:
        assert self.looked(acme()).mend == "There is no TLSA record: DANE is not in use."
