"""One whole look: what depends on a check that is left out is not judged, and every reference leads to a check."""

import asyncio
import re
from collections.abc import Collection
from pathlib import Path

import pytest
from verify_world import DOMAIN, healthy, stack, without, world, zone_text

import verify.examine
from verify.catalogue import CHECKS
from verify.dns_client import Server
from verify.examine import Selection, examine
from verify.look import Look
from verify.result import Result

CODE = Path(verify.examine.__file__).parent


def look(at: Look, monkeypatch: pytest.MonkeyPatch, *, only: Collection[str]) -> list[Result]:
    monkeypatch.setattr(verify.examine, "DnsClient", lambda resolver: at.dns)
    return asyncio.run(examine(at.expected, resolver=Server(address="192.0.2.1"), only=only))


class TestWhatDependsOnACheck:
    """The domain's SPF record is missing: `published` tells so, and `spf-syntax` has nothing to judge."""

    @pytest.fixture
    def no_spf(self) -> Look:
        return world({DOMAIN: without(zone_text(stack()), '"v=spf1 mx ~all"')})

    def test_is_skipped_beside_it(self, no_spf: Look, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = look(no_spf, monkeypatch, only=["published", "spf-syntax"])
        assert [row.verdict for row in rows if row.subject == f"{DOMAIN} TXT"] == ["fail"]
        assert {row.verdict for row in rows if row.check == "spf-syntax"} == {"pass", "skipped"}

    def test_is_unknown_without_it(self, no_spf: Look, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = look(no_spf, monkeypatch, only=["spf-syntax"])
        [row] = [row for row in rows if row.verdict != "pass"]
        assert row.verdict == "unknown"
        assert "`published`" in row.mend
        assert "no SPF record" in row.found

    def test_is_judged_where_all_is_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert {row.verdict for row in look(healthy(), monkeypatch, only=["spf-syntax"])} == {"pass"}


def test_rows_of_the_mail_host_stay_where_other_domains_are_chosen() -> None:
    outputs = stack()
    outputs["domains"] |= dict.fromkeys((outputs["mail_host"], "second.test"), outputs["domains"][DOMAIN])
    chosen = Selection.of(healthy(outputs).expected, only=(), skip=(), domains=["second.test"])
    assert [chosen.takes("ptr", name) for name in (outputs["mail_host"], DOMAIN, "second.test")] == [True, False, True]


def test_every_check_that_another_one_refers_to_is_in_the_catalogue() -> None:
    texts = [file.read_text(encoding="utf-8") for file in sorted(CODE.rglob("*.py"))]
    named = {
        name
        for text in texts
        for name in re.findall(r"see `([a-z0-9-]+)`|\"`([a-z0-9-]+)`\"", text)
        for name in name
        if name
    }
    assert len(named) > 15
    assert named <= set(CHECKS)
