"""The content of TXT records: character-strings in the presentation format of zone files (RFC 1035 §5.1)."""

import re

from lab.cloudflare.errors import VALIDATION, refused

STRING_LIMIT = 255
"""Bytes of one character-string (RFC 1035 §3.3)."""
RECORD_LIMIT = 4096
"""Bytes of one record on the wire, where every character-string has one more byte for its length."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPE = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


def normalised_txt(content: str) -> str:
    """The content as Cloudflare stores it: quoted strings of at most 255 bytes each.

    Unquoted content is taken literally, as one string. Strings that are short enough stay as they were split.
    """
    strings = [part for string in _strings(content.strip()) for part in _split(string)]
    if not any(strings):
        raise refused(VALIDATION, "DNS Validation Error: Content for TXT record must not be empty.")
    if sum(len(string) + 1 for string in strings) > RECORD_LIMIT:
        raise refused(VALIDATION, f"DNS Validation Error: Content for TXT record exceeds {RECORD_LIMIT} bytes.")
    return " ".join(quoted(string) for string in strings)


def quoted(string: bytes) -> str:
    r"""One character-string in quotes, with everything but printable ASCII as `\DDD`."""
    return '"' + "".join(_escaped(byte) for byte in string) + '"'


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if ord(" ") <= byte <= ord("~") else f"\\{byte:03d}"


def _strings(content: str) -> list[bytes]:
    if not content.startswith('"'):
        return [content.encode()]
    strings = []
    position = 0
    while position < len(content):
        match = _QUOTED.match(content, position)
        if match is None:
            raise refused(VALIDATION, "DNS Validation Error: Content for TXT record has unbalanced quotation marks.")
        strings.append(_ESCAPE.sub(_byte, match[1].encode()))
        position = match.end()
    return strings


def _byte(escape: re.Match[bytes]) -> bytes:
    if not escape[1].isdigit() or len(escape[1]) == 1:
        return escape[1]
    value = int(escape[1])
    if value > 255:
        raise refused(VALIDATION, "DNS Validation Error: Content for TXT record has an escape over \\255.")
    return bytes([value])


def _split(string: bytes) -> list[bytes]:
    return [string[start : start + STRING_LIMIT] for start in range(0, len(string), STRING_LIMIT)] or [b""]
