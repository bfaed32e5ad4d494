"""The scorecard of an enterprise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel

from services.docking.domain import scorecards as domain
from shared.values import EnterpriseId


class Score(BaseModel, frozen=True):
    """`of`: what the value is a part of, or is set against."""

    value: int | None
    of: int | None
    unit: domain.ScoreUnit
    definition: str


class Scorecard(BaseModel, frozen=True):
    enterprise: EnterpriseId
    since: date
    until: date
    scores: dict[str, Score]


def scorecard(enterprise: EnterpriseId, since: date, until: date, scores: Mapping[str, domain.Score]) -> Scorecard:
    shown = {name: Score(value=one.value, of=one.of, unit=one.unit, definition=one.definition) for name, one in scores.items()}
    return Scorecard(enterprise=enterprise, since=since, until=until, scores=shown)
