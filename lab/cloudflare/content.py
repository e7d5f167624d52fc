"""What each type of record holds: checked, in Cloudflare's canonical form, and as a line of a zone file.

A type has either a `content` (addresses, host names, text) or a `data` object with named fields; of the
latter Cloudflare makes the `content` itself.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from lab.cloudflare import errors
from lab.cloudflare.errors import refused
from lab.cloudflare.names import is_host, normalised
from lab.cloudflare.text import normalised_txt, quoted

BYTE = 255
WORD = 65535


class Field(NamedTuple):
    """One field of a `data` object, in the order in which a zone file has them."""

    name: str
    kind: Literal["number", "host", "hex", "word", "parameters", "string"]
    top: int = 0


_TLSA = (
    Field("usage", "number", BYTE),
    Field("selector", "number", BYTE),
    Field("matching_type", "number", BYTE),
    Field("certificate", "hex"),
)
_SERVICE_BINDING = (Field("priority", "number", WORD), Field("target", "host"), Field("value", "parameters"))

DATA_TYPES: Mapping[str, tuple[Field, ...]] = {
    "CAA": (Field("flags", "number", BYTE), Field("tag", "word"), Field("value", "string")),
    "DS": (
        Field("key_tag", "number", WORD),
        Field("algorithm", "number", BYTE),
        Field("digest_type", "number", BYTE),
        Field("digest", "hex"),
    ),
    "HTTPS": _SERVICE_BINDING,
    "SMIMEA": _TLSA,
    "SRV": (
        Field("priority", "number", WORD),
        Field("weight", "number", WORD),
        Field("port", "number", WORD),
        Field("target", "host"),
    ),
    "SSHFP": (Field("algorithm", "number", BYTE), Field("type", "number", BYTE), Field("fingerprint", "hex")),
    "SVCB": _SERVICE_BINDING,
    "TLSA": _TLSA,
}
CONTENT_TYPES = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "PTR", "TXT"})
PROXIABLE_TYPES = frozenset({"A", "AAAA", "CNAME"})

Data = dict[str, int | str]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_WORD = re.compile(r"[A-Za-z0-9]+")
_UNREACHABLE = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
]


def canonical_content(record_type: str, content: Any) -> str:
    """The stored form of the content of one of the `CONTENT_TYPES`."""
    if not isinstance(content, str) or not content.strip():
        raise refused(errors.FIELD_REQUIRED, "content is a required field.")
    match record_type:
        case "A":
            return _address(content, 4)
        case "AAAA":
            return _address(content, 6)
        case "TXT":
            return normalised_txt(content)
        case "MX":
            return _mail_host(content)
    host = normalised(content)
    if not is_host(host):
        raise refused(errors.NOT_A_HOST, f"Content for {record_type} record is invalid.")
    return host


def _address(content: str, version: Literal[4, 6]) -> str:
    try:
        if version == 4:
            return str(ipaddress.IPv4Address(content.strip()))
        return str(ipaddress.IPv6Address(content.strip()))
    except ValueError:
        code, name = (errors.NOT_IPV4, "A") if version == 4 else (errors.NOT_IPV6, "AAAA")
        text = f"Content for {name} record must be a valid IPv{version} address."
        raise refused(code, text) from None


def _mail_host(content: str) -> str:
    host = normalised(content) or "."
    if host == ".":
        return host
    if not is_host(host) or re.fullmatch(r"[0-9.]+", host):
        raise refused(
            errors.MX_NOT_A_HOST,
            "Change the content of your MX record to be a hostname (and not an IP address). "
            "For more details, refer to "
            "<https://developers.cloudflare.com/dns/manage-dns-records/how-to/email-records/#add-mx-records>.",
        )
    return host


def canonical_data(record_type: str, data: Any) -> Data:
    """The stored form of the data object of one of the `DATA_TYPES`; fields of other types are left out."""
    if not isinstance(data, dict):
        raise refused(errors.FIELD_REQUIRED, "data is a required field.")
    return {field.name: _value(field, data.get(field.name)) for field in DATA_TYPES[record_type]}


def _value(field: Field, given: Any) -> int | str:
    if given is None and field.kind != "parameters":
        raise refused(errors.FIELD_REQUIRED, f"data.{field.name} is a required field.")
    if field.kind == "number":
        return whole_number(given, f"data.{field.name}", field.top)
    text = "" if given is None else str(given).strip()
    if field.kind == "host":
        text = normalised(text) or "."
    valid = {
        "host": text == "." or is_host(text),
        "hex": bool(_HEX.fullmatch(text)),
        "word": bool(_WORD.fullmatch(text)),
        "parameters": "\n" not in text,
        "string": bool(text) and len(text.encode()) <= BYTE,
    }[field.kind]
    if not valid:
        raise refused(errors.VALIDATION, f"DNS Validation Error: data.{field.name} is invalid.")
    return text


def whole_number(given: Any, name: str, top: int) -> int:
    """A number from 0 to `top`; digits in a string are one, as they are for Cloudflare."""
    if isinstance(given, str) and given.isdecimal():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given != int(given) or not 0 <= given <= top:
        raise refused(errors.VALIDATION, f"DNS Validation Error: {name} must be a number between 0 and {top}.")
    return int(given)


def data_content(record_type: str, data: Data) -> str:
    """The content that Cloudflare makes of a data object; the priority of an SRV record stands beside it."""
    hidden = {"priority"} if record_type == "SRV" else set()
    fields = (field for field in DATA_TYPES[record_type] if field.name not in hidden)
    return " ".join(_shown(field, data[field.name], dot="") for field in fields).rstrip()


def rdata(record_type: str, content: str, priority: int | None, data: Data | None) -> str:
    """What stands in a zone file behind the type."""
    if data is not None:
        return " ".join(_shown(field, data[field.name], dot=".") for field in DATA_TYPES[record_type]).rstrip()
    if record_type in {"A", "AAAA", "TXT"}:
        return content
    host = "." if content == "." else f"{content}."
    return f"{priority} {host}" if record_type == "MX" else host


def _shown(field: Field, value: int | str, dot: str) -> str:
    if field.kind == "host":
        return "." if value == "." else f"{value}{dot}"
    return quoted(str(value).encode()) if field.kind == "string" else str(value)


def can_be_proxied(record_type: str, content: str) -> bool:
    """Whether Cloudflare could stand in front of this target."""
    if record_type == "CNAME":
        return True
    if record_type not in PROXIABLE_TYPES:
        return False
    address = ipaddress.ip_address(content)
    return not any(address in network for network in _UNREACHABLE if network.version == address.version)
