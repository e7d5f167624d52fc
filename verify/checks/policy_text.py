"""The text of an MTA-STS policy (RFC 8461 section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mail import mta_sts

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_VALUE = re.compile(r"[!-~\u0080-\U0010ffff]+( +[!-~\u0080-\U0010ffff]+)*")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MX = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
_MAX_AGE = re.compile(r"[0-9]{1,10}")


class PolicyError(ValueError):
    """A sender can make nothing of the text; the message says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a policy says.

    Attributes:
        mode: testing, enforce or none.
        max_age: seconds.
        mx: host names and `*.DOMAIN`.
        oddities: what senders may stumble over.
    """

    mode: str
    max_age: int
    mx: Sequence[str]
    oddities: Sequence[str] = ()

    def covers(self, host: str) -> bool:
        """Tell whether an MX host is named; a wildcard stands for one label (section 4.1)."""
        name = host.lower()
        named = {pattern.lower() for pattern in self.mx}
        return name in named or f"*.{name.partition('.')[2]}" in named


def read(body: bytes) -> Policy:
    """Read a policy.

    Raises:
        PolicyError: with what is wrong.
    """
    fields = _fields(body)
    first: dict[str, str] = {}
    oddities = []
    for name, value in fields:
        if name in first and name in ("version", "mode", "max_age"):
            oddities.append(f"{name} is there twice: the first one counts")
        first.setdefault(name, value)
    for name in ("version", "mode", "max_age"):
        if name not in first:
            raise PolicyError(f"{name} is missing")
    if first["version"] != "STSv1":
        raise PolicyError(f"version is {first['version']} in place of STSv1")
    if fields[0][0] != "version":
        oddities.append("version is not the first line, where some senders look for it")
    mode, max_age = first["mode"], first["max_age"]
    if mode not in mta_sts.MODES:
        raise PolicyError(f"mode is {mode} in place of {', '.join(mta_sts.MODES[:-1])} or {mta_sts.MODES[-1]}")
    if not _MAX_AGE.fullmatch(max_age):
        raise PolicyError(f"max_age is {max_age} in place of seconds, 1 to 10 digits")
    mx = [value for name, value in fields if name == "mx"]
    for pattern in mx:
        if not _MX.fullmatch(pattern):
            raise PolicyError(f"mx: {pattern} is no host name")
    if not mx and mode != "none":
        raise PolicyError("mx is missing: senders can deliver nowhere")
    return Policy(mode=mode, max_age=int(max_age), mx=mx, oddities=oddities)


def _fields(body: bytes) -> list[tuple[str, str]]:
    """Return names and values in their order; lines end in LF or CRLF."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise PolicyError(f"it is no UTF-8 text: {error.reason} at byte {error.start}") from None
    fields = []
    for number, ended in enumerate(text.removesuffix("\n").split("\n"), 1):
        line = ended.removesuffix("\r").rstrip(" \t")
        name, colon, value = line.partition(":")
        value = value.lstrip(" \t")
        if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            known = "version" if number == 1 else "a field"
            raise PolicyError(f"line {number} is {line[:60]!r} in place of {known}, written name: value")
        fields.append((name, value))
    return fields
