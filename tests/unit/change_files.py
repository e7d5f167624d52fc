"""Stack files for the tests of `changes`: texts as they are in a repository, with encrypted secrets."""

from typing import Any

import stacks
import yaml

from changes import comparison
from changes.change import Change
from changes.reading import Version, read

PROJECT = "maddy-stack"
SALT = "v1:444u6bzY6pc=:v1:niBkSWpDoxQpnaF4:6EkM1cIOn50otNqBnpV"


def sealed(text: str) -> dict[str, str]:
    """A secret as it is in a stack file; no test can decrypt it either."""
    return {"secure": f"v1:{text}"}


def base(**changes: Any) -> dict[str, Any]:
    """A stack with its secrets encrypted, and changes as in `stacks.changed`."""
    return stacks.changed(
        {
            "server": {"hostname": "mail.example.org", "ipv4": "198.51.100.25", "ipv6": "2001:db8:25::25"},
            "tls": {
                "source": "files",
                "files": {"certificate": "/no/such/fullchain.pem", "privateKey": "/no/such/privkey.pem"},
            },
            "domains": [
                {
                    "name": "example.org",
                    "apex": False,
                    "accounts": ["mail", "postmaster", {"name": "anna", "password": sealed("anna-1")}],
                    "aliases": {"info": "mail", "team": ["info", "someone@example.com"]},
                    "dmarc": {"policy": "none"},
                    "dkim": {
                        "selectors": [{"name": "s2025", "privateKey": sealed("key-1")}, "s2026"],
                        "signing": ["s2025"],
                    },
                }
            ],
            "cloudflare": {"apiToken": sealed("token-1")},
        },
        **changes,
    )


def text(settings: dict[str, Any], salt: str = SALT) -> str:
    """Settings as the text of a stack file."""
    config = {f"{PROJECT}:{key}": value for key, value in settings.items()}
    return yaml.safe_dump({"config": config, "encryptionsalt": salt}, sort_keys=False, allow_unicode=True)


def version(settings: dict[str, Any], salt: str = SALT) -> Version:
    return read(text(settings, salt), PROJECT)


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    return comparison.compare(version(before), version(after))


def change(before: dict[str, Any], after: dict[str, Any]) -> Change:
    """The one change that there is."""
    (found,) = changes(before, after)
    return found


def new(**changed: Any) -> Change:
    """The one change that a change of the base comes to."""
    return change(base(), base(**changed))


def plain(found: Change) -> str:
    """The meaning of a change without its quotes."""
    return found.meaning.replace("\x00", "")


def subject(found: Change) -> str:
    """The subject of a change without its quotes."""
    return found.subject.replace("\x00", "")
