"""What differs between two record tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mail.records import Record, in_order


@dataclass(frozen=True, kw_only=True)
class RecordChange:
    """A record that is in one table only, or has another value in the other.

    Attributes:
        before: the record as it was, None for one that is added.
        after: the record as it will be, None for one that is removed.
    """

    before: Record | None
    after: Record | None

    @property
    def record(self) -> Record:
        """The record as it will be, or else as it was."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a record that is in neither table has not changed")
        return found


def compare(before: Iterable[Record], after: Iterable[Record]) -> list[RecordChange]:
    """Return what differs, ordered as a zone file.

    A record is the same one where name, type and key are; it has changed where what resolvers answer has. Need, why and
    comments are not compared.
    """
    was = {_identity(record): record for record in before}
    now = {_identity(record): record for record in after}
    shown = in_order({**was, **now}.values())
    found = [RecordChange(before=was.get(key), after=now.get(key)) for key in map(_identity, shown)]
    return [change for change in found if _answer(change.before) != _answer(change.after)]


def _identity(record: Record) -> tuple[str, str, str]:
    return record.name, record.type, record.key


def _answer(record: Record | None) -> tuple[str, int, bool] | None:
    return (record.value, record.ttl, record.proxied) if record else None
