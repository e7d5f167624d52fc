"""The ways out of a conflict, as commands that a person copies."""

from typing import Any

import pytest
from preflight_world import ZONE, stack, there, ways_out
from stacks import run_minimal

from preflight.to_come import owners, resource_name

PROVIDER = "urn:pulumi:prod::maddy-stack::pulumi:providers:cloudflare::cloudflare"
COMPONENT = "urn:pulumi:prod::maddy-stack::maddy:mail:Domain::example.org"
OLD_MX = there("MX", "mx.old.example", priority=5)


class TestAdopting:
    def test_imports_into_the_component_with_its_provider_which_are_made_first(self) -> None:
        [way] = ways_out(stack(), OLD_MX)
        assert way.prepare == (f"pulumi up --yes --skip-preview --target {PROVIDER} --target {COMPONENT} --stack prod")
        assert way.adopt == (
            f"pulumi import cloudflare:index/dnsRecord:DnsRecord example.org-mx {ZONE.id}/{OLD_MX.id} "
            f"--parent domain={COMPONENT} --provider cloudflare={PROVIDER} "
            "--protect=false --generate-code=false --yes --stack prod"
        )

    def test_makes_nothing_first_that_is_there(self) -> None:
        [way] = ways_out(stack(resources={PROVIDER: "1", COMPONENT: ""}), OLD_MX)
        assert way.prepare is None
        [way] = ways_out(stack(resources={PROVIDER: "1"}), OLD_MX)
        assert way.prepare == f"pulumi up --yes --skip-preview --target {COMPONENT} --stack prod"

    def test_leaves_the_others_to_be_removed(self) -> None:
        backup = there("MX", "b.old.example", number=2, priority=9)
        [way] = ways_out(stack(), OLD_MX, backup)
        assert (way.adopted, way.left) == (OLD_MX.id, [backup.id])

    def test_knows_the_names_that_the_program_gives(self) -> None:
        declared = {item.name: item for item in run_minimal().resources if item.type.endswith(":DnsRecord")}
        [owner] = owners(stack().settings)
        assert {resource_name(record) for record in owner.records} == set(declared)
        of = stack()
        for record in owner.records:
            urn = of.record(resource_name(record))
            assert urn.replace(":prod::", ":dev::") == declared[resource_name(record)].urn
        [parent] = {item.parent for item in declared.values()}
        assert parent.endswith("maddy:mail:Domain::example.org")
        assert of.component("example.org").endswith("::maddy:mail:Domain::example.org")


def dkim(selectors: list[Any], **more: Any) -> Any:
    return lambda settings: settings["domains"][0].update(dkim={"selectors": selectors, **more})


class TestKeeping:
    @pytest.mark.parametrize(
        ("record", "command"),
        [
            (there("A", "203.0.113.9"), "'domains[0].apex' false"),
            (there("CNAME", "o.example", "_mta-sts.example.org"), "'domains[0].mtaSts.enabled' false"),
            (there("A", "203.0.113.9", "mta-sts.example.org"), "'domains[0].mtaSts.enabled' false"),
            (there("CNAME", "o.example", "_smtp._tls.example.org"), "'domains[0].tlsRpt.enabled' false"),
            (there("TXT", '"p=A"', "default._domainkey.example.org"), "'domains[0].dkim.selectors[0]' default2"),
            (
                there("TXT", '"v=spf1 include:old.example -all"'),
                "'domains[0].spf' 'v=spf1 mx include:old.example -all'",
            ),
            (
                there("TXT", '"v=DMARC1; p=none; rua=mailto:a@b.c"', "_dmarc.example.org"),
                "'domains[0].dmarc.policy' none",
            ),
        ],
        ids=lambda value: str(value) if not isinstance(value, str) else "",
    )
    def test_is_one_setting(self, record: Any, command: str) -> None:
        [way] = ways_out(stack(), record)
        assert way.setting == f"pulumi config set --path {command} --stack prod"

    def test_by_another_selector_leaves_the_keys_of_the_old_one(self) -> None:
        of = stack(dkim(["s1", {"name": "s2", "algorithm": "ed25519"}, "s22"]))
        [way] = ways_out(of, there("TXT", '"p=A"', "s2._domainkey.example.org"))
        assert way.setting == "pulumi config set --path 'domains[0].dkim.selectors[1].name' s23 --stack prod"

    def test_says_where_else_a_selector_is_named(self) -> None:
        [way] = ways_out(stack(dkim(["s1"], signing=["s1"])), there("TXT", '"p=A"', "s1._domainkey.example.org"))
        assert way.setting is None
        assert "rename s1 in domains[0].dkim, in selectors and signing" in way.keep

    @pytest.mark.parametrize("text", ["v=spf1 include:old.example", "v=spf1 $(reboot) -all", "v=spf1 +all"])
    def test_carries_no_spf_over_that_the_settings_would_refuse(self, text: str) -> None:
        [way] = ways_out(stack(), there("TXT", f'"{text}"'))
        assert way.setting is None
        assert "domains[0].spf" in way.keep

    def test_of_the_mx_says_that_there_is_one_place_for_mail(self) -> None:
        [way] = ways_out(stack(), OLD_MX)
        assert way.setting is None
        assert "take example.org out of the stack's `domains`" in way.keep

    def test_of_the_hosts_address_asks_for_another_name(self) -> None:
        [way] = ways_out(stack(), there("A", "203.0.113.9", "mail.example.org"))
        assert "server.hostname" in way.keep


class TestRemoving:
    def test_gives_the_token_through_pipes_alone(self) -> None:
        [way] = ways_out(stack(), OLD_MX)
        assert way.remove == {
            OLD_MX.id: "pulumi config get --path cloudflare.apiToken --stack prod | "
            "sed 's/.*/header = \"Authorization: Bearer &\"/' | curl -sS -K - -X DELETE "
            f"https://api.cloudflare.com/client/v4/zones/{ZONE.id}/dns_records/{OLD_MX.id}"
        }


class TestWhatTheZoneSays:
    def test_is_printable(self) -> None:
        [way] = ways_out(stack(), there("TXT", '"v=spf1 \x1b[2J\u202e -all"'))
        [text] = way.existing.values()
        assert text.isprintable()
        assert r"\x1b[2J\u202e" in text
        assert way.setting is None
