"""No setting changes in silence: every key of a stack file has its words, or is told with another."""

from typing import Any

import pytest
import stacks
from change_files import base, changes, plain, sealed
from test_docs_configuration import KEYS

from changes.change import Change

SMART_HOST = {"host": "relay.example", "port": 465, "user": "me", "password": sealed("relay-1")}
NETWORK = {"name": "backend", "ipv4": "172.20.0.25", "ipv6": "fd00::25"}
RELAY = {"server__smartHost": SMART_HOST}
_, _, CA = stacks.issued(0, "relay.example")
FILES = base()["tls"]["files"]

CHANGED: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "server.hostname": ({}, {"server__hostname": "mx.example.org"}, "server.hostname mx.example.org"),
    "server.ipv4": ({}, {"server__ipv4": "198.51.100.26"}, "server.ipv4 198.51.100.26"),
    "server.ipv6": ({}, {"server__ipv6": None}, "server.ipv6 removed"),
    "server.zoneId": (
        {"server__hostname": "mail.example.com", "server__zoneId": "0" * 32},
        {"server__hostname": "mail.example.com", "server__zoneId": "1" * 32},
        f"server.zoneId {'1' * 32}",
    ),
    "server.image": ({}, {"server__image": "foxcpp/maddy:0.9.0"}, "server.image foxcpp/maddy:0.9.0"),
    "server.dockerHost": ({}, {"server__dockerHost": "ssh://root@host"}, "server.dockerHost ssh://root@host"),
    "server.bindAddress": (
        {},
        {"server__bindAddress": "198.51.100.25"},
        "server.bindAddress 198.51.100.25",
    ),
    **{
        f"server.ports.{key}": ({}, {"server__ports": {key: 10025}}, f"server.ports.{key} 10025")
        for key in ("smtp", "imap", "submissions", "submission", "imaps")
    },
    "server.network.name": ({"server__network": NETWORK}, {"server__network": {**NETWORK, "name": "x"}}, None),
    "server.network.ipv4": ({"server__network": NETWORK}, {"server__network": {**NETWORK, "ipv4": "10.0.0.26"}}, None),
    "server.network.ipv6": ({"server__network": NETWORK}, {"server__network": {**NETWORK, "ipv6": "fd00::26"}}, None),
    "server.dns": ({}, {"server__dns": "9.9.9.9"}, None),
    "server.memory": ({}, {"server__memory": 256}, "server.memory 256"),
    "server.cpus": ({}, {"server__cpus": 0.5}, None),
    "server.maxMessageSize": ({}, {"server__maxMessageSize": "31M"}, "server.maxMessageSize 31M"),
    "server.protectData": ({}, {"server__protectData": False}, "server.protectData false"),
    "server.smartHost.host": (
        {"server__smartHost": SMART_HOST},
        {"server__smartHost": {**SMART_HOST, "host": "other.example"}},
        "server.smartHost.host other.example",
    ),
    "server.smartHost.port": (RELAY, {"server__smartHost": {**SMART_HOST, "port": 587}}, None),
    "server.smartHost.user": (RELAY, {"server__smartHost": {**SMART_HOST, "user": "x"}}, None),
    "server.smartHost.password": (
        {"server__smartHost": SMART_HOST},
        {"server__smartHost": {**SMART_HOST, "password": sealed("relay-2")}},
        None,
    ),
    "server.smartHost.caCertificate": (
        {"server__smartHost": SMART_HOST},
        {"server__smartHost": {**SMART_HOST, "caCertificate": CA}},
        None,
    ),
    "server.metrics.bindAddress": (
        {"server__metrics": {}},
        {"server__metrics": {"bindAddress": "10.0.0.5"}},
        None,
    ),
    "server.metrics.port": ({"server__metrics": {}}, {"server__metrics": {"port": 9100}}, None),
    "tls.files.certificate": ({}, {"tls__files": {**FILES, "certificate": "/x.pem"}}, None),
    "tls.files.privateKey": ({}, {"tls__files": {**FILES, "privateKey": sealed("key")}}, None),
    "cloudflare.apiToken": ({}, {"cloudflare": {"apiToken": sealed("token-2")}}, None),
    "cloudflare.baseUrl": (
        {},
        {"cloudflare__baseUrl": "http://127.0.0.1:8425/client/v4"},
        "cloudflare.baseUrl http://127.0.0.1:8425/client/v4",
    ),
    "policySite.image": ({}, {"policySite": {"image": "caddy:2.12.0"}}, None),
    "policySite.ipv4": ({}, {"policySite": {"ipv4": "198.51.100.80"}}, None),
    "policySite.ipv6": ({}, {"policySite": {"ipv6": "2001:db8::80"}}, None),
    "policySite.network.name": (
        {"policySite": {"network": {"name": "y"}}},
        {"policySite": {"network": {"name": "x"}}},
        None,
    ),
    "policySite.bindAddress": ({}, {"policySite": {"bindAddress": "198.51.100.80"}}, None),
    "policySite.httpPort": ({}, {"policySite": {"httpPort": 8080}}, None),
    "policySite.httpsPort": ({}, {"policySite": {"httpsPort": 8443}}, "policySite.httpsPort 8443"),
    "policySite.memory": ({}, {"policySite": {"memory": 64}}, None),
    "policySite.cpus": ({}, {"policySite": {"cpus": 0.25}}, None),
}  # fmt: skip


def option(before: dict[str, Any], after: dict[str, Any]) -> Change:
    """The one change of an option; another MX host changes policies as well."""
    (found,) = [one for one in changes(base(**before), base(**after)) if one.area in {"Server", "Policy site"}]
    return found


@pytest.mark.parametrize("key", CHANGED)
def test_a_changed_option_is_one_change(key: str) -> None:
    before, after, token = CHANGED[key]
    found = option(before, after)
    assert found.subject == key
    assert found.token == token
    assert plain(found).endswith(".")


@pytest.mark.parametrize("key", CHANGED)
def test_no_secret_or_file_text_is_shown(key: str) -> None:
    before, after, _ = CHANGED[key]
    found = option(before, after)
    assert "sealed" not in str(found)
    assert "BEGIN" not in str(found)


def test_an_encrypted_user_is_not_shown_either() -> None:
    encrypted = {**SMART_HOST, "user": sealed("me")}
    found = option({"server__smartHost": encrypted}, {"server__smartHost": {**SMART_HOST, "user": sealed("you")}})
    assert (found.subject, found.before, found.after) == ("server.smartHost.user", None, None)


def test_the_source_of_the_certificate() -> None:
    found = changes(base(), base(tls={"source": "self-signed"}))
    assert [one.subject for one in found] == ["tls.source", "tls.files.certificate", "tls.files.privateKey"]
    assert [one.token for one in found] == ["tls.source self-signed", None, None]


def test_every_key_of_the_containers_is_among_them() -> None:
    """Those of a domain are in test_changes_meaning.py."""
    parts = {
        "network": "Network",
        "ports": "Ports",
        "smartHost": "SmartHost",
        "metrics": "Metrics",
        "files": "TlsFiles",
    }
    tops = {"Server": "server", "Tls": "tls", "Cloudflare": "cloudflare", "PolicySite": "policySite"}
    told = {"tls.source", "policySite.network.ipv4", "policySite.network.ipv6"}
    for model, top in tops.items():
        for key in (key for owner, key in KEYS if owner == model):
            below = [inner for owner, inner in KEYS if owner == parts.get(key)] if key in parts else []
            told_as = [f"{top}.{key}.{inner}" for inner in below] or [f"{top}.{key}"]
            assert [name for name in told_as if name not in CHANGED and name not in told] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"server__memory": 1024},
        {"server__maxMessageSize": "1G"},
        {"server__protectData": True},
        {"server__ports": {"smtp": 25}},
        {"server__image": "foxcpp/maddy:0.8.2"},
        {"server__bindAddress": ["0.0.0.0", "::", "198.51.100.25"]},  # noqa: S104
    ],
)
def test_more_of_something_cannot_hurt(changed: dict[str, Any]) -> None:
    assert not any(found.can_hurt for found in changes(base(), base(**changed)))


def test_the_mx_host_in_words() -> None:
    (found,) = [one for one in changes(base(), base(server__hostname="mx.example.org")) if one.area == "Server"]
    assert plain(found).startswith("The MX host changes: PTR and certificate must follow")
