"""Names of records and hosts as Cloudflare stores them: lower-case, punycode, no dot at the end."""

import re

from lab.cloudflare.errors import NAME_INVALID, refused

LABEL_LIMIT = 63
NAME_LIMIT = 253
"""Characters of a name without its last dot: 255 bytes on the wire (RFC 1035 §2.3.4)."""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")


def is_host(name: str) -> bool:
    """Whether a normalised name can stand in a record: labels of letters, digits, hyphens, underscores."""
    return len(name) <= NAME_LIMIT and all(
        len(label) <= LABEL_LIMIT and _LABEL.fullmatch(label) for label in name.split(".")
    )


def normalised(name: str) -> str:
    """Lower-case punycode without the last dot; an impossible name stays, for `is_host` to refuse."""
    name = name.strip().rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def record_name(given: str, zone: str) -> str:
    """The full name of a record; `@` is the zone, and a name outside it gets the zone's name appended."""
    name = normalised(given)
    if name in {"@", zone}:
        return zone
    full = name if name.endswith(f".{zone}") else f"{name}.{zone}"
    if not name or not is_host(full.removeprefix("*.")):
        raise refused(NAME_INVALID, "DNS name is invalid.")
    return full
