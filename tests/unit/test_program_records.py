"""What the whole program publishes in DNS."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import stacks
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from recorder import Recording, zone_id

from mail import mta_sts, record_table
from mail.records import Record

POLICY = "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 604800\r\n"


def txt(*parts: str) -> list[str]:
    return [" ".join(f'"{part}"' for part in parts)]


def srv(port: int) -> list[dict[str, Any]]:
    return [{"priority": 0, "weight": 1, "port": port, "target": "mail.example.org"}]


def public_key(pem: str) -> str:
    """The p= of a private key, by another way than the program's."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey)
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der[-32:] if isinstance(key, ed25519.Ed25519PrivateKey) else der).decode()


class TestEveryRecordIsThere:
    def test_of_a_stack_with_every_default(self) -> None:
        records = stacks.run_minimal().records()
        signed = records.pop(("default._domainkey.example.org", "TXT"))
        assert re.fullmatch(r'"v=DKIM1; k=rsa; p=[^"]{237}" "[^"]{155}"', signed[0])
        assert records == {
            ("mail.example.org", "A"): ["198.51.100.25"],
            ("mail.example.org", "AAAA"): ["2001:db8:25::25"],
            ("mail.example.org", "TXT"): txt("v=spf1 a -all"),
            ("example.org", "A"): ["198.51.100.25"],
            ("example.org", "AAAA"): ["2001:db8:25::25"],
            ("example.org", "MX"): ["mail.example.org"],
            ("example.org", "TXT"): txt("v=spf1 mx ~all"),
            ("_dmarc.example.org", "TXT"): txt("v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org"),
            ("_mta-sts.example.org", "TXT"): txt(f"v=STSv1; id={mta_sts.policy_id(POLICY)}"),
            ("mta-sts.example.org", "A"): ["198.51.100.25"],
            ("mta-sts.example.org", "AAAA"): ["2001:db8:25::25"],
            ("_smtp._tls.example.org", "TXT"): txt("v=TLSRPTv1; rua=mailto:postmaster@example.org"),
            ("_submissions._tcp.example.org", "SRV"): srv(465),
            ("_submission._tcp.example.org", "SRV"): srv(587),
            ("_imaps._tcp.example.org", "SRV"): srv(993),
        }

    def test_of_a_domain_that_chooses(self) -> None:
        records = stacks.run_full().records()
        name = "xn--bcher-kva.example"
        policy = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.org\r\nmax_age: 86400\r\n"
        assert records[name, "TXT"] == txt("v=spf1 mx a -all")
        assert records[f"_dmarc.{name}", "TXT"] == txt("v=DMARC1; p=reject; t=y; rua=mailto:postmaster@example.org")
        assert records[f"_mta-sts.{name}", "TXT"] == txt(f"v=STSv1; id={mta_sts.policy_id(policy)}")
        assert records[f"_smtp._tls.{name}", "TXT"] == txt("v=TLSRPTv1; rua=https://tls.example.com/report")
        assert records[f"mta-sts.{name}", "A"] == ["198.51.100.80"]
        assert records[f"mta-sts.{name}", "AAAA"] == ["2001:db8:25::80"]
        assert records[f"_submission._tcp.{name}", "SRV"] == srv(10587)

    @pytest.mark.parametrize("run", [stacks.run_minimal, stacks.run_full])
    def test_in_the_outputs_and_the_zone_file_too(self, run: Callable[[], Recording]) -> None:
        recording = run()
        for name, domain in recording.outputs["domains"].items():
            told = {(record["name"], record["type"]) for record in domain["records"]}
            published = {
                (inputs["name"], inputs["type"])
                for inputs in (found.plain for found in recording.of_type("DnsRecord").values())
                if inputs["name"].endswith(name)
            }
            assert told == published
            for owner, kind in told:
                assert re.search(rf"^{re.escape(owner)}\. +IN {kind} ", domain["zone_file"], re.MULTILINE)


class TestOneHostManyDomains:
    def test_every_domain_has_one_mx_and_it_is_the_one_host(self) -> None:
        records = stacks.run_full().records()
        assert {key: value for key, value in records.items() if key[1] == "MX"} == {
            ("example.org", "MX"): ["mail.example.org"],
            ("xn--bcher-kva.example", "MX"): ["mail.example.org"],
        }

    def test_no_name_has_two_records_of_a_type(self) -> None:
        for recording in (stacks.run_full(), stacks.run_minimal()):
            assert {key: len(found) for key, found in recording.records().items() if len(found) > 1} == {}

    def test_each_record_is_in_its_domains_zone_and_the_hosts_in_that_of_its_domain(self) -> None:
        for resource in stacks.run_full().of_type("DnsRecord").values():
            inputs = resource.plain
            idn = inputs["name"].endswith("xn--bcher-kva.example")
            assert inputs["zoneId"] == (stacks.ZONE_OF_ITS_OWN if idn else zone_id("example.org"))

    def test_a_host_in_a_zone_of_its_own_has_its_records_there(self) -> None:
        settings = stacks.changed(
            stacks.repeatable(),
            tls={"source": "self-signed"},
            server__hostname="mx.example.com",
            server__zoneId=stacks.ZONE_OF_ITS_OWN,
        )
        recording = stacks.run(settings)
        of_host = {
            (inputs["type"], inputs["zoneId"])
            for inputs in (found.plain for found in recording.of_type("DnsRecord").values())
            if inputs["name"] == "mx.example.com"
        }
        assert of_host == {(kind, stacks.ZONE_OF_ITS_OWN) for kind in ("A", "AAAA", "TXT")}
        assert recording.records()["example.net", "MX"] == ["mx.example.com"]
        told = {(record["name"], record["type"]) for record in recording.outputs["host_records"]}
        assert told == {("mx.example.com", kind) for kind in ("A", "AAAA", "TXT")}
        assert all(
            not record["name"].endswith("example.com")
            for domain in recording.outputs["domains"].values()
            for record in domain["records"]
        )

    def test_the_longest_domain_is_the_zone_of_a_host(self) -> None:
        settings = stacks.changed(stacks.repeatable(), tls={"source": "self-signed"})
        settings["server"]["hostname"] = "mail.sub.example.org"
        settings["domains"][1]["name"] = "sub.example.org"
        hosts = [
            found.plain["zoneId"]
            for found in stacks.run(settings).of_type("DnsRecord").values()
            if found.plain["name"] == "mail.sub.example.org"
        ]
        assert hosts == [zone_id("sub.example.org")] * 3

    def test_a_domain_agrees_to_the_reports_that_another_sends_it(self) -> None:
        settings = stacks.changed(
            stacks.repeatable(),
            domains__1__dmarc={"rua": ["mailto:postmaster+dmarc@example.org", "mailto:x@lists.example.org"]},
        )
        agreements = {key: value for key, value in stacks.run(settings).records().items() if "._report." in key[0]}
        assert agreements == {
            ("example.net._report._dmarc.example.org", "TXT"): txt("v=DMARC1"),
            ("example.net._report._dmarc.lists.example.org", "TXT"): txt("v=DMARC1"),
        }


class TestRecordsAreAsCloudflareKeepsThem:
    """What differs from this form differs in every later preview."""

    @pytest.fixture(params=[stacks.run_minimal, stacks.run_full])
    def inputs(self, request: pytest.FixtureRequest) -> list[dict[str, Any]]:
        return [found.plain for found in request.param().of_type("DnsRecord").values()]

    def test_names_are_full_lower_case_a_labels(self, inputs: list[dict[str, Any]]) -> None:
        for record in inputs:
            assert re.fullmatch(r"([a-z0-9_-]+\.)+[a-z0-9-]+", record["name"])

    def test_the_form_of_each_type(self, inputs: list[dict[str, Any]]) -> None:
        for record in inputs:
            kind = record["type"]
            assert record["ttl"] == 1
            assert record["proxied"] is False
            assert ("data" in record) == (kind == "SRV")
            assert ("content" in record) == (kind != "SRV")
            assert record.get("priority") == {"MX": 10, "SRV": 0}.get(kind)
            if kind == "TXT":
                assert re.fullmatch(r'"[^"]{1,255}"( "[^"]{1,255}")*', record["content"])

    def test_every_comment_says_how_needed_it_is_and_why(self, inputs: list[dict[str, Any]]) -> None:
        for record in inputs:
            assert re.fullmatch(r"(required|recommended|optional): [A-Z].*\.", record["comment"])
            assert len(record["comment"]) <= 100

    def test_a_replaced_record_goes_before_the_new_one_comes(self) -> None:
        for resource in stacks.run_minimal().of_type("DnsRecord").values():
            assert resource.options["delete_before_replace"] is True


class TestTheDkimRecordIsOfTheKeyThatSigns:
    @pytest.mark.parametrize(
        ("run", "domain", "selector", "algorithm", "signs"),
        [
            (stacks.run_minimal, "example.org", "default", "rsa", True),
            (stacks.run_full, "example.org", "r2026", "rsa", False),
            (stacks.run_full, "example.org", "e2026", "ed25519", True),
            (stacks.run_full, "xn--bcher-kva.example", "default", "ed25519", True),
        ],
    )
    def test_seeded_key_and_record(
        self, run: Callable[[], Recording], domain: str, selector: str, algorithm: str, *, signs: bool
    ) -> None:
        recording = run()
        seeded = recording.seeded()[f"/data/dkim_keys/{domain}_{selector}.key"]
        assert seeded["permissions"] == "0600"
        (content,) = recording.records()[f"{selector}._domainkey.{domain}", "TXT"]
        expected = public_key(seeded["content"])
        assert content.replace('" "', "") == f'"v=DKIM1; k={algorithm}; p={expected}"'
        assert recording.outputs["domains"][domain]["dkim"][selector] == {
            "name": f"{selector}._domainkey.{domain}",
            "public_key": expected,
            "signs": signs,
        }

    def test_an_adopted_key_is_the_one_that_was_given(self) -> None:
        seeded = stacks.run_full().seeded()["/data/dkim_keys/example.org_e2026.key"]
        assert seeded["content"] == stacks.ed25519_pem(3)

    def test_the_listed_selectors_sign_and_all_are_published(self) -> None:
        recording = stacks.run_full()
        conf = recording.seeded()["/data/maddy.conf"]["content"]
        assert re.findall(r"^ *dkim (\S+ \S+)$", conf, re.MULTILINE) == [
            "example.org e2026",
            "xn--bcher-kva.example default",
        ]
        assert ("r2026._domainkey.example.org", "TXT") in recording.records()


class TestWhatIsSwitchedOffIsNotPublished:
    def test_apex(self) -> None:
        records = stacks.run_full().records()
        assert not {("example.org", "A"), ("example.org", "AAAA")} & set(records)
        assert records["xn--bcher-kva.example", "A"] == ["198.51.100.25"]

    def test_mta_sts_of_one_domain(self) -> None:
        settings = stacks.changed(stacks.repeatable(), domains__0__mtaSts={"enabled": False})
        recording = stacks.run(settings)
        assert not [name for name, _ in recording.records() if "mta-sts" in name and name.endswith("example.org")]
        assert recording.records()["mta-sts.example.net", "A"] == ["198.51.100.25"]
        assert recording.outputs["domains"]["example.org"]["mta_sts"] is None
        assert recording.outputs["endpoints"]["https"]["host"] == "mta-sts.example.net"
        assert [name for name in recording.of_type("Command") if "policy-served" in name] == [
            "example.net-policy-served"
        ]

    def test_mta_sts_of_all_domains_takes_the_policy_site_with_it(self) -> None:
        off = {"enabled": False}
        recording = stacks.run(stacks.changed(stacks.repeatable(), domains__0__mtaSts=off, domains__1__mtaSts=off))
        assert not [resource.name for resource in recording.resources if "policy" in resource.name]
        assert list(recording.of_type("Container")) == ["data-seed", "server"]
        assert not [name for name, _ in recording.records() if "mta-sts" in name]
        assert "https" not in recording.outputs["endpoints"]

    def test_tls_rpt_and_dmarc_reports(self) -> None:
        settings = stacks.changed(
            stacks.repeatable(), domains__0__tlsRpt={"enabled": False}, domains__0__dmarc={"rua": []}
        )
        records = stacks.run(settings).records()
        assert ("_smtp._tls.example.org", "TXT") not in records
        assert records["_dmarc.example.org", "TXT"] == txt("v=DMARC1; p=quarantine")

    def test_ipv6(self) -> None:
        recording = stacks.run(stacks.changed(stacks.repeatable(), server__ipv6=None))
        assert "AAAA" not in {kind for _, kind in recording.records()}


class TestAnIdnDomain:
    def test_is_in_a_labels_for_dns_files_and_outputs(self) -> None:
        recording = stacks.run_full()
        assert all(name.isascii() for name, _ in recording.records())
        assert "/data/dkim_keys/xn--bcher-kva.example_default.key" in recording.seeded()
        assert set(recording.outputs["domains"]) == {"example.org", "xn--bcher-kva.example"}
        assert "anna@xn--bcher-kva.example" in recording.outputs["accounts"]

    def test_is_in_unicode_where_maddy_keeps_and_looks_up_addresses(self) -> None:
        recording = stacks.run_full()
        assert "anna@bücher.example" in json.loads(recording.one("Command", "accounts").plain["stdin"])
        assert "postmaster@bücher.example: anna@bücher.example\n" in recording.seeded()["/data/aliases"]["content"]


class TestGoldenRecordTables:
    """The record table of an example stack: a change of DNS is a diff in a pull request."""

    @pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
    def test_of_a_stack_file(self, stack: str, golden: Callable[[str, str], None]) -> None:
        golden(f"stack-{stack}", _tables(stacks.run(stacks.of_file(stack))))

    def test_of_two_domains(self, golden: Callable[[str, str], None]) -> None:
        golden("stack-two-domains", _tables(stacks.run_full()))


def _tables(recording: Recording) -> str:
    """The record table of each domain."""
    tables = []
    for _, domain in sorted(recording.outputs["domains"].items()):
        records = [Record(**record) for record in domain["records"]]
        tables.append(record_table.render([_without_key(record) for record in records]))
    return "\n".join(tables)


def _without_key(record: Record) -> Record:
    """Return a record without the public key, which another run has another of."""
    text = re.sub(r"p=[A-Za-z0-9+/=]{40,}", "p=(its key)", record.content)
    return Record(**{**record_table.as_dict(record), "content": text})  # type: ignore[arg-type]
