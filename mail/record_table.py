"""The record table: every record of a mail domain as text that a person reads and a pull request compares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mail.records import Record, in_order

_HEADINGS = ("NAME", "TYPE", "PRI", "CONTENT", "NEED", "WHY")
_LONG_KEY = re.compile(r"(p=[A-Za-z0-9+/]{16})[A-Za-z0-9+/]{16,}([A-Za-z0-9+/=]{16})")


def render(records: Sequence[Record]) -> str:
    """Return the records aligned in columns, ordered by `records.in_order`, each line ended by a newline.

    Nothing is shortened but a DKIM key, to its first and last 16 characters. An SRV record's content is its
    weight, port and target.
    """
    rows = [_HEADINGS, *(_row(record) for record in in_order(records))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_dict(record: Record) -> dict[str, object]:
    """Return a record for JSON, as in the stack's outputs; what does not apply to its type is left out."""
    fields: dict[str, object] = {
        "key": record.key,
        "name": record.name,
        "type": record.type,
        "content": record.content,
        "priority": record.priority,
        "weight": record.weight,
        "port": record.port,
        "ttl": record.ttl,
        "proxied": record.proxied,
        "need": record.need,
        "why": record.why,
    }
    return {field: value for field, value in fields.items() if value is not None}


def from_dict(fields: Mapping[str, Any]) -> Record:
    """Return the record that `as_dict` wrote; numbers may be floats, as JSON readers have them.

    Raises:
        ValueError: a field is missing, or one is unknown; with its name.
    """
    numbers = ("priority", "weight", "port", "ttl")
    try:
        values: dict[str, Any] = {field: int(value) if field in numbers else value for field, value in fields.items()}
        return Record(**values)
    except TypeError as error:
        raise ValueError(f"no record of this program: {error}") from None


def _row(record: Record) -> tuple[str, ...]:
    priority = "" if record.priority is None else str(record.priority)
    return record.name, record.type, priority, _content(record), record.need, record.why


def _content(record: Record) -> str:
    if record.type == "SRV":
        return f"{record.weight} {record.port} {record.content}"
    if "._domainkey." in record.name:
        return _LONG_KEY.sub(r"\1…\2", record.content)
    return record.content
