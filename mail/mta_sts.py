"""MTA-STS (RFC 8461): the policy that has other servers insist on good TLS, and its record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Literal, get_args

from mail import names

Mode = Literal["testing", "enforce", "none"]
MODES: tuple[Mode, ...] = get_args(Mode)

DEFAULT_MODE: Mode = "testing"
DEFAULT_MAX_AGE = 604_800  # seconds, one week
LONGEST_MAX_AGE = 31_557_600  # seconds, one year; RFC 8461 section 3.2
POLICY_PATH = "/.well-known/mta-sts.txt"

_ID = re.compile(r"[A-Za-z0-9]{1,32}")


def check_mode(mode: str) -> Mode:
    """Return `mode` if it is one; ValueError with the known ones otherwise."""
    for known in MODES:
        if mode == known:
            return known
    raise ValueError(f"{mode!r} is no MTA-STS mode: use {', '.join(MODES[:-1])} or {MODES[-1]}")


def check_max_age(max_age: int) -> int:
    """Return `max_age` (seconds) if it is within 0 and 31557600; ValueError with the mend otherwise."""
    if not 0 <= max_age <= LONGEST_MAX_AGE:
        raise ValueError(
            f"max_age {max_age} is out of range: use seconds from 0 to {LONGEST_MAX_AGE} (a year), "
            f"such as {DEFAULT_MAX_AGE} (a week)"
        )
    return max_age


def policy_text(mode: str, mx: Sequence[str], max_age: int) -> str:
    r"""Return the policy file (RFC 8461 section 3.2), every line ended by CRLF.

    Args:
        mode: testing, enforce or none.
        mx: the MX hosts, or `*.DOMAIN` for every host one label below it; empty in mode none only.
        max_age: how long senders remember the policy, in seconds.

    Raises:
        ValueError: with the value and the mend.
    """
    if not mx and check_mode(mode) != "none":
        raise ValueError(f"An MTA-STS policy of mode {mode} names no MX host: senders could deliver nowhere; add mx")
    lines = [
        "version: STSv1",
        f"mode: {check_mode(mode)}",
        *(f"mx: {_mx_pattern(host)}" for host in mx),
        f"max_age: {check_max_age(max_age)}",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def policy_id(policy: str) -> str:
    """Return the id of a policy text: 32 alphanumerics that change exactly when the text does.

    RFC 8461 section 3.1 allows 1 to 32 letters and digits, in no order: a digest serves as well as a date.
    """
    return hashlib.sha256(policy.encode()).hexdigest()[:32]


def record_name(domain: str) -> str:
    """Return the owner name of the MTA-STS record."""
    return f"_mta-sts.{domain}"


def record_text(policy_id: str) -> str:
    """Return the TXT text, for example `v=STSv1; id=20260101`.

    The grammar of RFC 8461 section 3.1 lets a semicolon end the record but does not ask for it; here none
    does, as in the other records.

    Raises:
        ValueError: the id is not 1 to 32 letters and digits.
    """
    if not _ID.fullmatch(policy_id):
        raise ValueError(f"{policy_id!r} is no MTA-STS id: use 1 to 32 letters and digits")
    return f"v=STSv1; id={policy_id}"


def policy_host(domain: str) -> str:
    """Return the host that serves the policy."""
    return f"mta-sts.{domain}"


def policy_url(domain: str) -> str:
    """Return the URL that senders fetch the policy from; they follow no redirect."""
    return f"https://{policy_host(domain)}{POLICY_PATH}"


def _mx_pattern(host: str) -> str:
    wildcard = "*." if host.startswith("*.") else ""
    return wildcard + names.to_ascii(host.removeprefix("*."))
