"""Two scores that resemble those of MECSA and of internet.nl, from the same checks. They are not their results.

A check counts once a domain, by its worst row: 1 where it passes, 1/2 where it warns, 0 where it fails, or where it was
skipped since the check that it rests on fails: the SPF record that is missing is no better than a wrong one. What could
not be looked at or was skipped for another reason counts neither for nor against; each score says how many of its
checks were judged.
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
    rows: dict[str, list[Result]] = {domain: [] for domain in domains}
    shared: list[Result] = []
    for result in results:
        rows.get(result.domain, shared).append(result)
    found = {}
    for domain in domains:
        verdicts = _verdicts([*shared, *rows[domain]])
        points = {check: _points(those) for check, those in verdicts.items()}
        found[domain] = _scores(domain, points, checks.values())
    return found


def _verdicts(results: Iterable[Result]) -> dict[str, set[str]]:
    """Return the verdicts of each check; a row that was skipped for another check's sake has the worst of that one."""
    verdicts: dict[str, set[str]] = defaultdict(set)
    resting: dict[str, set[str]] = defaultdict(set)
    for result in results:
        if result.see:
            resting[result.check].add(result.see)
        else:
            verdicts[result.check].add(result.verdict)

    def worst(check: str, before: frozenset[str] = frozenset()) -> set[str]:
        """Return those of `fail` and `unknown` that a check, or one that it rests on, has."""
        others = [worst(other, before | {check}) for other in resting[check] if other not in before]
        return set().union(verdicts[check] & {"fail", "unknown"}, *others)

    for check in list(resting):
        verdicts[check] |= set().union(*(worst(other) for other in resting[check])) or {"skipped"}
    return verdicts


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
