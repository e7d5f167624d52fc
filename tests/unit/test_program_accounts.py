"""Accounts of the whole program."""

import json

import stacks
from recorder import Secret, opened_up

from components.account import _Generator


class TestEveryAccountIsMadeAndProven:
    def test_with_its_container_address_and_password(self) -> None:
        recording = stacks.run_full()
        passwords = opened_up(recording.outputs["account_passwords"])
        assert (
            set(passwords)
            == set(recording.outputs["accounts"])
            == {
                "mail@example.org",
                "postmaster@example.org",
                "anna@xn--bcher-kva.example",
            }
        )
        server = recording.one("Container", "server")
        for address, password in passwords.items():
            command = recording.one("Command", address)
            environment = command.plain["environment"]
            assert json.loads(command.plain["stdin"]) == {"password": password}
            assert environment["MADDY_CONTAINER"] == server.plain["name"]
            assert environment["MADDY_HOSTNAME"] == "mail.example.org"
            assert server.urn in command.dependencies

    def test_again_when_the_container_was_replaced(self) -> None:
        after = stacks.run(stacks.changed(stacks.repeatable(), server__memory=96))
        ids = [
            recording.one("Command", "postmaster@example.org").plain["environment"]["MADDY_CONTAINER_ID"]
            for recording in (stacks.run_repeatable(), after)
        ]
        assert ids[0] != ids[1]

    def test_and_removed_when_it_goes_keeping_the_mailbox_unless_told_otherwise(self) -> None:
        recording = stacks.run_full()
        for address, deleted in (("mail@example.org", "no"), ("anna@xn--bcher-kva.example", "yes")):
            command = recording.one("Command", address).plain
            assert command["create"] == command["update"] == "python3 -m components.commands.account set"
            assert command["delete"] == "python3 -m components.commands.account remove"
            assert command["environment"]["MADDY_DELETE_MAILBOX"] == deleted


class TestAPasswordIsGivenOrGeneratedOnce:
    def test_a_given_one_is_passed_on_and_none_is_generated(self) -> None:
        recording = stacks.run_full()
        assert set(recording.of_type("GeneratedPassword")) | set(recording.of_type("mail:GeneratedPassword")) == {
            "postmaster@example.org",
            "anna@xn--bcher-kva.example",
        }
        assert recording.one("Command", "mail@example.org").inputs["stdin"] == Secret(
            json.dumps({"password": stacks.PASSWORD})
        )

    def test_a_generated_one_is_long_and_another_every_time(self) -> None:
        passwords = opened_up(stacks.run_minimal().outputs["account_passwords"])
        assert len(set(passwords.values())) == 2
        assert all(len(password) >= 24 for password in passwords.values())

    def test_nothing_makes_it_anew(self) -> None:
        made = _Generator().create({"password": None}).outs
        assert made is not None
        assert _Generator().diff("password", made, {"password": None}).changes is False
        assert _Generator().diff("password", made, {"anything": "else"}).changes is False


def test_the_smart_host_is_told_and_its_login_is_not() -> None:
    assert stacks.run_full().outputs["smart_host"] == {"host": "relay.example", "port": 465}
    assert "smart_host" not in stacks.run_minimal().outputs  # Pulumi has no null outputs


def test_client_settings_are_what_a_person_types() -> None:
    told = stacks.run_full().outputs["client_settings"]
    assert (told["incoming"]["host"], told["incoming"]["port"]) == ("mail.example.org", 993)
    assert (told["outgoing"]["host"], told["outgoing"]["port"]) == ("mail.example.org", 465)
    assert {part["security"] for part in told.values()} == {"TLS"}
