"""What a stack file may say, and how it is told what is wrong with it."""

import re
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
import stacks
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from recorder import PROGRAM, record
from stack_errors import bad, read

from mail import certificates, dkim
from settings import SettingsError

TWO = {"name": "example.net", "accounts": ["postmaster"]}


class TestAMinimalStackHasTheDefaultsOfTheManual:
    def test_server_and_site(self) -> None:
        found = read(stacks.minimal())
        assert found.server.image == "foxcpp/maddy:0.8.2"
        assert dict(found.server.ports) == {
            "smtp": 25,
            "imap": 143,
            "submissions": 465,
            "submission": 587,
            "imaps": 993,
        }
        assert (found.server.memory, found.server.cpus, found.server.protect_data) == (512, 1.0, True)
        assert found.server.bound_to == [IPv4Address("0.0.0.0"), IPv6Address("::")]  # noqa: S104
        assert found.policy_site.image == "caddy:2.11.9"
        assert found.certificate_names == ["mail.example.org", "mta-sts.example.org"]

    def test_domain(self) -> None:
        (domain,) = read(stacks.minimal()).domains
        assert domain.spf == "v=spf1 mx ~all"
        assert domain.dmarc_text == "v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org"
        assert domain.tls_rpt_text == "v=TLSRPTv1; rua=mailto:postmaster@example.org"
        assert (domain.mta_sts.enabled, domain.mta_sts.mode, domain.mta_sts.max_age) == (True, "testing", 604800)
        (selector,) = domain.dkim.selectors
        assert (selector.name, selector.algorithm, domain.dkim.signs_with) == ("default", "rsa2048", ["default"])
        assert domain.apex is True
        assert domain.addresses == ["mail@example.org", "postmaster@example.org"]


class TestSeveralSpellingsAreOneValue:
    def test_names(self) -> None:
        found = read(
            stacks.changed(stacks.minimal(), server__hostname="MAIL.Bücher.example.", domains__0__name="BÜCHER.example")
        )
        assert found.server.hostname == "mail.xn--bcher-kva.example"
        assert found.host_domain is found.domains[0]
        assert found.domains[0].addresses == ["mail@xn--bcher-kva.example", "postmaster@xn--bcher-kva.example"]

    def test_one_value_for_a_list_of_one(self) -> None:
        found = read(
            stacks.changed(
                stacks.minimal(),
                server__bindAddress="198.51.100.25",
                server__dns="198.51.100.53",
                domains__0__aliases={"Info": "Mail"},
                domains__0__dmarc={"rua": "mailto:mail+dmarc@example.org"},
            )
        )
        assert found.server.bound_to == [IPv4Address("198.51.100.25")]
        assert found.server.dns == [IPv4Address("198.51.100.53")]
        assert found.alias_table == {"info@example.org": ["mail@example.org"]}
        assert found.domains[0].dmarc.rua == ["mailto:mail+dmarc@example.org"]

    def test_a_name_for_an_account_or_selector_with_nothing_else(self) -> None:
        named = stacks.changed(stacks.minimal(), domains__0__dkim={"selectors": ["S2026"]})
        assert read(named) == read(
            stacks.changed(
                stacks.minimal(),
                domains__0__dkim={"selectors": [{"name": "s2026"}]},
                domains__0__accounts=[{"name": "mail"}, {"name": "postmaster"}],
            )
        )


class TestAliasesEndAtAccountsOrOutside:
    def test_by_way_of_others_and_other_domains(self) -> None:
        aliases = {"a": "b", "b": ["mail", "postmaster@example.net", "out@example.com"], "c": ["a", "b"]}
        found = read(
            stacks.changed(
                stacks.minimal(),
                domains=[{"name": "example.org", "accounts": ["mail"], "aliases": {**aliases, "postmaster": "c"}}, TWO],
            )
        )
        ends = ["mail@example.org", "postmaster@example.net", "out@example.com"]
        assert found.alias_table == {f"{alias}@example.org": ends for alias in ("a", "b", "c", "postmaster")}


class TestPublicAddresses:
    @pytest.mark.parametrize("address", ["198.51.100.25", "192.0.2.1", "203.0.113.7", "9.9.9.9"])
    def test_ipv4(self, address: str) -> None:
        assert read(stacks.changed(stacks.minimal(), server__ipv4=address)).server.ipv4 == IPv4Address(address)

    @pytest.mark.parametrize("address", ["2001:db8::1", "2620:fe::fe"])
    def test_ipv6(self, address: str) -> None:
        assert read(stacks.changed(stacks.minimal(), server__ipv6=address)).server.ipv6 == IPv6Address(address)

    def test_those_in_a_network_or_bound_to_may_be_private(self) -> None:
        read(
            stacks.changed(
                stacks.minimal(),
                server__network={"name": "backend", "ipv4": "10.1.2.3", "ipv6": "fd00::3"},
                server__bindAddress=["127.0.0.25", "192.168.1.2"],
            )
        )


class TestACertificateIsCheckedBeforeAnythingChanges:
    @staticmethod
    def told(chain: str, key: str) -> list[str]:
        return bad(tls={"source": "files", "files": {"certificate": chain, "privateKey": key}})

    def test_names(self) -> None:
        chain, key, _ = stacks.issued(0, "mail.example.org")
        (line,) = self.told(chain, key)
        assert line.startswith("tls.files.certificate: does not cover mta-sts.example.org (it covers mail.example.org)")

    def test_names_of_domains_without_a_policy_are_not_needed(self) -> None:
        chain, key, _ = stacks.issued(0, "mail.example.org")
        files = {"source": "files", "files": {"certificate": chain, "privateKey": key}}
        read(stacks.changed(stacks.minimal(), tls=files, domains__0__mtaSts={"enabled": False}))

    def test_expiry(self) -> None:
        long_ago = datetime.now(UTC) - timedelta(days=400)
        ca = certificates.issue_ca("old", now=long_ago)
        leaf = certificates.issue_leaf(ca, stacks.NAMES, now=long_ago)
        (line,) = self.told(leaf.certificate + ca.certificate, leaf.private_key)
        assert re.search(r"^tls\.files\.certificate: .* has expired on \d{4}-\d\d-\d\d: renew it$", line)

    def test_key(self) -> None:
        chain, _, _ = stacks.issued(0, *stacks.NAMES)
        other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (line,) = self.told(chain, other.decode())
        assert line.startswith("tls.files.privateKey: is not the key of the certificate")


class TestDkimKeysAreAdopted:
    @pytest.mark.parametrize("algorithm", ["rsa2048", "ed25519"])
    def test_of_any_algorithm(self, algorithm: dkim.Algorithm) -> None:
        pem = dkim.generate(algorithm)
        selector = {"name": "old", "algorithm": algorithm, "privateKey": pem}
        found = read(stacks.changed(stacks.minimal(), domains__0__dkim={"selectors": [selector]}))
        (adopted,) = found.domains[0].dkim.selectors
        assert adopted.private_key is not None
        assert adopted.private_key.get_secret_value() == pem


class TestTheProgramSaysItToo:
    def test_before_it_declares_anything(self) -> None:
        with pytest.raises(SettingsError, match=r"server\.ipv4: 'x' is no IPv4 address"):
            record(stacks.changed(stacks.minimal(), server__ipv4="x"))

    def test_a_key_that_is_none_at_the_top(self) -> None:
        with pytest.raises(SettingsError, match=r"polcySite: is no setting: did you mean policySite\?"):
            record({**stacks.minimal(), "polcySite": {}})

    def test_a_token_in_the_open(self) -> None:
        with pytest.raises(SettingsError, match=r"cloudflare\.apiToken: is in plain text in the stack file"):
            record(stacks.minimal(), secrets=())

    def test_the_projects_own_dev_stack_is_right(self) -> None:
        read(stacks.of_file("dev"))
        assert "secure" in (PROGRAM.with_name("Pulumi.dev.yaml")).read_text(encoding="utf-8")
