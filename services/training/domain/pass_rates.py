"""Pass rates, and groups whose rate is not chance: an exact binomial test of each against all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p
from typing import Literal

METHOD = (
    "One-sided exact binomial tail: how likely a group has so many passes, or so few, when each of its assessments passes with the "
    "rate of all other groups together; times the number of groups compared (Bonferroni)."
)


@dataclass(frozen=True, slots=True)
class Group:
    """Assessments of one centre, assessor, course or month."""

    key: str
    assessed: int
    passed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """`probability`: corrected for the number of groups, at most 1."""

    group: Group
    others_assessed: int
    others_passed: int
    side: Literal["high", "low"]
    probability: float


def outliers(groups: Sequence[Group], per_mille: int) -> list[Outlier]:
    """Those less likely than so many in a thousand, the least likely first. A group without others to compare with is left out."""
    assessed, passed = sum(one.assessed for one in groups), sum(one.passed for one in groups)
    found = [one for group in groups if (one := _compared(group, assessed - group.assessed, passed - group.passed, len(groups)))]
    return sorted((one for one in found if one.probability * 1000 < per_mille), key=lambda one: (one.probability, one.group.key))


def _compared(group: Group, others_assessed: int, others_passed: int, groups: int) -> Outlier | None:
    if group.assessed == 0 or others_assessed == 0:
        return None
    high = group.passed * others_assessed > group.assessed * others_passed
    # the tail of failures is that of passes, seen from the other side
    hits = group.passed if high else group.assessed - group.passed
    rate = (others_passed if high else others_assessed - others_passed) / others_assessed
    return Outlier(
        group=group,
        others_assessed=others_assessed,
        others_passed=others_passed,
        side="high" if high else "low",
        probability=min(1.0, upper_tail(group.assessed, hits, rate) * groups),
    )


def upper_tail(trials: int, hits: int, rate: float) -> float:
    """How likely so many hits or more are. Terms are summed from `hits` upwards until they no longer matter."""
    if not 0 < hits <= trials or not 0 < rate < 1:
        return float(hits <= 0 or (rate >= 1 and hits <= trials))
    total = 0.0
    for count in range(hits, trials + 1):
        term = exp(
            lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1) + count * log(rate) + (trials - count) * log1p(-rate)
        )
        total += term
        if count > trials * rate and term <= total * 1e-17:
            break
    return min(1.0, total)
