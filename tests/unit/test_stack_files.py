"""`Pulumi.staging.yaml` and `Pulumi.prod.yaml`: examples that are whole stacks, for a person to copy and edit."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import stacks
import yaml
from recorder import PROGRAM

import settings as stack_settings
from settings import Settings

STACKS = {
    "staging": ("example.net", "203.0.113.25", "2001:db8:1::25"),
    "prod": ("example.com", "192.0.2.25", "2001:db8::25"),
}
PLACEHOLDER = "# PLACEHOLDER"


def text(stack: str) -> str:
    """The stack file as it is in the project."""
    return PROGRAM.with_name(f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")


def load(settings: Mapping[str, Any]) -> Settings:
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    return stack_settings.load(config, stacks.SECRET_KEYS)


def edited(stack: str) -> str:
    """The stack file as a person makes it their own, but for the token, which `pulumi config set` puts in."""
    domain, ipv4, ipv6 = STACKS[stack]
    mine = text(stack).replace(domain, "mine.example").replace(ipv4, "9.9.9.9").replace(ipv6, "2620:fe::9")
    return "".join(line for line in mine.splitlines(keepends=True) if PLACEHOLDER not in line)


@pytest.mark.parametrize("stack", STACKS)
class TestEditedInTheOrderOfItsComments:
    def test_is_a_stack_of_that_domain_at_those_addresses(self, stack: str) -> None:
        mine = load(stacks.of_text(edited(stack)))
        assert mine.server.hostname == "mail.mine.example"
        assert (str(mine.server.ipv4), str(mine.server.ipv6)) == ("9.9.9.9", "2620:fe::9")
        assert [domain.name for domain in mine.domains] == ["mine.example"]

    def test_nothing_of_the_documentation_is_left_but_the_zone(self, stack: str) -> None:
        left = json.dumps(yaml.safe_load(edited(stack)))
        assert not re.search(r"example\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8|secure|salt", left)
        assert left.count("0" * 32) == 1

    def test_without_ipv6(self, stack: str) -> None:
        without = "".join(line for line in edited(stack).splitlines(keepends=True) if "2620:fe::9" not in line)
        mine = load(stacks.of_text(without))
        assert mine.server.ipv6 is None
        assert [address.version for address in mine.server.bound_to] == [4]

    def test_with_the_zone_looked_up(self, stack: str) -> None:
        without = re.sub(r" +zoneId:.*\n", "", edited(stack))
        assert [domain.zone_id for domain in load(stacks.of_text(without)).domains] == [None]

    def test_each_numbered_place_is_there_once(self, stack: str) -> None:
        head, _, rest = text(stack).partition("\nconfig:\n")
        steps = [int(step) for step in re.findall(r"^#   (\d)\. ", head, re.MULTILINE)]
        assert steps == list(range(1, len(steps) + 1))
        places = [int(place) for place in re.findall(r"# (\d)\.(?: |$)", rest, re.MULTILINE)]
        assert sorted(places) == steps[3:]  # the first three are said by what is to be replaced
        assert places == sorted(places), "the steps go through the file from top to bottom"
        assert rest.count(PLACEHOLDER) == 2


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_commented_out_is_right_as_well(stack: str, tmp_path: Path) -> None:
    domain, _, _ = STACKS[stack]
    chain, key, _ = stacks.issued(0, f"mail.{domain}", f"mta-sts.{domain}")
    (tmp_path / "fullchain.pem").write_text(chain)
    (tmp_path / "privkey.pem").write_text(key)
    whole = re.sub(r"^( *)# ( *(?:\w+:(?: \S+)?|- \S+))$", r"\1\2", text(stack), flags=re.MULTILINE)
    whole = whole.replace(f"/etc/letsencrypt/live/mail.{domain}", str(tmp_path))
    if stack == "prod":
        whole = whole.replace("source: self-signed", "source: files")
    settings = stacks.of_text(whole)
    if "smartHost" in settings["server"]:
        settings["server"]["smartHost"]["password"] = stacks.RELAY_PASSWORD
    mine = load(settings)
    assert mine.server.docker_host == f"ssh://root@mail.{domain}"
    assert mine.server.bound_to == [mine.server.ipv4, mine.server.ipv6]
    if stack == "prod":
        assert mine.tls.files is not None
        assert mine.server.smart_host is not None


def test_the_two_can_share_a_docker_host() -> None:
    staging, prod = (load(stacks.of_file(stack)) for stack in STACKS)
    assert staging.server.bind_address
    assert not {staging.server.ipv4, staging.server.ipv6} & {prod.server.ipv4, prod.server.ipv6}


def test_prod_begins_with_the_first_step_of_each_ramp_and_keeps_its_mail() -> None:
    prod = load(stacks.of_file("prod"))
    assert prod.server.protect_data
    assert [(domain.dmarc.policy, domain.mta_sts.mode) for domain in prod.domains] == [("none", "testing")]
