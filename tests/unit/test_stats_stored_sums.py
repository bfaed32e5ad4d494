"""Stored sums recounted from cells: by month where figures read them, by province in closed periods."""

from __future__ import annotations

from datetime import date

from services.stats.counting.cuts import CUT_BY_CODE
from services.stats.counting.measures import MEASURES
from services.stats.counting.reference_fold import Cell, fold_all
from services.stats.periods.closing import CUT_OF
from services.stats.replay.stored_sums import recount_sums
from tests.support.stats import POOR_WEST, departure, dispatched, recorded

YEAR = {"2018": (date(2018, 1, 1), date(2018, 12, 31))}


def test_a_departure_is_in_its_month_in_every_monthly_cut_and_in_its_closed_period_once() -> None:
    found = recount_sums(fold_all([recorded(dispatched(departure(POOR_WEST)))]), YEAR)
    assert found["dispatches | province x channel | 620000 | labour_cooperation | 2018-05"] == 1
    assert found["dispatches | county x designation | 620521 | national | 2018-05"] == 1
    assert found["closed dispatches|province:620000|2018"] == 1
    assert not [name for name in recount_sums(fold_all([recorded(dispatched())]), {}) if name.startswith("closed")]


def test_a_measure_that_no_province_has_is_in_no_closed_period() -> None:
    day = date(2018, 5, 2)
    for measure in (measure for measure in MEASURES if measure.code not in CUT_OF):
        cells = {Cell(measure=measure.code, cut=cut, k1="x", k2="y", day=day, recorded_on=day, currency=""): 1 for cut in CUT_BY_CODE}
        assert not [name for name in recount_sums(cells, YEAR) if name.startswith("closed")]
