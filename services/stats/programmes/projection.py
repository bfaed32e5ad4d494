"""How a year's numbers are spread over its months, and what a target will come to. Pure; exact fractions, rounded at the edge.

Method of a projection: what is counted so far, and for the rest of the span the pace of the last twelve months. A pace is a
count over seasonal time, in which a month is as long as its share of a year's numbers; the shares are those of the
programme's own finished years, or of the published ones while it has none. The interval runs from the slowest to the fastest
calendar year of the span so far, under every one of those years' patterns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from math import ceil, floor
from pathlib import Path

from services.stats.domain.targets import Projection
from shared.values import first_day, last_day, next_period, period_of

PUBLISHED = Path(__file__).parents[1] / "reference" / "monthly_dispatches.json"
SHORTEST = Fraction(1, 12)  # of a year's numbers: what is shorter says nothing about a pace
Months = Mapping[date, int]  # first day of a month -> what was counted in it


@dataclass(frozen=True, slots=True)
class Pattern:
    """What falls into each of the twelve months of a year, in any unit; `years` names where it was seen."""

    years: str
    months: tuple[Fraction, ...]

    def between(self, start: date, end: date) -> Fraction:
        """Seasonal years from `start` to `end`, both included: a whole calendar year is 1, whatever its days."""
        return self._since(end + timedelta(days=1)) - self._since(start)

    def _since(self, day: date) -> Fraction:
        """Seasonal years from year 0 to the beginning of a day; a month's share is spread evenly over its days."""
        month = first_day(period_of(day))
        part = Fraction(day.day - 1, last_day(period_of(month)).day)
        gone = sum(self.months[: day.month - 1], Fraction(0)) + self.months[day.month - 1] * part
        return day.year + gone / sum(self.months)


@cache
def published_patterns() -> tuple[Pattern, ...]:
    """The years of which monthly points are published; between two points the numbers are spread evenly."""
    document = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return tuple(Pattern(year, tuple(_monthly_shares(points))) for year, points in sorted(document["years"].items()))


def _monthly_shares(points: Mapping[str, int]) -> Iterator[Fraction]:
    before, counted = 0, 0
    for month, total in sorted((int(month), total) for month, total in points.items()):
        yield from [Fraction(total - counted, month - before)] * (month - before)
        before, counted = month, total


def patterns(months: Months, start: date, on: date) -> tuple[str, tuple[Pattern, ...]]:
    """What to go by and what it is called: the span's own calendar years that are over, else the published ones."""
    own = tuple(Pattern(str(year), seen) for year in range(start.year, on.year) if (seen := _whole(months, year, start)))
    found, kind = (own, "own") if own else (published_patterns(), "published")
    return f"{kind} {', '.join(pattern.years for pattern in found)}", found


def _whole(months: Months, year: int, start: date) -> tuple[Fraction, ...] | None:
    counts = [Fraction(months.get(date(year, month, 1), 0)) for month in range(1, 13)]
    return tuple(counts) if start <= date(year, 1, 1) and sum(counts) > 0 and min(counts) >= 0 else None


def pooled(seen: Sequence[Pattern]) -> Pattern:
    """All years together; each weighs by its numbers."""
    return Pattern(", ".join(one.years for one in seen), tuple(sum(month) for month in zip(*(one.months for one in seen), strict=True)))


# --- expected to date -----------------------------------------------------------------------------------------------------
def expected_by_pattern(floor: int, pattern: Pattern, start: date, end: date, on: date) -> int:
    """The part of the floor that the pattern puts before the end of a day."""
    whole = pattern.between(start, end)
    gone = pattern.between(start, min(on, end)) if on >= start else Fraction(0)
    return int(floor * gone / whole) if whole else 0


def expected_by_table(steps: Iterable[tuple[date, int]], start: date, on: date) -> int:
    """Cumulative amounts to be reached by given days, in order of the days; between two of them a steady pace."""
    before, reached = start - timedelta(days=1), 0
    for until, amount in steps:
        if on < until:
            return reached + (amount - reached) * max((on - before).days, 0) // (until - before).days
        before, reached = until, amount
    return reached


# --- projection -----------------------------------------------------------------------------------------------------------
def project(months: Months, start: date, end: date, on: date) -> Projection | None:
    """The sum expected at the end of the span. None before and after it, and where nothing was counted to go by."""
    name, seen = patterns(months, start, on)
    together = pooled(seen)
    pace = _pace(months, together, max(start, _year_before(on)), on) if start <= on < end else None
    if pace is None:
        return None
    so_far = sum(value for month, value in months.items() if month <= on)
    likely = so_far + pace * together.between(on + timedelta(days=1), end)
    others = [
        so_far + other * pattern.between(on + timedelta(days=1), end)
        for pattern in (together, *seen)
        for begins, ends in _calendar_years(start, on)
        if (other := _pace(months, pattern, begins, ends)) is not None
    ]
    low, high = min([likely, *others]), max([likely, *others])
    return Projection(low=floor(low), likely=round(likely), high=ceil(high), method=_method(name))


def _method(name: str) -> str:
    return (
        f"counted so far, and the rest at the pace of the last 12 months, by the seasons of {name}; "
        "low and high: the slowest and the fastest calendar year so far under each of those years' seasons"
    )


def _pace(months: Months, pattern: Pattern, start: date, end: date) -> Fraction | None:
    """Per seasonal year. `start` is the first of a month or of the span. None where the time is too short to say."""
    time = pattern.between(start, end)
    counted = sum(value for month, value in months.items() if first_day(period_of(start)) <= month <= end)
    return None if time < SHORTEST else Fraction(counted) / time


def _year_before(on: date) -> date:
    """The first day of the eleven whole months before a day's month: with it they make a year."""
    return first_day(next_period(period_of(date(on.year - 1, on.month, 1))))


def _calendar_years(start: date, on: date) -> list[tuple[date, date]]:
    return [(max(start, date(year, 1, 1)), min(on, date(year, 12, 31))) for year in range(start.year, on.year + 1)]
