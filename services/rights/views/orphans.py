"""The orphans queue."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.rights.domain import orphans
from services.rights.domain.ledgers import Terms
from services.rights.views.incomes import Income
from shared.values import CountyCode


class Orphan(Income, frozen=True):
    """`region`: the province it was handed to."""

    orphaned_on: date
    age_days: int
    region: CountyCode | None

    @classmethod
    def from_orphan(cls, orphan: orphans.Orphan, terms: Terms, today: date) -> Orphan:
        return cls(
            **Income.from_income(orphan, terms).model_dump(),
            orphaned_on=orphan.orphaned_on,
            age_days=(today - orphan.orphaned_on).days,
            region=orphan.region,
        )


class Orphans(BaseModel, frozen=True):
    items: tuple[Orphan, ...]
    next: str | None


class Band(BaseModel, frozen=True):
    """`to_days` None: and longer."""

    from_days: int
    to_days: int | None
    reports: int


class OrphanAgeing(BaseModel, frozen=True):
    reports: int
    oldest_days: int | None
    bands: tuple[Band, ...]
