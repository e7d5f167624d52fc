"""The stacks that the tests of the program run: settings as they are in a stack file."""

import copy
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from recorder import PROGRAM, Recording, record

from mail import certificates

TOKEN = "cloudflare-token-0001"
PASSWORD = "the-password-that-was-given"
RELAY_PASSWORD = 'relay "password" with spaces'
NAMES = ("mail.example.org", "mta-sts.example.org", "mta-sts.example.net")
ZONE_OF_ITS_OWN = "0123456789abcdef0123456789abcdef"


def ed25519_pem(seed: int) -> str:
    """The same key for the same seed."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@cache
def issued(serial: int, *names: str) -> tuple[str, str, str]:
    """A chain and its key, and the CA's certificate; another certificate for every serial."""
    now = datetime.now(UTC)
    ca = certificates.issue_ca(f"CA {serial} of the tests", now=now)
    leaf = certificates.issue_leaf(ca, names, now=now)
    return leaf.certificate + ca.certificate, leaf.private_key, ca.certificate


def minimal() -> dict[str, Any]:
    """What a user writes who wants every default."""
    return {
        "server": {"hostname": "mail.example.org", "ipv4": "198.51.100.25", "ipv6": "2001:db8:25::25"},
        "tls": {"source": "self-signed"},
        "domains": [{"name": "example.org", "accounts": ["mail", "postmaster"]}],
        "cloudflare": {"apiToken": TOKEN},
    }


def adopted(seed: int = 1) -> dict[str, Any]:
    """A domain's `dkim` with one key that is the same in every run, and made at once."""
    return {"selectors": [{"name": "default", "algorithm": "ed25519", "privateKey": ed25519_pem(seed)}]}


def repeatable(serial: int = 0) -> dict[str, Any]:
    """A stack in which nothing is made at random, so that two runs declare the same."""
    chain, key, _ = issued(serial, *NAMES)
    accounts = [{"name": "postmaster", "password": PASSWORD}]
    return {
        **minimal(),
        "tls": {"source": "files", "files": {"certificate": chain, "privateKey": key}},
        "domains": [
            {"name": "example.org", "accounts": accounts, "dkim": adopted(1)},
            {"name": "example.net", "accounts": accounts, "dkim": adopted(2)},
        ],
    }


def full() -> dict[str, Any]:
    """Two domains with about every key that there is."""
    _, _, relay_ca = issued(0, "relay.example")
    return {
        "server": {
            "hostname": "mail.example.org",
            "ipv4": "198.51.100.25",
            "ipv6": "2001:db8:25::25",
            "bindAddress": ["198.51.100.25", "2001:db8:25::25"],
            "ports": {"submission": 10587},
            "dns": "198.51.100.53",
            "memory": 256,
            "cpus": 0.5,
            "smartHost": {
                "host": "relay.example",
                "port": 465,
                "user": "me",
                "password": RELAY_PASSWORD,
                "caCertificate": relay_ca,
            },
            "metrics": {"bindAddress": "10.0.0.5", "port": 9100},
        },
        "tls": {"source": "self-signed"},
        "domains": [
            {
                "name": "Example.org",
                "apex": False,
                "dkim": {
                    "selectors": [
                        {"name": "r2026"},
                        {"name": "e2026", "algorithm": "ed25519", "privateKey": ed25519_pem(3)},
                    ],
                    "signing": ["e2026"],
                },
                "accounts": [{"name": "mail", "password": PASSWORD}, "postmaster"],
                "aliases": {"info": "mail", "team": ["info", "someone@example.com"]},
            },
            {
                "name": "bücher.example",
                "zoneId": ZONE_OF_ITS_OWN,
                "dkim": adopted(4),
                "spf": "v=spf1 mx a -all",
                "dmarc": {"policy": "reject", "testing": True, "rua": "mailto:postmaster@example.org"},
                "mtaSts": {"mode": "enforce", "maxAge": 86400},
                "tlsRpt": {"rua": ["https://tls.example.com/report"]},
                "accounts": [{"name": "anna", "deleteMailbox": True}],
                "aliases": {"postmaster": "anna"},
            },
        ],
        "cloudflare": {"apiToken": TOKEN},
        "policySite": {"ipv4": "198.51.100.80", "ipv6": "2001:db8:25::80", "memory": 64},
    }


def of_file(stack: str) -> dict[str, Any]:
    """The settings of the project's own `Pulumi.STACK.yaml`, with another token, since that one is encrypted."""
    return of_text(PROGRAM.with_name(f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))


def of_text(stack_file: str) -> dict[str, Any]:
    """The settings of a stack file, with another token, since that one is encrypted."""
    written = yaml.safe_load(stack_file)["config"]
    settings = {key.removeprefix("maddy-stack:"): value for key, value in written.items()}
    return {**settings, "cloudflare": {**settings["cloudflare"], "apiToken": TOKEN}}


def changed(settings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return settings with some replaced: `server__memory=64`, `domains__0__apex=False`; None removes."""
    result = copy.deepcopy(settings)
    for path, value in changes.items():
        *way, last = (int(step) if step.isdigit() else step for step in path.split("__"))
        inner: Any = result
        for step in way:
            inner = inner[step] if isinstance(step, int) else inner.setdefault(step, {})
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return result


SECRET_KEYS = ("cloudflare", "domains", "server", "tls")


@cache
def run_minimal(*, preview: bool = False) -> Recording:
    return record(minimal(), secrets=SECRET_KEYS, preview=preview)


@cache
def run_full(*, preview: bool = False) -> Recording:
    return record(full(), secrets=SECRET_KEYS, preview=preview)


@cache
def run_repeatable() -> Recording:
    return record(repeatable(), secrets=SECRET_KEYS)


def run(settings: dict[str, Any]) -> Recording:
    """Run the program with other settings; the same ones are run once."""
    return _run(json.dumps(settings, sort_keys=True))


@cache
def _run(settings: str) -> Recording:
    return record(json.loads(settings), secrets=SECRET_KEYS)
