"""What a changed setting changes in the whole program, and what it leaves alone."""

import re
from typing import Any

import stacks
from recorder import Recording, Resource, Secret, opened_up


def labels(container: Resource) -> dict[str, Any]:
    """What the container reads at start: path to hash."""
    return {label["label"].removeprefix("maddy-stack.sha256."): label["value"] for label in container.inputs["labels"]}


def differences(before: Recording, after: Recording) -> dict[str, set[str]]:
    """The inputs that differ, by the resource's name."""
    old, new = ({resource.urn: resource for resource in recording.resources} for recording in (before, after))
    assert set(old) == set(new)
    changes = {
        resource.name: {
            key
            for key in resource.plain.keys() | old[urn].plain.keys()
            if resource.plain.get(key) != old[urn].plain.get(key)
        }
        for urn, resource in new.items()
    }
    return {name: keys for name, keys in changes.items() if keys}


class TestAChangeTouchesWhatItMustAndNothingElse:
    def test_nothing_changed_changes_nothing(self) -> None:
        assert differences(stacks.run_repeatable(), stacks.run(stacks.repeatable())) == {}

    def test_memory(self) -> None:
        after = stacks.run(stacks.changed(stacks.repeatable(), server__memory=96))
        changes = differences(stacks.run_repeatable(), after)
        assert changes.pop("server") == {"memory", "memorySwap"}
        # The accounts are proven anew on the container that took its place (a new id, in these recordings).
        assert changes == {"accounts": {"environment"}}

    def test_a_new_certificate_restarts_both_servers_by_their_labels(self) -> None:
        before, after = stacks.run_repeatable(), stacks.run(stacks.repeatable(serial=1))
        changes = differences(before, after)
        assert changes["data-seed"] == changes["site-seed"] == {"uploads"}
        assert changes["server"] == changes["policy-site"] == {"labels"}
        old, new = (labels(recording.one("Container", "server")) for recording in (before, after))
        assert {path for path in new if old[path] != new[path]} == {"tls/fullchain.pem", "tls/privkey.pem"}
        assert not [name for name in changes if name in before.of_type("DnsRecord")]

    def test_another_dkim_key_restarts_the_server_and_publishes_it(self) -> None:
        after = stacks.run(stacks.changed(stacks.repeatable(), domains__0__dkim=stacks.adopted(9)))
        changes = differences(stacks.run_repeatable(), after)
        assert changes["default._domainkey.example.org-dkim-default"] == {"content"}
        old, new = (labels(found.one("Container", "server")) for found in (stacks.run_repeatable(), after))
        assert {path for path in new if old[path] != new[path]} == {"dkim_keys/example.org_default.key"}
        assert "policy-site" not in changes

    def test_an_alias(self) -> None:
        after = stacks.run(stacks.changed(stacks.repeatable(), domains__0__aliases={"info": "postmaster"}))
        changes = differences(stacks.run_repeatable(), after)
        assert set(changes) == {"data-seed", "server", "accounts"}
        old, new = (labels(found.one("Container", "server")) for found in (stacks.run_repeatable(), after))
        assert {path for path in new if old[path] != new[path]} == {"aliases"}

    def test_every_file_that_is_read_at_start_has_a_label(self) -> None:
        recording = stacks.run_full()
        for server, seed, root in (("server", "data-seed", "/data/"), ("policy-site", "site-seed", "/srv/")):
            assert {root + path for path in labels(recording.one("Container", server))} == set(recording.seeded(seed))

    def test_labels_tell_nothing_secret(self) -> None:
        server = labels(stacks.run_full().one("Container", "server"))
        assert {path for path, value in server.items() if isinstance(value, Secret)} == {"maddy.conf"}
        assert all(re.fullmatch(r"[0-9a-f]{64}", opened_up(value)) for value in server.values())
