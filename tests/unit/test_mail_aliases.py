"""Aliases: every one ends at an account or outside."""

import pytest

from mail import aliases

ACCOUNTS = ["mail@example.org", "anna@example.net"]
DOMAINS = ["example.org", "example.net"]


def resolve(table: dict[str, list[str]]) -> dict[str, list[str]]:
    return aliases.resolve(table, accounts=ACCOUNTS, domains=DOMAINS)


def faults(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return list(aliases.faults(table, accounts=ACCOUNTS, domains=DOMAINS))


def test_aliases_of_aliases_are_followed_across_domains() -> None:
    assert resolve({
        "a@example.org": ["b@example.org"],
        "b@example.org": ["c@example.net", "mail@example.org"],
        "c@example.net": ["anna@example.net"],
    }) == {
        "a@example.org": ["anna@example.net", "mail@example.org"],
        "b@example.org": ["anna@example.net", "mail@example.org"],
        "c@example.net": ["anna@example.net"],
    }  # fmt: skip


def test_an_outside_address_is_an_end_whatever_it_is() -> None:
    table = {"a@example.org": ["someone@example.com", "x@sub.example.org", "y@badexample.org"]}
    assert resolve(table) == table


def test_an_end_that_is_reached_twice_is_there_once() -> None:
    table = {"a@example.org": ["b@example.org", "c@example.org"]}
    table |= {f"{name}@example.org": ["mail@example.org"] for name in "bc"}
    assert resolve(table)["a@example.org"] == ["mail@example.org"]


def test_a_target_that_is_nowhere() -> None:
    table = {"a@example.org": ["b@example.org"], "b@example.org": ["mail@example.org", "nobody@example.net"]}
    said = "'nobody@example.net' is neither an account nor an alias: add the account or correct the target"
    assert faults(table) == [("b@example.org", said)]
    with pytest.raises(ValueError, match=r"^b@example\.org: 'nobody@example\.net' is neither"):
        resolve(table)


def test_every_fault_is_found() -> None:
    table = {"a@example.org": ["x@example.org", "y@example.org"], "b@example.org": ["b@example.org"]}
    assert [alias for alias, _ in faults(table)] == ["a@example.org", "a@example.org", "b@example.org"]


def test_a_circle_is_said_once_with_its_way() -> None:
    table = {
        "in@example.org": ["a@example.org"],
        "a@example.org": ["mail@example.org", "b@example.org"],
        "b@example.org": ["c@example.org"],
        "c@example.org": ["a@example.org", "anna@example.net"],
    }
    way = "a@example.org -> b@example.org -> c@example.org -> a@example.org"
    assert faults(table) == [("a@example.org", f"{way} goes round in a circle: let it end at an account")]


def test_two_circles_are_two() -> None:
    table = {f"{one}@example.org": [f"{other}@example.org"] for one, other in ("ab", "ba", "cd", "dc")}
    assert len(faults(table)) == 2


def test_a_long_chain_is_no_circle() -> None:
    table = {f"a{number}@example.org": [f"a{number + 1}@example.org"] for number in range(100)}
    table["a100@example.org"] = ["mail@example.org"]
    assert resolve(table)["a0@example.org"] == ["mail@example.org"]


@pytest.mark.parametrize(
    ("local", "name"),
    [("mail+x", "mail"), ("mail", "mail"), ("a+b+c", "a+b"), ("+x", "+x"), ("mail+", "mail+"), ("a.b+x.y", "a.b")],
)
def test_a_tag_is_cut_off_as_maddy_does(local: str, name: str) -> None:
    assert aliases.without_tag(local) == name
