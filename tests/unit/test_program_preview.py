"""A preview: everything that will be there is shown, and what cannot be known yet is unknown rather than wrong."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import stacks
from recorder import UNKNOWN, Recording, opened_up

RUNS = pytest.mark.parametrize("run", [stacks.run_minimal, stacks.run_full], ids=["minimal", "full"])


def unknown_paths(value: Any, path: str = "") -> set[str]:
    match value:
        case dict():
            return {found for key, inner in value.items() for found in unknown_paths(inner, f"{path}.{key}")}
        case list():
            return {found for inner in value for found in unknown_paths(inner, path)}
    return {path.lstrip(".")} if value is UNKNOWN else set()


@RUNS
def test_the_same_resources_with_the_same_names_as_in_the_update(run: Callable[..., Recording]) -> None:
    previewed, updated = ({found.urn for found in run(preview=preview).resources} for preview in (True, False))
    assert previewed == updated


@RUNS
@pytest.mark.parametrize("preview", [True, False])
def test_no_urn_twice(run: Callable[..., Recording], preview: bool) -> None:
    counted = Counter(found.urn for found in run(preview=preview).resources)
    assert [urn for urn, count in counted.items() if count > 1] == []


@RUNS
def test_everything_is_known_after_an_update(run: Callable[..., Recording]) -> None:
    recording = run()
    assert {found.urn for found in recording.resources if unknown_paths(found.plain)} == set()
    assert unknown_paths(opened_up(recording.outputs)) == set()


@RUNS
def test_unknown_is_only_what_is_made_during_the_update(run: Callable[..., Recording]) -> None:
    allowed = {
        # keys, certificates and passwords, and what is computed from them
        "content",
        "uploads.content",
        "labels.value",
        "stdin",
        # ids that Docker gives
        "image",
        "environment.MADDY_CONTAINER_ID",
        "environment.POLICY_CONTAINER_ID",
        # whether a refresh has found something amiss
        "environment.MADDY_ACCOUNTS_MENDED",
    }
    for resource in run(preview=True).resources:
        inputs = resource.plain
        if resource.type.endswith(":Doubles"):
            assert set(inputs.pop("own").values()) == {UNKNOWN}  # ids that Cloudflare gives
        assert unknown_paths(inputs) <= allowed, resource.urn


@RUNS
def test_in_dns_only_the_dkim_keys_are_unknown(run: Callable[..., Recording]) -> None:
    published = run(preview=True).records()
    assert {name for (name, _), found in published.items() if UNKNOWN in found} == {
        name for name, _ in published if "._domainkey." in name
    }


def test_a_preview_shows_which_files_will_change() -> None:
    uploads = stacks.run_full(preview=True).seeded()
    assert {path for path, upload in uploads.items() if upload["content"] is UNKNOWN} == {
        "/data/tls/fullchain.pem",
        "/data/tls/privkey.pem",
        "/data/dkim_keys/example.org_r2026.key",
        "/data/dkim_keys/example.org_e2026.key",
        "/data/dkim_keys/xn--bcher-kva.example_default.key",
    }


def test_outputs_of_a_preview_are_unknown_where_keys_are_in_them() -> None:
    outputs = opened_up(stacks.run_minimal(preview=True).outputs)
    assert unknown_paths(outputs) == {
        "account_passwords",
        "ca_certificate",
        "domains.example.org.records",
        "domains.example.org.zone_file",
        "domains.example.org.dkim.default.public_key",
    }
    assert outputs["accounts"] == ["mail@example.org", "postmaster@example.org"]
