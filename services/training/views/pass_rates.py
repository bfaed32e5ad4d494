"""Pass rates and outliers."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel

from services.training.domain import pass_rates
from shared.values import Ratio


class PassRate(BaseModel, frozen=True):
    """`rate`: passes, assessments."""

    key: str
    assessed: int
    passed: int
    rate: Ratio

    @classmethod
    def from_group(cls, group: pass_rates.Group) -> PassRate:
        return cls(key=group.key, assessed=group.assessed, passed=group.passed, rate=(group.passed, group.assessed))


class PassRates(BaseModel, frozen=True):
    since: date
    until: date
    items: tuple[PassRate, ...]


class Outlier(PassRate, frozen=True):
    """`others`: passes, assessments of all others. `probability`: of being so far off by chance."""

    others: Ratio
    side: Literal["high", "low"]
    probability: float

    @classmethod
    def from_outlier(cls, one: pass_rates.Outlier) -> Outlier:
        return cls(
            key=one.group.key,
            assessed=one.group.assessed,
            passed=one.group.passed,
            rate=(one.group.passed, one.group.assessed),
            others=(one.others_passed, one.others_assessed),
            side=one.side,
            probability=one.probability,
        )


class Outliers(BaseModel, frozen=True):
    """`groups` were compared, by `method`; shown is who is less likely than `per_mille` in a thousand."""

    since: date
    until: date
    groups: int
    per_mille: int
    method: str
    items: tuple[Outlier, ...]
