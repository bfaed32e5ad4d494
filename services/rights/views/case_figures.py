"""Counts of cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import zip_longest

from pydantic import BaseModel

from services.rights.domain import case_figures
from services.rights.domain.cases import Category
from shared.values import EnterpriseId, format_ratio


class AgeBand(BaseModel, frozen=True):
    """`to_days` None: and older."""

    from_days: int
    to_days: int | None
    open: int
    late: int
    paused: int


class CaseAgeing(BaseModel, frozen=True):
    """Of the whole nation."""

    as_of: datetime
    open: int
    late: int
    bands: tuple[AgeBand, ...]

    @classmethod
    def from_bands(cls, bands: Sequence[case_figures.AgeBand], now: datetime) -> CaseAgeing:
        ends = [band.from_days - 1 for band in bands[1:]]
        return cls(
            as_of=now,
            open=sum(band.open for band in bands),
            late=sum(band.late for band in bands),
            bands=tuple(
                AgeBand(from_days=band.from_days, to_days=end, open=band.open, late=band.late, paused=band.paused)
                for band, end in zip_longest(bands, ends)
            ),
        )


class OnTime(BaseModel, frozen=True):
    category: Category
    in_time: int
    of: int
    percent: str | None


class OnTimeRates(BaseModel, frozen=True):
    since: date
    to: date
    in_time: int
    of: int
    percent: str | None
    categories: tuple[OnTime, ...]

    @classmethod
    def from_counts(cls, counts: Sequence[case_figures.OnTime], since: date, to: date) -> OnTimeRates:
        in_time, of = sum(one.in_time for one in counts), sum(one.of for one in counts)
        return cls(
            since=since,
            to=to,
            in_time=in_time,
            of=of,
            percent=_percent(in_time, of),
            categories=tuple(
                OnTime(category=one.category, in_time=one.in_time, of=one.of, percent=_percent(one.in_time, one.of)) for one in counts
            ),
        )


def _percent(part: int, whole: int) -> str | None:
    return format_ratio((100 * part, whole), 1)


class ComplaintRate(BaseModel, frozen=True):
    """`per_thousand`: complaints for 1,000 placements that were abroad; None: nobody was."""

    enterprise: EnterpriseId
    complaints: int
    open: int
    escalated: int
    settled: int
    workers: int
    per_thousand: str | None


class ComplaintRates(BaseModel, frozen=True):
    since: date
    to: date
    items: tuple[ComplaintRate, ...]
    next: str | None

    @classmethod
    def from_counts(cls, counts: Sequence[case_figures.Complaints], since: date, to: date, following: str | None) -> ComplaintRates:
        return cls(since=since, to=to, items=tuple(map(_rate, counts)), next=following)


def _rate(one: case_figures.Complaints) -> ComplaintRate:
    return ComplaintRate(
        enterprise=one.enterprise,
        complaints=one.complaints,
        open=one.open,
        escalated=one.escalated,
        settled=one.settled,
        workers=one.workers,
        per_thousand=format_ratio((1000 * one.complaints, one.workers), 1),
    )
