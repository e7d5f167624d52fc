"""MTA-STS: the policy is served before its id is published, and the id changes exactly when the policy does."""

from typing import Any

import pytest
import stacks
from test_program_changes import differences


def served_policy(recording: Any, domain: str) -> str:
    content = recording.seeded("site-seed")[f"/srv/{domain}/.well-known/mta-sts.txt"]["content"]
    assert isinstance(content, str)
    return content


class TestTheIdIsPublishedAfterItsPolicyIsServed:
    @pytest.mark.parametrize("domain", ["example.org", "xn--bcher-kva.example"])
    def test_the_record_waits_for_the_look_at_the_policy(self, domain: str) -> None:
        recording = stacks.run_full()
        looked = recording.one("Command", f"{domain}-policy-served")
        assert looked.urn in recording.one("DnsRecord", f"_mta-sts.{domain}-mta-sts-txt").dependencies
        assert recording.one("Container", "policy-site").urn in looked.dependencies
        assert looked.plain["environment"]["POLICY_HOST"] == f"mta-sts.{domain}"
        assert looked.plain["environment"]["POLICY_CONTAINER"] == "maddy-dev-policy"

    def test_the_look_is_taken_at_the_policy_that_is_seeded(self) -> None:
        recording = stacks.run_full()
        for domain in ("example.org", "xn--bcher-kva.example"):
            stdin = recording.one("Command", f"{domain}-policy-served").plain["stdin"]
            assert served_policy(recording, domain).replace("\r\n", "\\r\\n") in stdin

    def test_no_other_record_waits(self) -> None:
        recording = stacks.run_full()
        commands = {command.urn for command in recording.of_type("Command").values()}
        waiting = [name for name, found in recording.of_type("DnsRecord").items() if found.dependencies & commands]
        assert sorted(waiting) == [
            "_mta-sts.example.org-mta-sts-txt",
            "_mta-sts.xn--bcher-kva.example-mta-sts-txt",
        ]

    def test_the_look_is_taken_again_when_the_policy_or_the_container_changes(self) -> None:
        command = stacks.run_full().one("Command", "example.org-policy-served").plain
        assert command["create"] == command["update"] == "python3 -m components.commands.served_policy"
        assert "delete" not in command
        assert "triggers" not in command
        assert command["environment"]["POLICY_CONTAINER_ID"]


class TestTheIdIsThePolicys:
    @pytest.mark.parametrize("change", [{"mode": "enforce"}, {"maxAge": 86400}])
    def test_another_policy_changes_its_id_its_file_and_nothing_else(self, change: dict[str, Any]) -> None:
        after = stacks.run(stacks.changed(stacks.repeatable(), domains__0__mtaSts=change))
        changes = differences(stacks.run_repeatable(), after)
        # The container is made anew, so both policies are looked at again.
        assert changes.pop("example.net-policy-served") == {"environment"}
        assert changes == {
            "_mta-sts.example.org-mta-sts-txt": {"content"},
            "site-seed": {"uploads"},
            "policy-site": {"labels"},
            "example.org-policy-served": {"environment", "stdin"},
        }
        assert served_policy(after, "example.net") == served_policy(stacks.run_repeatable(), "example.net")

    def test_what_is_not_in_the_policy_changes_no_id(self) -> None:
        changes = {
            "server__memory": 96,
            "server__ipv4": "198.51.100.26",
            "domains__0__spf": "v=spf1 mx -all",
            "domains__0__dmarc": {"policy": "reject"},
        }
        after = stacks.run(stacks.changed(stacks.repeatable(), **changes))
        ids = [key for key in after.records() if key[0].startswith("_mta-sts.")]
        assert len(ids) == 2
        assert [after.records()[key] for key in ids] == [stacks.run_repeatable().records()[key] for key in ids]

    def test_outputs_tell_id_url_and_policy(self) -> None:
        recording = stacks.run_full()
        told = recording.outputs["domains"]["example.org"]["mta_sts"]
        assert told["policy"] == served_policy(recording, "example.org")
        assert told["url"] == "https://mta-sts.example.org/.well-known/mta-sts.txt"
        assert recording.records()["_mta-sts.example.org", "TXT"] == [f'"v=STSv1; id={told["id"]}"']
