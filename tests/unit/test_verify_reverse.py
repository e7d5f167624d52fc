"""The names of the mail host's addresses."""

import dns.reversename
import pytest
from verify_world import (
    ADDRESS4,
    ADDRESS6,
    DOMAIN,
    MX,
    POINTERS,
    RESOLVER,
    healthy,
    look_at,
    of,
    stack,
    world,
    zone_text,
)

from verify.checks import reverse
from verify.failures import Silent
from verify.result import Result

NAME4 = dns.reversename.from_address(ADDRESS4).to_text()


def looked(pointers: str, text: str | None = None, **how: object) -> list[Result]:
    zones = {DOMAIN: text or zone_text(stack()), "arpa": pointers, "provider.example": "static-25 A 192.0.2.1\n"}
    return look_at(reverse.probes(world(zones, **how)))  # type: ignore[arg-type]


def wrong(results: list[Result]) -> set[tuple[str, str]]:
    return {(r.check, r.subject) for r in results if r.verdict not in ("pass", "skipped")}


def test_as_it_should_be() -> None:
    results = look_at(reverse.probes(healthy()))
    assert {(r.check, r.subject, r.verdict) for r in results} == {
        (check, address, "pass") for check in ("ptr", "ptr-forward") for address in (ADDRESS4, ADDRESS6)
    }
    assert {r.domain for r in results} == {MX}


def test_missing() -> None:
    results = looked(POINTERS.splitlines()[1])
    assert wrong(results) == {("ptr", ADDRESS4)}
    row = of(results, "ptr", ADDRESS4)
    assert row.found == "no PTR record"
    assert f"Set the reverse DNS (PTR) of {ADDRESS4} to {MX} at the hosting provider" in row.mend
    assert of(results, "ptr-forward", ADDRESS4).mend.startswith("see `ptr`")


@pytest.mark.parametrize("name", ["static-25.provider.example", "nowhere.provider.example"])
def test_another_name(name: str) -> None:
    results = looked(POINTERS.replace(f"{NAME4} PTR {MX}", f"{NAME4} PTR {name}"))
    assert wrong(results) == {("ptr", ADDRESS4)}
    assert of(results, "ptr", ADDRESS4).found == name


def test_a_second_name_that_does_not_lead_back() -> None:
    results = looked(f"{POINTERS}{NAME4} PTR static-25.provider.example.\n")
    assert wrong(results) == {("ptr-forward", ADDRESS4)}
    row = of(results, "ptr-forward", ADDRESS4)
    assert row.found == "static-25.provider.example: does not lead back"
    assert "Remove the PTR record" in row.mend


def test_address_of_the_host_is_not_as_declared() -> None:
    results = looked(POINTERS, zone_text(stack()).replace(f"A {ADDRESS4}", "A 192.0.2.9"))
    assert wrong(results) == set()
    assert of(results, "ptr-forward", ADDRESS4).mend.startswith("see `published`")


def test_resolver_has_an_old_address_of_the_host() -> None:
    results = looked(POINTERS, lies={(RESOLVER, MX, "A"): ["192.0.2.9"]})
    assert wrong(results) == set()
    assert of(results, "ptr-forward", ADDRESS4).mend.startswith("see `resolver`")


def test_old_address_of_the_host_hides_no_second_name() -> None:
    results = looked(f"{POINTERS}{NAME4} PTR static-25.provider.example.\n", lies={(RESOLVER, MX, "A"): ["192.0.2.9"]})
    assert wrong(results) == {("ptr-forward", ADDRESS4)}


def test_silent() -> None:
    assert {r.verdict for r in looked(POINTERS, broken={RESOLVER: Silent("nothing")})} == {"unknown"}
