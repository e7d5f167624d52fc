"""Durations as Go writes them: `30s`, `1m30s`, `500ms`."""

import re
from decimal import Decimal

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration of zero or more, by the rules of Go's `time.ParseDuration`.

    Raises:
        ValueError: it is none.
    """
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("must be a duration such as 500ms, 30s or 1m30s")
    return int(sum(Decimal(number) * NANOSECONDS[unit] for number, unit in parts))


def format_duration(nanoseconds: int) -> str:
    """The form Go's `Duration.String` gives it, in which the official provider reads it back: `1m0s`, not `60s`."""
    if nanoseconds == 0:
        return "0s"
    if nanoseconds < NANOSECONDS["s"]:
        unit = next(unit for unit in ("ms", "µs", "ns") if nanoseconds >= NANOSECONDS[unit])
        return f"{_plain(Decimal(nanoseconds) / NANOSECONDS[unit])}{unit}"
    minutes, rest = divmod(nanoseconds, NANOSECONDS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_plain(Decimal(rest) / NANOSECONDS['s'])}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
