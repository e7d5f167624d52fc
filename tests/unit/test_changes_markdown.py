"""Whatever a stack file holds is shown as text: it ends no table cell, no code, no block, and is no HTML."""

import pytest

from changes.markdown import block, code, sentence, table, value

EVIL = [
    "a|b",
    "a`b",
    "``",
    "a\\|b",
    "<img src=x>",
    "a\nb",
    "[x](http://x)",
    "\x1b[31m",
    "@someone `|` <b>",
    " a",
    "``` |",
]


@pytest.mark.parametrize("text", EVIL)
def test_code_stays_in_its_cell(text: str) -> None:
    shown = code(text)
    assert "\n" not in shown
    assert "|" not in shown
    assert "\x1b" not in shown
    inner = shown.removeprefix("<code>").removesuffix("</code>") if shown.startswith("<code>") else shown[1:-1]
    assert "`" not in inner
    assert shown.startswith("`") or not set(inner) & set("<>[]*_~@\\")


@pytest.mark.parametrize("text", EVIL)
def test_so_does_a_sentence(text: str) -> None:
    assert sentence(f"Mail goes to {value(text)}.") == f"Mail goes to {code(text)}."
    plain = sentence(text.replace("\n", " "))
    assert not set(plain) & set("<>[]*_~@\\`|")


def test_plain_values_are_readable() -> None:
    assert code("v=spf1 mx -all") == "`v=spf1 mx -all`"
    assert code("_dmarc.example.org") == "`_dmarc.example.org`"
    assert code(None) == ""


def test_a_value_cannot_end_its_quotes() -> None:
    assert sentence(value("a\x00*b*")) == "`a*b*`"


def test_a_block_outlasts_fences_in_it() -> None:
    assert block(["a", "````", "  b"]).splitlines() == ["`````", "a", "````", "  b", "`````"]


def test_a_table() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
