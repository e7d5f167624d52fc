"""Two scores that resemble those of MECSA and of internet.nl, from the same checks. They are not their results.

A check counts once a domain, by its worst row: 1 where it passes, 1/2 where it warns, 0 where it fails. What could not
be looked at or was skipped counts neither for nor against; each score says how many of its checks were judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

from verify.catalogue import CHECKS, Check
from verify.catalogue.check import InternetNl, Mecsa
from verify.result import Result

MECSA: tuple[Mecsa, ...] = get_args(Mecsa)
INTERNET_NL: tuple[InternetNl, ...] = get_args(InternetNl)

_POINTS = {"pass": Fraction(1), "warn": Fraction(1, 2), "fail": Fraction(0)}


@dataclass(frozen=True, kw_only=True)
class Score:
    """One score of one domain.

    Attributes:
        domain: whose it is; the lowest one's among several.
        share: 0 to 1; None where nothing was judged.
        judged: how many checks (of a total: categories) it rests on.
        of: how many there are.
    """

    domain: str
    share: Fraction | None
    judged: int
    of: int

    @property
    def percent(self) -> int | None:
        """Whole percents, rounded down, so that 100 is reached by all of it alone."""
        return None if self.share is None else int(100 * self.share)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The scores of a domain, or the lowest among several.

    Attributes:
        mecsa: by the names of MECSA's three scores.
        internet_nl: by the names of internet.nl's categories.
        internet_nl_total: of the categories with anything judged, which count the same.
    """

    mecsa: Mapping[Mecsa, Score]
    internet_nl: Mapping[InternetNl, Score]
    internet_nl_total: Score


def by_domain(
    results: Iterable[Result], domains: Sequence[str], catalogue: Mapping[str, Check] | None = None
) -> dict[str, Scores]:
    """Return the scores of each mail domain; what is about none of them, as the MX host, counts for all.

    Args:
        results: of one run.
        domains: the mail domains looked at.
        catalogue: the checks with what they resemble, by id.
    """
    checks = CHECKS if catalogue is None else catalogue
    verdicts: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for result in results:
        verdicts[result.domain if result.domain in domains else ""][result.check].add(result.verdict)
    shared = verdicts[""]
    found = {}
    for domain in domains:
        own = verdicts[domain]
        points = {check: _points(own.get(check, set()) | shared.get(check, set())) for check in {*own, *shared}}
        found[domain] = _scores(domain, points, checks.values())
    return found


def lowest(scores: Mapping[str, Scores]) -> Scores | None:
    """Return the lowest of each MECSA score, and internet.nl's of the domain with the lowest total."""
    every = list(scores.values())
    if not every:
        return None
    last = min(every, key=lambda one: _rank(one.internet_nl_total))
    return Scores(
        mecsa={name: min((one.mecsa[name] for one in every), key=_rank) for name in MECSA},
        internet_nl=last.internet_nl,
        internet_nl_total=last.internet_nl_total,
    )


def _scores(domain: str, points: Mapping[str, Fraction | None], checks: Collection[Check]) -> Scores:
    def score(counts: Callable[[Check], bool]) -> Score:
        mapped = [check.id for check in checks if counts(check)]
        return _mean(domain, [points.get(check) for check in mapped])

    categories: dict[InternetNl, Score] = {
        name: score(lambda check, name=name: check.internet_nl == name)  # type: ignore[misc]
        for name in INTERNET_NL
    }
    return Scores(
        mecsa={name: score(lambda check, name=name: name in check.mecsa) for name in MECSA},  # type: ignore[misc]
        internet_nl=categories,
        internet_nl_total=_mean(domain, [category.share for category in categories.values()]),
    )


def _mean(domain: str, shares: Sequence[Fraction | None]) -> Score:
    judged = [share for share in shares if share is not None]
    mean = sum(judged, Fraction(0)) / len(judged) if judged else None
    return Score(domain=domain, share=mean, judged=len(judged), of=len(shares))


def _points(verdicts: Collection[str]) -> Fraction | None:
    """Return what a check counts with the verdicts of its rows; None where it is not judged."""
    if "unknown" in verdicts and "fail" not in verdicts:
        return None
    return min((_POINTS[verdict] for verdict in verdicts if verdict in _POINTS), default=None)


def _rank(score: Score) -> Fraction:
    return Fraction(2) if score.share is None else score.share
