"""Sums of cells that are stored: by month so that figures read fast, and of closed periods. An audit recounts them too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.stats.counting.cuts import CUT_BY_CODE, CUTS
from services.stats.counting.measures import MEASURE_BY_CODE, MEASURES
from services.stats.counting.reference_fold import EARLIEST, Cell
from services.stats.figures import month_sums
from services.stats.figures.shaping import province_at
from services.stats.periods.closing import CUT_OF
from services.stats.queries import frozen_sums, period_closes
from services.stats.queries.cells import SumQuery
from shared.db import Tx
from shared.values import period_of

LATEST = date(2199, 12, 31)
Closed = Mapping[str, tuple[date, date]]  # period: first and last day


@dataclass(frozen=True, slots=True)
class StoredSums:
    """`values`: sums by name; `closed`: the closed periods among them."""

    values: dict[str, int]
    closed: Closed


async def read_stored_sums(tx: Tx) -> StoredSums:
    """Every sum that is not 0, as figures read it."""
    found: Counter[str] = Counter()
    for cut in (cut for cut in CUTS if cut.monthly):
        everything = SumQuery(
            cut=cut.code,
            measures=tuple(measure.code for measure in MEASURES),
            start=EARLIEST,
            end=LATEST,
            bucket="month",
            level="key",
            by_k2=True,
            known_on=None,
            k1=None,
            provinces=None,
            k2=None,
        )
        for row in await month_sums.sum_months(tx, everything, cached=False):
            for month, value in row.values:
                if month is not None:
                    found[_month_name(row.measure, cut.code, row.k1, row.k2, day=month, currency=row.currency)] += value
    for key, value in (await frozen_sums.list_closed(tx)).items():
        found[_closed_name(key.period, key.measure, key.currency, key.province)] += value
    closed = {close.period: (close.starts, close.ends) for close in await period_closes.list_closed(tx)}
    return StoredSums({name: value for name, value in found.items() if value}, closed)


def recount_sums(cells: Mapping[Cell, int], closed: Closed) -> dict[str, int]:
    """The same sums, computed from recounted cells."""
    found: Counter[str] = Counter()
    for cell, value in cells.items():
        if CUT_BY_CODE[cell.cut].monthly:
            found[_month_name(cell.measure, cell.cut, cell.k1, cell.k2, day=cell.day, currency=cell.currency)] += value
        if cell.cut == CUT_OF.get(cell.measure):
            for period, (starts, ends) in closed.items():
                if starts <= cell.day <= ends:
                    found[_closed_name(period, cell.measure, cell.currency, province_at(cell.k1))] += value
    return {name: value for name, value in found.items() if value}


def _month_name(measure: int, cut: int, k1: str, k2: str, *, day: date, currency: str) -> str:
    names = (MEASURE_BY_CODE[measure].name, CUT_BY_CODE[cut].name, k1, k2, period_of(day), currency)
    return " | ".join(filter(None, names))


def _closed_name(period: str, measure: int, currency: str, province: str) -> str:
    return "|".join(filter(None, (f"closed {MEASURE_BY_CODE[measure].name}", currency, f"province:{province}", period)))
