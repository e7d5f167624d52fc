"""Records of the lab's Cloudflare, answered over DNS by a real CoreDNS in a container."""

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import dns.message
import dns.name
import dns.query
import dns.rcode
import docker
import pytest
from cloudflare import Cloudflare

from lab import images
from lab.cloudflare.server import make_server
from lab.cloudflare.store import zone_id
from lab.cloudflare.zones import Served

pytestmark = pytest.mark.engine

ZONE = zone_id("example.test")
SOON = 2.0
"""Seconds in which a published record must be answered."""

Ask = Callable[[str, str], dns.message.Message]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloudflare")


@pytest.fixture(scope="module")
def client(directory: Path) -> Iterator[Cloudflare]:
    names = dict.fromkeys(map(ipaddress.ip_address, ("198.51.100.25", "2001:db8:25::25")), "mail.example.test")
    server = make_server(directory, 0, "the-token", ["example.test", "example.org"], Served(), names)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    base_url = f"http://127.0.0.1:{server.server_port}/client/v4"
    with server, Cloudflare(api_token="the-token", base_url=base_url) as client:
        yield client
        server.shutdown()


@pytest.fixture(scope="module")
def ask(client: Cloudflare, directory: Path) -> Iterator[Ask]:
    """Ask the CoreDNS that serves what `client` publishes."""
    assert client
    daemon = docker.from_env()
    images.ensure(daemon, images.COREDNS)
    name = f"maddy-dnstest-{uuid4().hex[:6]}"
    network = daemon.networks.create(name)
    container = daemon.containers.create(
        images.COREDNS.reference,
        ["-conf", "/zones/Corefile"],
        name=name,
        network=name,
        volumes={str(directory / "zones"): {"bind": "/zones", "mode": "ro"}},
        read_only=True,
        cap_drop=["ALL"],
        cap_add=["NET_BIND_SERVICE"],
        ports={"53/tcp": ("127.0.0.1", None)},
    )
    try:
        container.start()
        container.reload()
        port = int(container.ports["53/tcp"][0]["HostPort"])

        def over_tcp(name: str, record_type: str) -> dns.message.Message:
            return dns.query.tcp(dns.message.make_query(name, record_type), "127.0.0.1", port=port, timeout=5)

        _until(lambda: over_tcp("example.test", "SOA").rcode() == dns.rcode.NOERROR, within=10)
        yield over_tcp
    finally:
        container.remove(force=True)
        network.remove()
        daemon.close()


def _until(true: Callable[[], bool], within: float) -> None:
    deadline = time.monotonic() + within
    while True:
        try:
            if true():
                return
        except (OSError, EOFError):
            pass
        assert time.monotonic() < deadline, f"not so within {within} s"
        time.sleep(0.05)


def _texts(message: dns.message.Message) -> list[str]:
    return [item.to_text() for answer in message.answer for item in answer]


def test_a_change_is_served_soon(client: Cloudflare, ask: Ask) -> None:
    record = client.dns.records.create(zone_id=ZONE, type="A", name="a", content="198.51.100.1", ttl=1)
    assert record is not None
    _until(lambda: _texts(ask("a.example.test", "A")) == ["198.51.100.1"], SOON)
    client.dns.records.edit(record.id, zone_id=ZONE, type="A", name="a", content="198.51.100.2", ttl=1)
    _until(lambda: _texts(ask("a.example.test", "A")) == ["198.51.100.2"], SOON)
    client.dns.records.delete(record.id, zone_id=ZONE)
    _until(lambda: ask("a.example.test", "A").rcode() == dns.rcode.NXDOMAIN, SOON)


def test_a_long_key_is_served_whole(client: Cloudflare, ask: Ask) -> None:
    key = "v=DKIM1; k=rsa; p=" + "A" * 736
    name = "default._domainkey.example.test"
    client.dns.records.create(zone_id=ZONE, type="TXT", name=name, content=key, ttl=1)
    _until(lambda: bool(ask(name, "TXT").answer), SOON)
    [text] = ask(name, "TXT").answer[0]
    assert b"".join(text.strings).decode() == key


@pytest.mark.parametrize("address", ["198.51.100.25", "2001:db8:25::25"])
def test_an_address_has_its_name(ask: Ask, address: str) -> None:
    assert _texts(ask(ipaddress.ip_address(address).reverse_pointer, "PTR")) == ["mail.example.test."]


@pytest.mark.parametrize("name", ["gmail.com", "example.com", "nothing.test", "26.100.51.198.in-addr.arpa"])
def test_a_name_outside_does_not_exist_at_once(ask: Ask, name: str) -> None:
    started = time.monotonic()
    answer = ask(name, "MX")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert answer.authority[0].rdtype == dns.rdatatype.SOA
    assert time.monotonic() - started < 0.5


def test_what_lies_above_a_zone_exists(ask: Ask) -> None:
    assert ask("test", "A").rcode() == dns.rcode.NOERROR
