"""Accounts of the whole program."""

import json

import stacks
from recorder import Secret, opened_up

from components.account import _Generator


class TestAccountsAreMadeAndProven:
    def test_all_in_one_run_with_their_passwords(self) -> None:
        recording = stacks.run_full()
        passwords = opened_up(recording.outputs["account_passwords"])
        assert set(passwords) == set(recording.outputs["accounts"])
        server = recording.one("Container", "server")
        command = recording.one("Command", "accounts")
        assert json.loads(command.plain["stdin"]) == {
            "mail@example.org": {"password": passwords["mail@example.org"], "delete_mailbox": False},
            "postmaster@example.org": {"password": passwords["postmaster@example.org"], "delete_mailbox": False},
            "anna@bücher.example": {"password": passwords["anna@xn--bcher-kva.example"], "delete_mailbox": True},
        }
        assert isinstance(command.inputs["stdin"], Secret)
        environment = command.plain["environment"]
        assert environment["MADDY_CONTAINER"] == server.plain["name"]
        assert environment["MADDY_HOSTNAME"] == "mail.example.org"
        assert server.urn in command.dependencies

    def test_again_when_the_container_was_replaced(self) -> None:
        after = stacks.run(stacks.changed(stacks.repeatable(), server__memory=96))
        ids = [
            recording.one("Command", "accounts").plain["environment"]["MADDY_CONTAINER_ID"]
            for recording in (stacks.run_repeatable(), after)
        ]
        assert ids[0] != ids[1]

    def test_and_nothing_is_taken_away_when_the_stack_goes(self) -> None:
        command = stacks.run_full().one("Command", "accounts").plain
        assert command["create"] == command["update"] == "python3 -m components.commands.accounts"
        assert not command.get("delete")


class TestAPasswordIsGivenOrGeneratedOnce:
    def test_a_given_one_is_passed_on_and_none_is_generated(self) -> None:
        recording = stacks.run_full()
        assert set(recording.of_type("GeneratedPassword")) | set(recording.of_type("mail:GeneratedPassword")) == {
            "postmaster@example.org",
            "anna@xn--bcher-kva.example",
        }
        given = json.loads(recording.one("Command", "accounts").plain["stdin"])["mail@example.org"]
        assert given["password"] == stacks.PASSWORD

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
