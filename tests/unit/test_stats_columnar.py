"""The columnar fold equals the reference fold, or says that it cannot read the batch."""

from __future__ import annotations

import json
from datetime import date
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings

from services.stats import columnar
from services.stats.columnar import Unreadable
from services.stats.fold import fold_all
from shared import events, reference
from shared.events import Data, Recorded, encode
from shared.values import CaseId, new_id
from tests.support.stats import (
    ENTERPRISE,
    POOR_WEST,
    assessed,
    cancelled,
    cost,
    departure,
    dispatched,
    histories,
    income,
    paid,
    recorded,
)


@given(histories)
@settings(max_examples=25, deadline=None)
def test_the_columnar_fold_equals_the_reference_fold(lives: list[list[Recorded[Data]]]) -> None:
    told = list(chain.from_iterable(lives))
    assert columnar.fold([encode(event) for event in told]) == fold_all(told)


@given(histories, histories)
@settings(max_examples=10, deadline=None)
def test_folds_of_batches_add_up(left: list[list[Recorded[Data]]], right: list[list[Recorded[Data]]]) -> None:
    batches = [list(chain.from_iterable(lives)) for lives in (left, right)]
    added = columnar.add_up([columnar.fold_frame([encode(event) for event in batch]) for batch in batches])
    assert {row[:7]: row[7] for row in added.iter_rows()} == {tuple(cell): value for cell, value in fold_all(chain(*batches)).items()}


def case(**other: Any) -> events.CaseOpened:
    given_ = {
        "case": CaseId(new_id()), "category": "wages", "enterprise": ENTERPRISE, "placement": None, "origin": None, "destination": None,
        "blocking": False, "effective": date(2018, 5, 2), "severity": "normal", "via": "worker", "due_at": "2018-05-09T00:00:00Z",
    }  # fmt: skip
    return events.CaseOpened.model_validate({**given_, **other})


def test_optional_codes_are_counted_as_nowhere_by_both() -> None:
    told = [recorded(case()), recorded(case(origin=reference.origin(POOR_WEST, date(2018, 5, 2))))]
    assert columnar.fold([encode(event) for event in told]) == fold_all(told)


def changed(event: Recorded[Data], *path: str, value: Any = None) -> bytes:
    """The event's record with one thing in it made wrong."""
    document: dict[str, Any] = json.loads(encode(event))
    at = document
    for name in path[:-1]:
        at = at[name]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return json.dumps(document).encode()


GOOD = recorded(dispatched(departure()))
COST = recorded(assessed(dispatched(), cost(900_000, 600_000)))
PAID = recorded(income(dispatched(), paid(5)))


@pytest.mark.parametrize(
    "record",
    [
        b"not json",
        b"",
        b"[]",
        b"{}\n{}",
        changed(GOOD, "time"),
        changed(GOOD, "time", value="yesterday"),
        changed(GOOD, "data", "fact", "destination"),
        changed(GOOD, "data", "fact", "departed_on", value="2018-02-30"),
        changed(GOOD, "data", "fact", "departed_on", value="1970-01-01"),
        changed(GOOD, "data", "fact", "departed_on", value="2200-01-01"),
        changed(GOOD, "data", "fact", "channel", value="tunnel"),
        changed(GOOD, "data", "fact", "birth_year"),
        changed(GOOD, "data", "fact", "first_this_year"),
        changed(GOOD, "data", "fact", value="gone"),
        changed(GOOD, "data", "fact", "registered_on", value="2018-02-30"),
        changed(GOOD, "data", "fact", "registered_on", value=17_000),
        changed(COST, "data", "fact", "fee"),
        changed(COST, "data", "fact", "months_milli"),
        changed(PAID, "data", "fact", "net"),
        changed(PAID, "data", "fact", "net", "minor", value="many"),
        changed(PAID, "data", "fact", "period", value="2018-13"),
    ],
)
def test_what_it_cannot_be_sure_of_it_does_not_count(record: bytes) -> None:
    with pytest.raises(Unreadable):
        columnar.fold([encode(GOOD), record])


def test_a_flag_that_came_later_has_its_default_in_older_events() -> None:
    late = recorded(cancelled(date(2018, 5, 2), reopens=False))
    assert columnar.fold([changed(late, "data", "reopens")]) == fold_all([late])


def test_a_type_that_nobody_counts_adds_nothing() -> None:
    assert columnar.fold([changed(GOOD, "type", value="docking.Tomorrow.v9")]) == {}
