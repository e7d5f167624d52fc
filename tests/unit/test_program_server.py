"""How the containers, volumes and networks of the whole program are declared."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any

import pytest
import stacks
from recorder import Recording, Resource

from components import docker_host

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104


class TestFilesAreThereBeforeTheServerStarts:
    def test_every_file_with_its_mode(self) -> None:
        assert {path: file["permissions"] for path, file in stacks.run_full().seeded().items()} == {
            "/data/maddy.conf": "0600",
            "/data/aliases": "0644",
            "/data/tls/fullchain.pem": "0644",
            "/data/tls/privkey.pem": "0600",
            "/data/tls/smart_host_ca.pem": "0644",
            "/data/dkim_keys/example.org_r2026.key": "0600",
            "/data/dkim_keys/example.org_e2026.key": "0600",
            "/data/dkim_keys/xn--bcher-kva.example_default.key": "0600",
        }
        assert {path: file["permissions"] for path, file in stacks.run_full().seeded("site-seed").items()} == {
            "/srv/Caddyfile": "0644",
            "/srv/tls/fullchain.pem": "0644",
            "/srv/tls/privkey.pem": "0600",
            "/srv/example.org/.well-known/mta-sts.txt": "0644",
            "/srv/xn--bcher-kva.example/.well-known/mta-sts.txt": "0644",
        }

    @pytest.mark.parametrize(("server", "volume"), [("server", "data"), ("policy-site", "site")])
    def test_the_server_waits_for_the_container_that_carries_them_in(self, server: str, volume: str) -> None:
        recording = stacks.run_minimal()
        seed = recording.one("Container", f"{volume}-seed")
        assert seed.urn in recording.one("Container", server).dependencies
        assert recording.one("Volume", volume).urn in seed.dependencies
        assert seed.plain["start"] is False
        assert seed.plain["mustRun"] is False
        assert seed.plain["networkMode"] == "none"
        (mount,), (seed_mount,) = recording.one("Container", server).plain["mounts"], seed.plain["mounts"]
        assert mount["source"] == seed_mount["source"] == recording.one("Volume", volume).plain["name"]
        assert mount["target"] == seed_mount["target"]
        assert mount["readOnly"] is (volume == "site")

    def test_the_certificate_covers_host_and_policy_hosts_and_ca_is_an_output(self) -> None:
        recording = stacks.run_full()
        made = recording.one("SelfSignedCertificate", "certificate")
        assert made.plain["names"] == ["mail.example.org", "mta-sts.example.org", "mta-sts.xn--bcher-kva.example"]
        chain = recording.seeded()["/data/tls/fullchain.pem"]["content"]
        assert chain.endswith(recording.outputs["ca_certificate"])
        assert chain.count("-----BEGIN CERTIFICATE-----") == 2
        assert recording.seeded("site-seed")["/srv/tls/fullchain.pem"]["content"] == chain

    def test_a_certificate_from_files_is_passed_on(self) -> None:
        chain, key, _ = stacks.issued(0, *stacks.NAMES)
        recording = stacks.run_repeatable()
        assert recording.seeded()["/data/tls/fullchain.pem"]["content"] == chain
        assert recording.seeded()["/data/tls/privkey.pem"]["content"] == key
        assert recording.of_type("SelfSignedCertificate") == {}
        assert recording.outputs.get("ca_certificate") is None


class TestMailOutlivesEverything:
    def test_the_data_volume_is_protected_kept_and_never_replaced(self) -> None:
        volume = stacks.run_minimal().one("Volume", "data")
        assert volume.options["protect"] is True
        assert volume.options["retain_on_delete"] is True
        assert volume.options["ignore_changes"] == ["labels", "driver", "driverOpts"]
        assert volume.plain == {"name": "maddy-dev-data"}

    def test_nothing_else_is_protected_or_kept(self) -> None:
        others = [
            found for found in stacks.run_minimal().resources if found.name != "data" or "Volume" not in found.type
        ]
        assert not [found.name for found in others if found.options["protect"] or found.options["retain_on_delete"]]

    def test_protection_can_be_lifted_and_the_volume_is_kept_all_the_same(self) -> None:
        recording = stacks.run(stacks.changed(stacks.repeatable(), server__protectData=False))
        assert recording.one("Volume", "data").options["protect"] is False
        assert recording.one("Volume", "data").options["retain_on_delete"] is True


@pytest.mark.parametrize("name", ["server", "policy-site"])
@pytest.mark.parametrize("run", [stacks.run_minimal, stacks.run_full], ids=["minimal", "full"])
class TestAContainerHasNoMoreRightsThanItNeeds:
    @pytest.fixture
    def inputs(self, run: Callable[[], Recording], name: str) -> dict[str, Any]:
        return run().one("Container", name).plain

    def test_rights(self, inputs: dict[str, Any], name: str) -> None:
        kept = {"server": {}, "policy-site": {"adds": ["CAP_NET_BIND_SERVICE"]}}[name]
        assert inputs["capabilities"] == {"drops": ["ALL"], **kept}
        assert inputs["securityOpts"] == ["no-new-privileges:true"]
        assert "privileged" not in inputs

    def test_file_system(self, inputs: dict[str, Any], name: str) -> None:
        assert inputs["readOnly"] is True
        assert set(inputs["tmpfs"]) == {"server": {"/tmp"}, "policy-site": {"/config", "/data"}}[name]  # noqa: S108
        assert all({"nosuid", "nodev", "noexec"} <= set(options.split(",")) for options in inputs["tmpfs"].values())

    def test_limits(self, inputs: dict[str, Any], run: Callable[[], Recording], name: str) -> None:
        memory, cpus = {
            (stacks.run_minimal, "server"): (512, 1.0),
            (stacks.run_minimal, "policy-site"): (128, 0.5),
            (stacks.run_full, "server"): (256, 0.5),
            (stacks.run_full, "policy-site"): (64, 0.5),
        }[run, name]
        assert (inputs["memory"], inputs["memorySwap"], float(inputs["cpus"])) == (memory, memory, cpus)
        assert inputs["logDriver"] == "json-file"
        assert inputs["logOpts"] == {"max-size": "10m", "max-file": "3"}

    def test_running_and_being_replaced(self, inputs: dict[str, Any], run: Callable[[], Recording], name: str) -> None:
        assert inputs["restart"] == "unless-stopped"
        assert (inputs["wait"], inputs["mustRun"]) == (True, True)
        options = run().one("Container", name).options
        assert set(options["replace_on_changes"]) == {"healthcheck", "tmpfs", "init"}
        assert options["delete_before_replace"] is True

    def test_the_image_is_the_one_that_was_pulled(
        self, inputs: dict[str, Any], run: Callable[[], Recording], name: str
    ) -> None:
        image = run().one("RemoteImage", f"{name}-image")
        assert image.plain == {
            "name": {"server": "foxcpp/maddy:0.8.2", "policy-site": "caddy:2.11.9"}[name],
            "keepLocally": True,
        }
        assert inputs["image"].startswith("sha256:")
        assert image.urn in run().one("Container", name).dependencies


class TestHealthIsWhatClientsSee:
    def test_the_mail_server_is_spoken_to_in_smtp(self) -> None:
        check = stacks.run_minimal().one("Container", "server").plain["healthcheck"]
        kind, command = check["tests"]
        assert kind == "CMD-SHELL"
        assert re.search(r"EHLO .*\| nc .* 25 \| grep -q STARTTLS$", command)
        assert (check["interval"], check["timeout"], check["retries"]) == ("5s", "5s", 3)

    def test_the_policy_site_is_spoken_to_in_http(self) -> None:
        _, command = stacks.run_minimal().one("Container", "policy-site").plain["healthcheck"]["tests"]
        assert re.search(r"HTTP/1.*\| nc .* 80 \| grep -q '\^HTTP/1'$", command)


class TestPortsAreWhereTheyWereAskedFor:
    @staticmethod
    def published(container: Resource) -> dict[tuple[str, int], int]:
        """The host's address and port to the port in the container."""
        found = {(port["ip"], port["external"]): port["internal"] for port in container.plain["ports"]}
        assert len(found) == len(container.plain["ports"])
        return found

    def test_everywhere_by_default(self) -> None:
        recording = stacks.run_minimal()
        assert set(self.published(recording.one("Container", "server"))) == {
            (address, port) for address in EVERYWHERE for port in (25, 143, 465, 587, 993)
        }
        assert set(self.published(recording.one("Container", "policy-site"))) == {
            (address, port) for address in EVERYWHERE for port in (80, 443)
        }

    def test_on_the_addresses_and_ports_given_and_metrics_on_theirs_alone(self) -> None:
        bound_to = ("198.51.100.25", "2001:db8:25::25")
        recording = stacks.run_full()
        assert set(self.published(recording.one("Container", "server"))) == {
            *((address, port) for address in bound_to for port in (25, 143, 465, 10587, 993)),
            ("10.0.0.5", 9100),
        }
        assert set(self.published(recording.one("Container", "policy-site"))) == {
            (address, port) for address in bound_to for port in (80, 443)
        }

    def test_to_what_listens_in_the_container(self) -> None:
        recording = stacks.run_full()
        conf = recording.seeded()["/data/maddy.conf"]["content"]
        protocol = {25: "smtp", 143: "imap", 465: "submission", 10587: "submission", 993: "imap", 9100: "openmetrics"}
        for (_, external), internal in self.published(recording.one("Container", "server")).items():
            secure = "tls" if external in (465, 993) else "tcp"
            assert re.search(rf"^{protocol[external]} .*\b{secure}://0\.0\.0\.0:{internal}\b", conf, re.MULTILINE)
        caddyfile = recording.seeded("site-seed")["/srv/Caddyfile"]["content"]
        for (_, external), internal in self.published(recording.one("Container", "policy-site")).items():
            assert f"{'https' if external == 443 else 'http'}://:{internal}" in caddyfile
            if external == 443:
                assert f"https://mta-sts.example.org:{internal}" in caddyfile

    @pytest.mark.parametrize("name", ["server", "policy-site"])
    def test_each_from_a_port_of_its_own_in_an_order_that_docker_keeps(self, name: str) -> None:
        inside = list(self.published(stacks.run_full().one("Container", name)).values())
        assert inside == sorted(set(inside))

    def test_no_metrics_unless_asked_for(self) -> None:
        assert "openmetrics" not in stacks.run_minimal().seeded()["/data/maddy.conf"]["content"]
        assert "openmetrics tcp://0.0.0.0:9749" in stacks.run_full().seeded()["/data/maddy.conf"]["content"]

    def test_endpoints_name_host_and_published_port(self) -> None:
        assert stacks.run_full().outputs["endpoints"] == {
            "smtp": {"host": "mail.example.org", "port": 25},
            "imap": {"host": "mail.example.org", "port": 143},
            "submissions": {"host": "mail.example.org", "port": 465},
            "submission": {"host": "mail.example.org", "port": 10587},
            "imaps": {"host": "mail.example.org", "port": 993},
            "https": {"host": "mta-sts.example.org", "port": 443},
        }

    def test_resolvers(self) -> None:
        assert stacks.run_full().one("Container", "server").plain["dns"] == ["198.51.100.53"]
        assert "dns" not in stacks.run_minimal().one("Container", "server").plain


class TestTheNetwork:
    def test_of_the_stacks_own_forwards_ipv6_by_a_unique_local_prefix(self) -> None:
        recording = stacks.run_minimal()
        network = recording.one("Network", "network").plain
        assert (network["name"], network["driver"], network["ipv6"]) == ("maddy-dev", "bridge", True)
        (pool,) = network["ipamConfigs"]
        subnet = ipaddress.IPv6Network(pool["subnet"])
        assert subnet.subnet_of(ipaddress.IPv6Network("fd00::/8"))
        assert subnet.prefixlen == 64
        for name in ("server", "policy-site"):
            assert recording.one("Container", name).plain["networksAdvanced"] == [{"name": "maddy-dev"}]

    def test_without_ipv6_has_none(self) -> None:
        network = stacks.run(stacks.changed(stacks.repeatable(), server__ipv6=None)).one("Network", "network").plain
        assert network["ipv6"] is False
        assert "ipamConfigs" not in network

    def test_that_is_there_already_is_joined_and_none_is_made(self) -> None:
        recording = stacks.run(stacks.of_file("dev"))
        assert recording.of_type("Network") == {}
        (joined,) = recording.one("Container", "server").plain["networksAdvanced"]
        assert joined == {"name": "maddy-lab-dev", "ipv4Address": "198.51.100.25", "ipv6Address": "2001:db8:25::25"}

    def test_of_the_stacks_own_is_for_the_container_that_joins_no_other(self) -> None:
        recording = stacks.run(stacks.changed(stacks.repeatable(), server__network={"name": "there"}))
        assert recording.one("Container", "server").plain["networksAdvanced"] == [{"name": "there"}]
        assert recording.one("Container", "policy-site").plain["networksAdvanced"] == [{"name": "maddy-dev"}]


class TestTheSmartHost:
    def test_relays_everything_with_its_login_and_ca(self) -> None:
        conf = stacks.run_full().seeded()["/data/maddy.conf"]["content"]
        assert "targets tls://relay.example:465\n" in conf
        assert 'auth plain "me" "relay \\"password\\" with spaces"\n' in conf
        assert "root_ca /data/tls/smart_host_ca.pem\n" in conf
        assert "target.remote" not in conf

    def test_is_not_there_unless_asked_for(self) -> None:
        recording = stacks.run_minimal()
        assert "target.remote outbound_delivery {" in recording.seeded()["/data/maddy.conf"]["content"]
        assert "/data/tls/smart_host_ca.pem" not in recording.seeded()


def test_providers_are_the_ones_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(docker_host, "require", asked.append)
    recording = stacks.run(
        stacks.changed(
            stacks.repeatable(),
            server__dockerHost="ssh://root@mail.example.org",
            cloudflare__baseUrl="http://127.0.0.1:8425/client/v4",
        )
    )
    assert asked == ["ssh://root@mail.example.org"]
    assert recording.one("docker", "docker").plain["host"] == "ssh://root@mail.example.org"
    cloudflare = recording.one("cloudflare", "cloudflare").plain
    assert (cloudflare["baseUrl"], cloudflare["apiToken"]) == ("http://127.0.0.1:8425/client/v4", stacks.TOKEN)
    for resource in recording.resources:
        package = resource.type.partition(":")[0]
        if package in ("docker", "cloudflare"):
            assert f":providers:{package}::{package}::" in resource.provider, resource.name
    for command in recording.of_type("Command").values():
        assert command.plain["environment"]["DOCKER_HOST"] == "ssh://root@mail.example.org"
