"""What there is to know of one check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Group = Literal["records", "policy", "transport", "delivery", "reach"]
GROUPS: tuple[Group, ...] = get_args(Group)

Mecsa = Literal["confidential delivery", "phishing and identity theft", "integrity"]
"""The three scores of MECSA."""
InternetNl = Literal["IPv6", "DNSSEC", "DMARC, DKIM and SPF", "STARTTLS and DANE", "RPKI"]
"""The five categories of internet.nl's mail test."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        id: stable, lower case with hyphens.
        group: which part of the world it looks at.
        title: a few words, for the table.
        means: what is looked at, why it matters and what happens to mail where it fails; two to five sentences.
        source: the RFC with its section, or whose requirement it is.
        mecsa: the scores of MECSA that look at something like it.
        internet_nl: the category of internet.nl's mail test that looks at something like it.
    """

    id: str
    group: Group
    title: str
    means: str
    source: str
    mecsa: tuple[Mecsa, ...] = ()
    internet_nl: InternetNl | None = None
