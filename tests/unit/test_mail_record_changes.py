"""Two record tables, compared."""

from dataclasses import replace
from typing import Any

import pytest

from mail.record_changes import RecordChange, compare
from mail.records import Record


def record(**changed: Any) -> Record:
    fields = {"key": "mx", "name": "example.org", "type": "MX", "content": "mail.example.org", "priority": 10}
    return Record(**{"need": "required", "why": "Why.", **fields, **changed})


MX = record()
SPF = record(key="spf", type="TXT", content="v=spf1 mx ~all", priority=None)


def test_nothing_differs() -> None:
    assert compare([MX, SPF], [SPF, MX]) == []


def test_added_and_removed() -> None:
    assert compare([MX], [SPF]) == [RecordChange(before=MX, after=None), RecordChange(before=None, after=SPF)]


@pytest.mark.parametrize("changed", [{"content": "mx.example.org"}, {"priority": 20}, {"ttl": 300}, {"proxied": True}])
def test_another_answer(changed: dict[str, Any]) -> None:
    other = replace(MX, **changed)
    assert compare([MX, SPF], [other, SPF]) == [RecordChange(before=MX, after=other)]


def test_words_for_people_are_no_difference() -> None:
    assert compare([MX], [replace(MX, why="Because.", need="optional")]) == []


def test_another_name_is_another_record() -> None:
    moved = replace(MX, name="example.net")
    found = compare([MX], [moved])
    assert [(change.before, change.after) for change in found] == [(None, moved), (MX, None)]


def test_in_neither_table() -> None:
    with pytest.raises(ValueError, match="neither"):
        _ = RecordChange(before=None, after=None).record
