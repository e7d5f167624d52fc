"""Rows that say the same, so that one fault is told once, at however many ports, records and domains it shows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from verify.catalogue import CHECKS
from verify.result import Result

ALIKE = 4
"""From this many rows of a domain on that say the same, they are shown as one."""
ALIKE_DOMAINS = 3
"""From this many domains on that have the same fault, it is shown once for all."""

_RANK = {"fail": 0, "unknown": 1, "warn": 2, "pass": 3, "skipped": 4}
_ORDER = {check: number for number, check in enumerate(CHECKS)}
_MESSAGE_ID = re.compile(r"(?<=msg ID = )[0-9a-f]+")
"""What Maddy calls the conversation in its log; it tells rows apart that say the same."""
_PARTICULAR = re.compile(r"[^\s,()]*[0-9.][^\s,()]*")

_Key = tuple[str, str, str, str]


def rank(row: Result) -> tuple[int, int]:
    """Return what rows are ordered by: the worst first, then as the catalogue has them."""
    return _RANK[row.verdict], _ORDER.get(row.check, len(_ORDER))


def bundles(rows: Iterable[Result]) -> list[list[Result]]:
    """Return the rows one by one, or together where many say the same, the worst first."""
    alike: dict[_Key, list[Result]] = defaultdict(list)
    for row in rows:
        alike[_key(row)].append(row)
    found: list[list[Result]] = []
    for same in alike.values():
        found += [same] if len(same) >= ALIKE else [[row] for row in same]
    return sorted(found, key=lambda bundle: min(map(rank, bundle)))


def shared(by_domain: Mapping[str, Collection[Result]]) -> list[list[Result]]:
    """Return what many domains have in common that is not as it should be, the worst first."""
    alike: dict[_Key, list[Result]] = defaultdict(list)
    for rows in by_domain.values():
        for row in rows:
            if row.verdict not in ("pass", "skipped"):
                alike[_key(row)].append(row)
    found = [rows for rows in alike.values() if len({row.domain for row in rows}) >= ALIKE_DOMAINS]
    return sorted(found, key=lambda bundle: min(map(rank, bundle)))


def in_common(rows: Sequence[Result], field: str) -> str | None:
    """Return what all rows say in a field, with `*` where each names itself; None where they say different things."""
    texts = {getattr(row, field) for row in rows}
    if len(texts) > 1:
        texts = {pattern(getattr(row, field), row) for row in rows}
    return texts.pop() if len(texts) == 1 else None


def pattern(text: str, row: Result) -> str:
    """Return a text of a row with `*` for its domain and for the names and numbers of its subject."""
    own = _own(row.domain, row.subject)
    text = _MESSAGE_ID.sub("*", text)
    return own.sub("*", text) if own else text


def _key(row: Result) -> _Key:
    """What could not be looked at for one reason is alike whatever check it was for."""
    check = "" if row.verdict == "unknown" else row.check
    return row.verdict, check, pattern(row.found, row), pattern(row.mend, row)


@cache
def _own(domain: str, subject: str) -> re.Pattern[str] | None:
    words = {word for word in _PARTICULAR.findall(subject) if not (domain and word.endswith(domain))}
    parts = [rf"(?<![\w-]){re.escape(domain)}"] if domain else []
    parts += [rf"(?<![\w.:-]){re.escape(word)}" for word in sorted(words, key=len, reverse=True)]
    return re.compile(rf"(?:{'|'.join(parts)})(?![\w-]|[.:]\w)") if parts else None
