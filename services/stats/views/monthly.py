"""The published form: dispatches cumulative from January in two channels, stock at month end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from services.stats.figures.measure_catalogue import definition
from services.stats.figures.shaping import Point
from services.stats.views.metadata import AnswerMetadata, View
from shared.values import Period


class MonthlyRow(View):
    """Cumulative from January to the month's end. `change`: on the year before, same months; None without a year before."""

    month: Period
    dispatches: int
    contracted_projects: int
    labour_cooperation: int  # seafarers included, as published
    stock: int
    change_dispatches: int | None
    change_stock: int | None


class Monthly(AnswerMetadata):
    year: int
    definition: str
    months: list[MonthlyRow]


def monthly(year: int, last: int, by_channel: Iterable[Point], stock: Iterable[Point], metadata: Mapping[str, Any]) -> Monthly:
    """`last`: the number of months shown."""
    projects: Counter[str] = Counter()
    labour: Counter[str] = Counter()
    for point in by_channel:
        (projects if point.of["channel"] == "contracted_project" else labour)[point.of["month"]] += point.value
    levels = {point.of["month"]: point.value for point in stock}
    rows = []
    for month in range(1, last + 1):
        contracted, cooperation = _cumulated(projects, year, month), _cumulated(labour, year, month)
        before = _cumulated(projects, year - 1, month) + _cumulated(labour, year - 1, month)
        level, level_before = levels.get(f"{year}-{month:02d}", 0), levels.get(f"{year - 1}-{month:02d}", 0)
        rows.append(
            MonthlyRow(
                month=f"{year}-{month:02d}",
                dispatches=contracted + cooperation,
                contracted_projects=contracted,
                labour_cooperation=cooperation,
                stock=level,
                change_dispatches=contracted + cooperation - before if before else None,
                change_stock=level - level_before if level_before else None,
            )
        )
    return Monthly(year=year, months=rows, definition=f"{definition('dispatches')} {definition('stock')}", **metadata)


def _cumulated(counted: Mapping[str, int], year: int, through: int) -> int:
    return sum(counted.get(f"{year}-{month:02d}", 0) for month in range(1, through + 1))
