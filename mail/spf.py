"""SPF (RFC 7208): which hosts may send mail in a domain's name."""

from __future__ import annotations

import difflib
import ipaddress
import re

DOMAIN_DEFAULT = "v=spf1 mx ~all"
MX_HOST = "v=spf1 a -all"

MOST_LOOK_UPS = 10  # RFC 7208 section 4.6.4

_MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_MODIFIERS = ("redirect", "exp")
_LOOK_UPS = {"include", "a", "mx", "ptr", "exists", "redirect"}

_TERM = re.compile(r"(?P<qualifier>[-+~?]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<sign>[:=/]?)(?P<value>.*)")
_CIDR = re.compile(r"(?P<rest>.*?)(?:/(?P<four>\d{1,3}))?(?://(?P<six>\d{1,3}))?")
_DOMAIN = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]\.?", re.IGNORECASE
)


def check(text: str) -> str:
    """Return an SPF record text with single spaces between its terms.

    Look-ups are counted in this record alone: those of the records that it includes need DNS.

    Raises:
        ValueError: receivers would reject or misread the record, or it lets everybody send; with the mend.
    """
    if not text.isascii():
        raise ValueError(f"{text!r} is no SPF record: it is not ASCII; write domain names as A-labels (xn--...)")
    version, *terms = text.split() or [""]
    if version.lower() != "v=spf1":
        raise ValueError(f"{text!r} is no SPF record: it must start with v=spf1 and a space")
    names = [_check_term(text, term) for term in terms]
    _check_order(text, terms, names)
    for modifier in _MODIFIERS:
        if names.count(modifier) > 1:
            raise ValueError(f"{text!r} has {modifier} more than once: keep one")
    look_ups = sum(name in _LOOK_UPS for name in names)
    if look_ups > MOST_LOOK_UPS:
        raise ValueError(
            f"{text!r} needs {look_ups} DNS look-ups, and receivers stop at {MOST_LOOK_UPS} "
            "(RFC 7208 section 4.6.4): replace some by ip4 and ip6"
        )
    return " ".join(["v=spf1", *terms])


def _check_order(text: str, terms: list[str], names: list[str]) -> None:
    """Check what ends the record: `all`, and after it modifiers only, or `redirect`."""
    if "all" not in names:
        if "redirect" not in names:
            raise ValueError(f"{text!r} has no end: add ~all (or -all), so that other senders are suspect")
        return
    if "redirect" in names:
        raise ValueError(f"{text!r} has all and redirect, of which redirect is ignored: delete one of them")
    position = names.index("all")
    if terms[position][0] not in "-~?":
        raise ValueError(f"{text!r} lets everybody send in your name: write ~all or -all, not {terms[position]}")
    if any(name in _MECHANISMS for name in names[position + 1 :]):
        raise ValueError(f"{text!r} has terms after {terms[position]}, which are ignored: put {terms[position]} last")


def _check_term(text: str, term: str) -> str:
    """Return the lower-case name of a mechanism or modifier whose form is right."""
    parsed = _TERM.fullmatch(term)
    if parsed is None:
        raise ValueError(f"{text!r} has a term {term!r} that SPF does not know: {_known()}")
    name, sign, value = parsed["name"].lower(), parsed["sign"], parsed["value"]
    if name == "v":
        raise ValueError(f"{text!r} has {term} twice: keep one record, with the terms of both")
    if name not in (*_MECHANISMS, *_MODIFIERS):
        nearest = difflib.get_close_matches(name, (*_MECHANISMS, *_MODIFIERS), n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}?" if nearest else _known()
        raise ValueError(f"{text!r} has a term {term!r} that SPF does not know: {hint}")
    if not _form_is_right(name, parsed["qualifier"], sign, value):
        raise ValueError(f"{text!r} has {term!r} in it: write {_FORMS[name]}")
    return name


_FORMS = {
    "all": "~all or -all",
    "include": "include:DOMAIN",
    "a": "a, a:DOMAIN or a/24",
    "mx": "mx, mx:DOMAIN or mx/24",
    "ptr": "ptr or ptr:DOMAIN",
    "ip4": "ip4:ADDRESS, or ip4:ADDRESS/PREFIX with a prefix of 1 to 32",
    "ip6": "ip6:ADDRESS, or ip6:ADDRESS/PREFIX with a prefix of 1 to 128",
    "exists": "exists:DOMAIN",
    "redirect": "redirect=DOMAIN",
    "exp": "exp=DOMAIN",
}


def _form_is_right(name: str, qualifier: str, sign: str, value: str) -> bool:
    match name:
        case "all":
            return not sign
        case "redirect" | "exp":
            return sign == "=" and not qualifier and _is_domain(value)
        case "include" | "exists":
            return sign == ":" and _is_domain(value)
        case "ptr":
            return not sign or (sign == ":" and _is_domain(value))
        case "ip4" | "ip6":
            return sign == ":" and _is_network(value, ipaddress.IPv4Network if name == "ip4" else ipaddress.IPv6Network)
        case _:
            return _is_host_and_prefixes(sign, value)


def _is_host_and_prefixes(sign: str, value: str) -> bool:
    """Tell whether what follows `a` or `mx` is [:domain][/v4 prefix][//v6 prefix]."""
    parts = _CIDR.fullmatch(f"/{value}" if sign == "/" else value)
    if parts is None or sign == "=":
        return False
    domain_is_right = _is_domain(parts["rest"]) if sign == ":" else not parts["rest"]
    return domain_is_right and int(parts["four"] or 0) <= 32 and int(parts["six"] or 0) <= 128


def _is_domain(value: str) -> bool:
    """Tell whether `value` is a domain name, or macros (RFC 7208 section 7) that receivers expand."""
    if "%" in value:
        return bool(re.fullmatch(r"(%\{[slodiphcrtvSLODIPHCRTV]\d*r?[-.+,/_=]*\}|%%|%_|%-|[!-$&-~])+", value))
    return bool(_DOMAIN.fullmatch(value))


def _is_network(value: str, family: type[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Tell whether `value` is an address or a network, but not the whole Internet."""
    if not re.fullmatch(r"[^/]+(/\d{1,3})?", value):
        return False
    try:
        return family(value, strict=False).prefixlen > 0
    except ValueError:
        return False


def _known() -> str:
    return f"use {', '.join((*_MECHANISMS, *_MODIFIERS))}"
