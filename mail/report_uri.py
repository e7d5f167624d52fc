"""Where reports go: the `mailto:` and `https:` URIs in DMARC (RFC 9989) and TLS-RPT (RFC 8460) records."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from mail import names

_RESERVED = re.compile(r"[,!;\s\"\\]")  # separators in the records, or characters that no URI has
_SAFE = "+'*~$"  # characters of a local part that a URI may hold as they are (RFC 6068)

_MENDS = {
    ",": "give each URI on its own, or write that as %2C",
    "!": "leave out the size limit, which RFC 9989 no longer has, or write that as %21",
}


def mailto(address: str) -> str:
    """Return the URI that sends reports to a mail address; ValueError as in `names.parse_address`."""
    local, domain = names.parse_address(address)
    return f"mailto:{quote(local, safe=_SAFE)}@{domain}"


def check(uri: str) -> str:
    """Return a report URI in the normal form (host as A-labels, scheme in lower case).

    Raises:
        ValueError: with the value, the reason and the mend.
    """
    if not uri.isascii() and not uri.lower().startswith("mailto:"):
        raise ValueError(f"{uri!r} is no report URI: it is not ASCII; percent-encode it")
    if found := _RESERVED.search(uri):
        mend = _MENDS.get(found.group(), f"write that as %{ord(found.group()):02X}")
        raise ValueError(f"{uri!r} is no report URI: it contains {found.group()!r}; {mend}")
    scheme, _, rest = uri.partition(":")
    match scheme.lower():
        case "mailto":
            return _check_mailto(uri, rest)
        case "https":
            return _check_https(uri)
        case _ if "@" in uri:
            raise ValueError(f"{uri!r} is no report URI: it has no scheme; write mailto:{uri.split(':')[-1]}")
        case _:
            raise ValueError(f"{uri!r} is no report URI: use mailto:ADDRESS or https://HOST/PATH")


def addressee(uri: str) -> tuple[str, str] | None:
    """Return (local part, domain) of a `mailto:` report URI, None for `https:`; ValueError as in `check`."""
    normal = check(uri)
    if not normal.startswith("mailto:"):
        return None
    return names.parse_address(unquote(normal.removeprefix("mailto:")))


def host(uri: str) -> str:
    """Return the domain that a report URI sends to; ValueError as in `check`."""
    if parts := addressee(uri):
        return parts[1]
    return names.to_ascii(urlsplit(uri).hostname or "")


def _check_mailto(uri: str, rest: str) -> str:
    if "?" in rest:
        raise ValueError(f"{uri!r} is no report URI: leave out what follows the question mark")
    try:
        return mailto(unquote(rest))
    except ValueError as error:
        raise ValueError(f"{uri!r} is no report URI: {error}") from None


def _check_https(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        name = names.to_ascii(parts.hostname or "")
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise ValueError(f"{uri!r} is no report URI: {error}") from None
    if parts.username is not None:
        raise ValueError(f"{uri!r} is no report URI: a published record is no place for a login; leave it out")
    return parts._replace(scheme="https", netloc=name + port).geturl()
