"""The values on the command line. Each function raises `UsageError` for what cannot be."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from mail import names
from verify.catalogue import CHECKS, GROUPS
from verify.dns_client import Server

_LARGEST_FILE = 16 * 1024 * 1024
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class UsageError(Exception):
    """The command line asks for what there is not; the text says what is wrong and how to write it."""


def nearest(name: str, known: Collection[str], otherwise: str) -> str:
    """Return a question for a name that is known and much like this one, else another hint."""
    word = name.lower()
    close = get_close_matches(word, known, n=1, cutoff=0.75) or [
        one for one in known if word and word in one.split("-")
    ]
    close = close or get_close_matches(word, known, n=1)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


def checks(option: str, given: Sequence[str]) -> frozenset[str]:
    """Read lists of groups and check ids, separated by commas."""
    chosen = [name.strip() for text in given for name in text.split(",") if name.strip()]
    for name in chosen:
        if name not in GROUPS and name not in CHECKS:
            hint = nearest(name, [*GROUPS, *CHECKS], f"the groups are {', '.join(GROUPS)}; --list has the checks.")
            raise UsageError(f"{option} {name}: there is no such check or group; {hint}")
    if given and not chosen:
        raise UsageError(f"{option}: name a group or a check; the groups are {', '.join(GROUPS)}.")
    return frozenset(chosen)


def check(name: str) -> str:
    """Read a check id."""
    if name not in CHECKS:
        hint = nearest(name, CHECKS, "--list has all that there are.")
        raise UsageError(f"--explain {name}: there is no such check; {hint}")
    return name


def name(option: str, text: str) -> str:
    """Read a domain or host name; the result is in A-labels."""
    try:
        return names.to_ascii(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None


def server(text: str) -> Server:
    """Read a DNS server: `IP`, `IP:port` or `[IPv6]:port`."""
    parts = re.fullmatch(r"(?:\[([^]]*)\]|([^:]*))(?::([0-9]{1,5}))?", text)
    address, port = (parts[1] or parts[2], parts[3] or "53") if parts else (text, "53")  # else a bare IPv6 address
    if not _is_ip(address) or not 1 <= int(port) <= 65535:
        raise UsageError(
            f"--resolver {text}: write an IP address, like 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53."
        )
    return Server(address=address, port=int(port))


def authority(path: str) -> str:
    """Read a file with certificates in PEM; what stands between them, such as names, is left out."""
    from cryptography import x509  # here, since most runs have no --ca
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_FILE)
        found = x509.load_pem_x509_certificates(content)
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in found).decode("ascii")
    except OSError as error:
        raise UsageError(f"--ca {path}: {error.strerror}.") from None
    except ValueError:
        raise UsageError(
            f"--ca {path}: this is no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----."
        ) from None


def connections(given: Sequence[str]) -> dict[str, list[str]]:
    """Read `HOST=IP`, each; the result is from host to addresses."""
    found: dict[str, list[str]] = {}
    for text in given:
        host, _, address = text.partition("=")
        address = address.strip("[]")
        if not _is_ip(address):
            raise UsageError(f"--connect {text}: write HOST=IP, like mail.example.org=192.0.2.25.")
        found.setdefault(name("--connect", host), []).append(address)
    return found


def address(text: str) -> str:
    """Read a mail address."""
    try:
        return "@".join(names.parse_address(text))
    except ValueError as error:
        raise UsageError(f"--send-to: {error}.") from None


def seconds(text: str) -> float:
    """Read a time with its unit: s, m or h."""
    parts = re.fullmatch(r"([0-9]{1,6})([smh])", text)
    if not parts or not int(parts[1]):
        raise UsageError(f"--wait {text}: write a number with its unit, like 90s, 15m or 2h.")
    return float(int(parts[1]) * _SECONDS[parts[2]])


def writable(path: str) -> Path:
    """Read where to write a file."""
    file = Path(path)
    if not path or path.endswith("/") or file.is_dir() or not file.parent.is_dir():
        raise UsageError(f"--junit {path}: there is no such directory to write the file to.")
    return file


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
