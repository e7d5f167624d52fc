"""The closing screen of `make up`: all that a person needs, and no password."""

from pathlib import Path
from typing import Any

import pytest

from lab.screen import closing_screen
from lab.settings import DEV


@pytest.fixture
def outputs() -> dict[str, Any]:
    return {
        "mail_host": "mail.example.test",
        "endpoints": {
            "smtp": {"host": "mail.example.test", "port": 25},
            "submissions": {"host": "mail.example.test", "port": 465},
            "imaps": {"host": "mail.example.test", "port": 993},
            "https": {"host": "mta-sts.example.test", "port": 443},
        },
        "accounts": ["mail@example.test", "postmaster@example.test"],
        "account_passwords": "[secret]",
        "domains": {
            "example.test": {
                "mta_sts": {"url": "https://mta-sts.example.test/.well-known/mta-sts.txt"},
                "records": [
                    {"name": "mail.example.test", "type": "AAAA", "content": "2001:db8:25::25"},
                    {"name": "mail.example.test", "type": "A", "content": "198.51.100.25"},
                    {"name": "mta-sts.example.test", "type": "A", "content": "198.51.100.80"},
                ],
            }
        },
    }


def test_names_host_ports_accounts_and_the_way_to_the_passwords(outputs: dict[str, Any]) -> None:
    screen = closing_screen(outputs, DEV, Path("/lab/ca.pem"))

    assert "mail.example.test (198.51.100.25, 2001:db8:25::25)" in screen
    assert "submissions  port 465   sending; TLS" in screen
    assert "postmaster@example.test" in screen
    assert "make outputs SECRETS=1" in screen
    assert "/lab/ca.pem" in screen
    assert "make down" in screen


def test_suggests_the_checker_first(outputs: dict[str, Any]) -> None:
    lines = closing_screen(outputs, DEV, None).splitlines()

    assert lines[lines.index("Next") + 1].split()[:2] == ["make", "verify"]


def test_has_commands_that_can_be_pasted(outputs: dict[str, Any]) -> None:
    commands = [line.strip() for line in closing_screen(outputs, DEV, Path("/lab/ca.pem")).splitlines()]

    assert (
        "curl --cacert /lab/ca.pem --resolve mail.example.test:993:198.51.100.25 "
        "--user mail@example.test imaps://mail.example.test:993"
    ) in commands
    assert (
        "curl --cacert /lab/ca.pem --resolve mta-sts.example.test:443:198.51.100.80 "
        "https://mta-sts.example.test/.well-known/mta-sts.txt"
    ) in commands
    assert "dig @198.51.100.53 example.test MX" in commands


def test_leaves_out_what_the_stack_does_not_have(outputs: dict[str, Any]) -> None:
    outputs["domains"]["example.test"]["mta_sts"] = None
    outputs["accounts"] = []
    del outputs["endpoints"]["https"]

    screen = closing_screen(outputs, DEV, None)

    assert "CA" not in screen
    assert "curl" not in screen
