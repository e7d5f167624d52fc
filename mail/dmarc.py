"""DMARC (RFC 9989, which replaced RFC 7489): what receivers do with forged mail, and where they report it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from mail import report_uri

Policy = Literal["none", "quarantine", "reject"]
Alignment = Literal["r", "s"]
PublicSuffix = Literal["y", "n", "u"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
ALIGNMENTS: tuple[Alignment, ...] = get_args(Alignment)
PUBLIC_SUFFIX: tuple[PublicSuffix, ...] = get_args(PublicSuffix)

# The order in which a record is written: RFC 9989 leaves it free after v, RFC 7489 wants p second.
_TAGS = ("v", "p", "sp", "np", "adkim", "aspf", "t", "psd", "rua", "ruf", "fo")
_REMOVED = {
    "pct": "delete it, and use t=y while the policy is on trial",
    "rf": "delete it: there is one report format",
    "ri": "delete it: receivers report daily",
}
_FAILURE_OPTIONS = re.compile(r"(?!.*([01]).*[01])(?!.*([ds]).*\2)[01ds](:[01ds])*")


_Known = TypeVar("_Known", bound=str)


@dataclass(frozen=True, kw_only=True)
class Dmarc:
    """The tags of a DMARC policy record (RFC 9989 section 4.7); None leaves a tag out.

    Attributes:
        rua: `mailto:` or `https:` URIs for aggregate reports (RFC 9990).
        ruf: URIs for failure reports (RFC 9991).
        testing: t=y, which asks for the policy one step milder than written.
    """

    policy: Policy = "quarantine"
    subdomain_policy: Policy | None = None
    nonexistent_policy: Policy | None = None
    dkim_alignment: Alignment | None = None
    spf_alignment: Alignment | None = None
    testing: bool = False
    public_suffix: PublicSuffix | None = None
    rua: tuple[str, ...]
    ruf: tuple[str, ...] = ()
    failure_options: str | None = None

    def __post_init__(self) -> None:
        """Refuse values that receivers would ignore; a ValueError names the tag, the value and the mend."""
        _one_of("p", self.policy, POLICIES)
        _one_of("sp", self.subdomain_policy, POLICIES)
        _one_of("np", self.nonexistent_policy, POLICIES)
        _one_of("adkim", self.dkim_alignment, ALIGNMENTS)
        _one_of("aspf", self.spf_alignment, ALIGNMENTS)
        _one_of("psd", self.public_suffix, PUBLIC_SUFFIX)
        if self.failure_options is not None and not _FAILURE_OPTIONS.fullmatch(self.failure_options):
            raise ValueError(f"DMARC fo={self.failure_options} is unknown: use 0 or 1, and d or s, like 1:d:s")
        if self.failure_options is not None and not self.ruf:
            raise ValueError(f"DMARC fo={self.failure_options} does nothing without ruf: add ruf or delete fo")
        object.__setattr__(self, "rua", tuple(report_uri.check(uri) for uri in self.rua))
        object.__setattr__(self, "ruf", tuple(report_uri.check(uri) for uri in self.ruf))


def record_name(domain: str) -> str:
    """Return the owner name of the DMARC record."""
    return f"_dmarc.{domain}"


def record_text(dmarc: Dmarc) -> str:
    """Return the TXT text, for example `v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org`."""
    values: dict[str, str | None] = {
        "v": "DMARC1",
        "p": dmarc.policy,
        "sp": dmarc.subdomain_policy,
        "np": dmarc.nonexistent_policy,
        "adkim": dmarc.dkim_alignment,
        "aspf": dmarc.spf_alignment,
        "t": "y" if dmarc.testing else None,
        "psd": dmarc.public_suffix,
        "rua": ",".join(dmarc.rua),
        "ruf": ",".join(dmarc.ruf),
        "fo": dmarc.failure_options,
    }
    return "; ".join(f"{tag}={values[tag]}" for tag in _TAGS if values[tag])


def parse(text: str) -> Dmarc:
    """Read a DMARC record text that somebody wrote by hand.

    Receivers ignore what they do not know, so that a misspelt tag would be lost in silence: here it is an
    error, as are pct, rf and ri, which RFC 9989 removed.

    Raises:
        ValueError: with the tag, the value and the mend.
    """
    tags = _split(text)
    if list(tags)[:1] != ["v"] or tags["v"] != "DMARC1":
        raise ValueError(f"{text!r} is no DMARC record: it must start with v=DMARC1 (in capitals)")
    if list(tags)[1:2] != ["p"]:
        raise ValueError(
            f"{text!r} has no p right after v: begin with v=DMARC1; p=..., as receivers of RFC 7489 need it"
        )
    return Dmarc(
        policy=_one_of("p", tags["p"], POLICIES) or "none",
        subdomain_policy=_one_of("sp", tags.get("sp"), POLICIES),
        nonexistent_policy=_one_of("np", tags.get("np"), POLICIES),
        dkim_alignment=_one_of("adkim", tags.get("adkim"), ALIGNMENTS),
        spf_alignment=_one_of("aspf", tags.get("aspf"), ALIGNMENTS),
        testing=_one_of("t", tags.get("t"), ("y", "n")) == "y",
        public_suffix=_one_of("psd", tags.get("psd"), PUBLIC_SUFFIX),
        rua=_uris(tags, "rua"),
        ruf=_uris(tags, "ruf"),
        failure_options=tags.get("fo"),
    )


def check(text: str) -> str:
    """Return a hand-written DMARC record text in the normal form; ValueError as in `parse`."""
    return record_text(parse(text))


def _split(text: str) -> dict[str, str]:
    """Return the tags of a record text in their order."""
    tags: dict[str, str] = {}
    for part in text.strip().removesuffix(";").split(";"):
        tag, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise ValueError(
                f"{text!r} is no DMARC record: {part.strip()!r} is not written tag=value; mend or delete it"
            )
        if tag in _REMOVED:
            raise ValueError(f"DMARC has no {tag} any more (RFC 9989), found {tag}={value}: {_REMOVED[tag]}")
        if tag not in _TAGS:
            nearest = difflib.get_close_matches(tag, _TAGS, n=1, cutoff=0.5)
            hint = f"did you mean {nearest[0]}?" if nearest else f"use {', '.join(_TAGS)}"
            raise ValueError(f"DMARC has no tag {tag!r}, found {tag}={value}: {hint}")
        if tag in tags:
            raise ValueError(f"DMARC tag {tag} is there twice, {tags[tag]!r} and {value!r}: delete one")
        tags[tag] = value
    return tags


def _uris(tags: Mapping[str, str], tag: str) -> tuple[str, ...]:
    return tuple(uri.strip() for uri in tags[tag].split(",")) if tag in tags else ()


def _one_of(tag: str, value: str | None, known: Sequence[_Known]) -> _Known | None:
    """Return the known value that `value` is, None for a tag that is left out."""
    if value is None:
        return None
    for candidate in known:
        if value == candidate:
            return candidate
    raise ValueError(f"DMARC {tag}={value} is unknown: use {', '.join(known[:-1])} or {known[-1]}")
