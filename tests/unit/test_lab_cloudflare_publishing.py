"""What the lab's Cloudflare keeps and publishes: nothing is lost in a crash, and no serial ever goes back."""

import ipaddress
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.rdatatype
import dns.zone
import pytest
from cloudflare import Cloudflare

from lab.cloudflare.publishing import ZoneFiles
from lab.cloudflare.records import Spec, spec_from
from lab.cloudflare.store import Store, StoreInUseError, zone_id
from lab.cloudflare.zones import Address, Served, serial_of

ZONE = "example.test"


def address(**fields: Any) -> Spec:
    return spec_from({"type": "A", "name": "mail", "content": "198.51.100.25", **fields}, ZONE)


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Open the store in one and the same directory, as often as wanted, each time as after a restart."""
    opened: list[Store] = []

    def open_again(
        zones: Sequence[str] = (ZONE,), served: Served | None = None, names: dict[Address, str] | None = None
    ) -> Store:
        for store in opened:
            store.close()
        files = ZoneFiles(tmp_path / "zones", zones, served or Served(), names or {})
        opened.append(Store(tmp_path, zones, files))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


def published(directory: Path, zone: str = ZONE) -> dns.zone.Zone:
    """The zone file as dnspython reads it, which refuses what is no valid zone."""
    return dns.zone.from_file(str(directory / "zones" / f"{zone}.zone"), relativize=False)


def answers(zone: dns.zone.Zone, name: str, record_type: str) -> list[str]:
    found = zone.get_rdataset(f"{name}.", record_type)
    return sorted(item.to_text() for item in found) if found else []


class TestZoneFile:
    @pytest.mark.parametrize(
        ("fields", "name", "served"),
        [
            ({}, "mail.example.test", "198.51.100.25"),
            ({"type": "AAAA", "content": "2001:db8:25::25"}, "mail.example.test", "2001:db8:25::25"),
            (
                {"type": "MX", "name": "@", "content": "mail.example.test", "priority": 10},
                ZONE,
                "10 mail.example.test.",
            ),
            ({"type": "MX", "name": "@", "content": ".", "priority": 0}, ZONE, "0 ."),
            (
                {"type": "CNAME", "name": "www", "content": "mail.example.test"},
                "www.example.test",
                "mail.example.test.",
            ),
            ({"type": "TXT", "name": "@", "content": 'a "b"; \\ ä'}, ZONE, r'"a \"b\"; \\ \195\164"'),
            ({"type": "TXT", "name": "@", "content": "x" * 300}, ZONE, f'"{"x" * 255}" "{"x" * 45}"'),
            (
                {
                    "type": "SRV",
                    "name": "_imaps._tcp",
                    "data": {"priority": 0, "weight": 1, "port": 993, "target": "mail.example.test"},
                },
                "_imaps._tcp.example.test",
                "0 1 993 mail.example.test.",
            ),
            (
                {"type": "SRV", "name": "_imap._tcp", "data": {"priority": 0, "weight": 0, "port": 0, "target": "."}},
                "_imap._tcp.example.test",
                "0 0 0 .",
            ),
            (
                {"type": "CAA", "name": "@", "data": {"flags": 128, "tag": "iodef", "value": "mailto:a@b.test"}},
                ZONE,
                '128 iodef "mailto:a@b.test"',
            ),
            (
                {
                    "type": "TLSA",
                    "name": "_25._tcp.mail",
                    "data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "ab" * 32},
                },
                "_25._tcp.mail.example.test",
                f"3 1 1 {'ab' * 32}",
            ),
            (
                {"type": "HTTPS", "name": "www", "data": {"priority": 1, "target": ".", "value": 'alpn="h2"'}},
                "www.example.test",
                '1 . alpn="h2"',
            ),
        ],
    )
    def test_holds_what_was_stored(
        self, open_store: Callable[..., Store], tmp_path: Path, fields: dict[str, Any], name: str, served: str
    ) -> None:
        store = open_store()
        spec = address(**fields)
        store.create(store.zones[zone_id(ZONE)], spec)
        assert answers(published(tmp_path), name, spec.type) == [served]

    def test_has_the_name_server_and_its_addresses(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        open_store(served=Served(ns_ipv4="203.0.113.53", ns_ipv6="2001:db8:26::53"))
        zone = published(tmp_path)
        assert answers(zone, ZONE, "NS") == ["ns1.example.test."]
        assert answers(zone, "ns1.example.test", "A") == ["203.0.113.53"]
        assert answers(zone, "ns1.example.test", "AAAA") == ["2001:db8:26::53"]

    def test_hides_the_address_of_a_proxied_record(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        store = open_store(served=Served(anycast_ipv4="203.0.113.104", anycast_ipv6="2001:db8:26::104"))
        store.create(store.zones[zone_id(ZONE)], address(proxied=True))
        zone = published(tmp_path)
        assert answers(zone, "mail.example.test", "A") == ["203.0.113.104"]
        assert answers(zone, "mail.example.test", "AAAA") == ["2001:db8:26::104"]

    def test_serves_the_automatic_ttl_as_a_short_one(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        store = open_store()
        store.create(store.zones[zone_id(ZONE)], address(ttl=1))
        store.create(store.zones[zone_id(ZONE)], address(name="web", ttl=7200))
        zone = published(tmp_path)
        assert zone.find_rdataset("mail.example.test.", "A").ttl == 60
        assert zone.find_rdataset("web.example.test.", "A").ttl == 7200

    def test_can_be_read_by_the_user_of_the_dns_server(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        open_store()
        assert (tmp_path / "zones").stat().st_mode & 0o777 == 0o755
        assert {path.stat().st_mode & 0o777 for path in (tmp_path / "zones").iterdir()} == {0o644}


class TestSerial:
    def test_rises_with_every_change_and_restart(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        seen = []

        def look() -> None:
            seen.append(serial_of((tmp_path / "zones" / "example.test.zone").read_text()))

        store = open_store()
        look()
        record = store.create(store.zones[zone_id(ZONE)], address())
        look()
        store.change(store.zones[zone_id(ZONE)], record.id, address(content="198.51.100.26"))
        look()
        store = open_store(served=Served(ns_ipv4="203.0.113.53"))
        look()
        store.delete(store.zones[zone_id(ZONE)], record.id)
        look()
        (tmp_path / "zones" / "example.test.zone").unlink()
        open_store()
        look()
        assert seen == sorted(set(seen))

    def test_stays_when_nothing_changed(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        names = {ipaddress.ip_address("198.51.100.25"): "mail.example.test"}
        open_store(names=names)
        before = {path: path.read_text() for path in (tmp_path / "zones").iterdir()}
        open_store(names=names)
        assert {path: path.read_text() for path in (tmp_path / "zones").iterdir()} == before

    def test_of_a_reverse_zone_rises_with_its_names(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        host = ipaddress.ip_address("198.51.100.25")
        serials = []
        for name in ("mail.example.test", "mx.example.test"):
            open_store(names={host: name})
            serials.append(serial_of((tmp_path / "zones" / "100.51.198.in-addr.arpa.zone").read_text()))
        assert serials[0] < serials[1]


class TestFrame:
    def test_addresses_have_names(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        hosts = [ipaddress.ip_address(text) for text in ("198.51.100.25", "198.51.100.80", "2001:db8:25::25")]
        open_store(names=dict.fromkeys(hosts, "mail.example.test"))
        for zone, host in (
            ("100.51.198.in-addr.arpa", hosts[0]),
            ("100.51.198.in-addr.arpa", hosts[1]),
            ("0.0.0.0.5.2.0.0.8.b.d.0.1.0.0.2.ip6.arpa", hosts[2]),
        ):
            assert answers(published(tmp_path, zone), host.reverse_pointer, "PTR") == ["mail.example.test."]

    def test_the_root_delegates_the_zones_and_nothing_else(
        self, open_store: Callable[..., Store], tmp_path: Path
    ) -> None:
        open_store(("example.test", "example.org"), names={ipaddress.ip_address("198.51.100.25"): "mail.example.test"})
        root = published(tmp_path, "_root")
        cuts = {
            name.to_text()
            for name, data in root.nodes.items()
            if data.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NS)
        }
        assert cuts == {".", "example.test.", "example.org.", "100.51.198.in-addr.arpa."}

    def test_the_corefile_names_each_file(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        open_store(("example.test", "example.org"))
        text = (tmp_path / "zones" / "Corefile").read_text()
        assert re.findall(r"^(\S+) \{.*?file /zones/(\S+) \{.*?\n\}", text, re.DOTALL | re.MULTILINE) == [
            ("example.test", "example.test.zone"),
            ("example.org", "example.org.zone"),
            (".", "_root.zone"),
        ]

    def test_a_zone_left_out_is_kept_but_not_served(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        store = open_store(("example.test", "example.org"))
        store.create(store.zones[zone_id(ZONE)], address())
        store = open_store(("example.org",))
        assert list(store.zones) == [zone_id("example.org")]
        assert not (tmp_path / "zones" / "example.test.zone").exists()
        assert "example.test" not in (tmp_path / "zones" / "Corefile").read_text()
        store = open_store(("example.test", "example.org"))
        assert len(store.zones[zone_id(ZONE)].records) == 1
        assert answers(published(tmp_path), "mail.example.test", "A") == ["198.51.100.25"]


class TestCrash:
    def test_between_the_record_and_the_zone_file_is_mended_at_the_start(
        self, open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = open_store()
        before = published(tmp_path)
        with monkeypatch.context() as crash:
            crash.setattr(ZoneFiles, "write", lambda *_: pytest.fail("crashed"))
            with pytest.raises(pytest.fail.Exception):
                store.create(store.zones[zone_id(ZONE)], address())
        assert answers(published(tmp_path), "mail.example.test", "A") == []
        open_store()
        after = published(tmp_path)
        assert answers(after, "mail.example.test", "A") == ["198.51.100.25"]
        assert before.get_soa().serial < after.get_soa().serial

    def test_while_writing_leaves_the_old_data(
        self, open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = open_store()
        zone = store.zones[zone_id(ZONE)]
        store.create(zone, address())
        with monkeypatch.context() as full_disk:
            full_disk.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("No space left on device")))
            with pytest.raises(OSError, match="No space left"):
                store.create(zone, address(name="web"))
        assert len(zone.records) == 1
        assert [path.name for path in (tmp_path / "data").iterdir()] == ["example.test.json"]
        assert len(open_store().zones[zone_id(ZONE)].records) == 1

    def test_two_servers_never_share_a_directory(self, open_store: Callable[..., Store], tmp_path: Path) -> None:
        open_store()
        with pytest.raises(StoreInUseError, match="stop it first"):
            Store(tmp_path, [ZONE], ZoneFiles(tmp_path / "zones", [ZONE], Served(), {}))


class TestProcess:
    @contextmanager
    def running(self, directory: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], Cloudflare]]:
        token = directory / "token"
        token.write_text("the-token\n")
        options = ["--data", str(directory), "--port", "0", "--token-file", str(token), "--zone", ZONE, *more]
        command = [sys.executable, "-m", "lab.cloudflare.server", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            try:
                assert process.stdout is not None
                url = process.stdout.readline().split()[0]
                with Cloudflare(api_token="the-token", base_url=url) as client:
                    yield process, client
            finally:
                process.kill()

    def test_an_answered_change_survives_kill_9(self, tmp_path: Path) -> None:
        with self.running(tmp_path) as (process, client):
            made = [
                client.dns.records.create(
                    zone_id=zone_id(ZONE), type="A", name=f"h{number}", content="198.51.100.1", ttl=1
                )
                for number in range(10)
            ]
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert len(json.loads((tmp_path / "data" / "example.test.json").read_text())["records"]) == 10
        with self.running(tmp_path) as (_, client):
            kept = list(client.dns.records.list(zone_id=zone_id(ZONE)))
        assert [record.id for record in kept] == [record.id for record in made if record]
        assert [record.created_on for record in kept] == [record.created_on for record in made if record]

    def test_ends_quietly_when_told_to(self, tmp_path: Path) -> None:
        with self.running(tmp_path, "--ptr", "198.51.100.25=mail.example.test") as (process, _):
            process.terminate()
            assert process.wait(timeout=5) == 0
        assert answers(published(tmp_path, "100.51.198.in-addr.arpa"), "25.100.51.198.in-addr.arpa", "PTR")

    def test_says_what_is_in_its_way(self, tmp_path: Path) -> None:
        with self.running(tmp_path):
            command = [sys.executable, "-m", "lab.cloudflare.server", "--data", str(tmp_path), "--port", "0"]
            command += ["--token-file", str(tmp_path / "token"), "--zone", ZONE]
            second = subprocess.run(command, capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "cannot start" in second.stderr
        assert "stop it first" in second.stderr
        assert "Traceback" not in second.stderr

    @pytest.mark.parametrize(
        ("option", "value"), [("--zone", "not a name"), ("--ptr", "198.51.100.25"), ("--ptr", "x=y.test")]
    )
    def test_refuses_a_senseless_option(self, tmp_path: Path, option: str, value: str) -> None:
        command = [sys.executable, "-m", "lab.cloudflare.server", "--data", str(tmp_path), "--port", "0"]
        command += ["--token-file", str(tmp_path / "token"), "--zone", ZONE, option, value]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 2
        assert f"'{value}'" in run.stderr
