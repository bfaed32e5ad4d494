"""Both folds count corrected, moved, suspended and lapsed workers as a recount by hand does."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from services.stats.counting import columnar_fold
from services.stats.counting.cuts import CUT_BY_CODE
from services.stats.counting.measures import MEASURES
from services.stats.counting.reference_fold import Cell, fold_all
from shared import events, reference
from shared.events import Event, encode
from shared.values import WorkerId, new_id
from tests.support.oracle import NamedCell, recount
from tests.support.stats import COUNTIES, recorded, worker_fact

DAY = date(2018, 9, 28)
NAMES = {measure.code: measure.name for measure in MEASURES}


def corrected(codes: int) -> events.WorkerCorrected:
    previous, fact = (worker_fact(county, DAY, codes, days=90) for county in (COUNTIES[codes % len(COUNTIES)], COUNTIES[0]))
    about: dict[str, Any] = {"fields": ("county",), "reason": "mistyped", "requested_by": "clerk:a", "approver": "officer:b"}
    return events.WorkerCorrected(worker=WorkerId(new_id()), previous=previous, fact=fact, effective=DAY, **about)


def moved(codes: int) -> events.ResidenceChanged:
    previous, fact = (
        events.ResidenceFact(origin=one.origin, willingness=one.willingness)
        for one in (worker_fact(county, DAY, codes) for county in (COUNTIES[codes % len(COUNTIES)], COUNTIES[0]))
    )
    return events.ResidenceChanged(worker=WorkerId(new_id()), previous=previous, fact=fact, effective=DAY)


def ended(codes: int) -> list[Event]:
    about: dict[str, Any] = {
        "worker": WorkerId(new_id()),
        "origin": reference.origin(COUNTIES[codes % len(COUNTIES)], DAY),
        "ends_willingness": codes % 2 == 0,
        "effective": DAY,
    }
    return [events.WorkerSuspended(reason="exit_restricted", **about), events.RegistrationLapsed(**about)]


@pytest.mark.parametrize("codes", range(24))
def test_both_folds_are_what_a_recount_gives(codes: int) -> None:
    published_events = [recorded(one, DAY + timedelta(days=3)) for one in (corrected(codes), moved(codes), *ended(codes))]
    values = [encode(event) for event in published_events]
    found = fold_all(published_events)
    assert columnar_fold.fold(values) == found
    assert {named(cell): value for cell, value in found.items()} == recount([json.loads(value) for value in values])


def named(cell: Cell) -> NamedCell:
    assert cell.cut in CUT_BY_CODE
    return NamedCell(
        measure=NAMES[cell.measure],
        cut=cell.cut,
        k1=cell.k1,
        k2=cell.k2,
        day=cell.day.isoformat(),
        recorded_on=cell.recorded_on.isoformat(),
        currency=cell.currency,
    )


def test_a_correction_of_the_county_moves_each_step_on_its_own_day_and_no_total() -> None:
    cells = fold_all([recorded(corrected(1), DAY)])
    by_county = {(NAMES[cell.measure], cell.k1, cell.day): value for cell, value in cells.items() if cell.cut == 1}
    assert {name for name, _, _ in by_county} == {"registrations", "verified", "willing"}
    assert sum(by_county.values()) == 0
    assert {day for name, _, day in by_county if name == "registrations"} == {DAY - timedelta(days=90)}
