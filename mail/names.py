"""Domain names and mail addresses in the one form that all parts take: lower case, domains as A-labels."""

from __future__ import annotations

import ipaddress
import re

import idna

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LONGEST_LOCAL_PART = 64  # octets, RFC 5321

LONGEST_NAME = 253
"""Characters of a domain name as it is written (RFC 1035's 255 octets)."""


def to_ascii(name: str) -> str:
    """Return `name` as lower-case A-labels without a trailing dot (IDNA 2008, with the UTS 46 mapping).

    Raises:
        ValueError: `name` is no host or domain name; one sentence with the value, the reason and the mend.
    """
    if reason := _obvious_fault(name):
        raise ValueError(f"{name!r} is no domain name: {reason}")
    try:
        ascii_name = idna.encode(name.removesuffix("."), uts46=True).decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"{name!r} is no domain name: {_reason(error)}") from None
    labels = ascii_name.split(".")
    if "" in labels:
        raise ValueError(f"{name!r} is no domain name: it has a dot too many; remove it")
    if len(labels) == 1:
        raise ValueError(f"{name!r} is no domain name: it has one label only; write it in full, like example.org")
    if labels[-1].isdigit():
        raise ValueError(f"{name!r} is no domain name: the last label is a number; end it in a top-level domain")
    return ascii_name


def to_unicode(name: str) -> str:
    """Return `name` as a person reads it: every A-label decoded, other labels (also `_dmarc`) as they are."""
    return ".".join(idna.ulabel(label) if label.startswith("xn--") else label for label in name.split("."))


def is_within(name: str, zone: str) -> bool:
    """Tell whether `name` is `zone` or below it; `badexample.org` is not within `example.org`."""
    labels, zone_labels = (text.lower().removesuffix(".").split(".") for text in (name, zone))
    return labels[-len(zone_labels) :] == zone_labels


def check_local_part(local: str) -> str:
    """Return the part before the @ in lower case: a Dot-string of RFC 5321, at most 64 octets.

    Quoted strings and non-ASCII local parts are refused: hardly a client or server takes them everywhere.

    Raises:
        ValueError: with the value, the reason and the mend.
    """
    folded = local.lower()
    if not _DOT_STRING.fullmatch(folded):
        raise ValueError(f"{local!r} cannot stand before the @: use letters, digits, - and inner dots, like first.last")
    if len(folded) > _LONGEST_LOCAL_PART:
        raise ValueError(
            f"{local!r} cannot stand before the @: it has {len(folded)} characters; use at most {_LONGEST_LOCAL_PART}"
        )
    return folded


def address(local: str, domain: str) -> str:
    """Return `local@domain` in the normal form; ValueError as in `check_local_part` and `to_ascii`."""
    return f"{check_local_part(local)}@{to_ascii(domain)}"


def parse_address(text: str) -> tuple[str, str]:
    """Split a mail address into its local part and domain, both in the normal form.

    Raises:
        ValueError: with the value, the reason and the mend.
    """
    local, at, domain = text.rpartition("@")
    if not at:
        raise ValueError(f"{text!r} is no mail address: it has no @; write it like postmaster@example.org")
    try:
        return check_local_part(local), to_ascii(domain)
    except ValueError as error:
        raise ValueError(f"{text!r} is no mail address: {error}") from None


def _obvious_fault(name: str) -> str | None:
    """Say what is wrong with `name` where IDNA's own words would puzzle a reader."""
    if not name.strip("."):
        return "it is empty; write it like example.org"
    if re.search(r"\s", name):
        return "it has a space in it; remove it"
    if "@" in name:
        return "it is an address; write only what follows the @"
    if "*" in name:
        return "a wildcard is no host; name the host itself"
    if "/" in name:
        return "it looks like a URL; write the host name alone"
    if _is_ip_address(name):
        return "it is an IP address; write the name that points to it"
    if "_" in name:
        return "an underscore is not allowed in a host name; use a hyphen"
    return None


def _reason(error: UnicodeError) -> str:
    """Turn IDNA's error into half a sentence with a mend."""
    text = str(error).rstrip(".")
    match text:
        case "Empty Label" | "Empty domain":
            return "it has a dot too many; remove it"
        case "Label too long":
            return "a label is longer than 63 characters; shorten it"
        case "Domain too long":
            return "it is longer than 253 characters; shorten it"
        case _:
            return f"{text[:1].lower()}{text[1:]}; use letters, digits and inner hyphens only"


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
