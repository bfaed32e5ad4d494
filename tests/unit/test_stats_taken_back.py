"""An event that takes another back: both together add nothing, by either fold, and the source contradicts itself no more than before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.stats.counting import columnar_fold
from services.stats.counting.columnar_fold import Unreadable
from services.stats.counting.reference_fold import RULES_OF, fold, fold_all
from services.stats.replay import source_conflicts
from shared.delivery.restoring import VOID_OF
from shared.events import EVENTS, Event, EventEnvelope, IncomeReported, RightsEventVoided, decode, encode
from shared.events.voided import EVENTS as VOIDS
from tests.contracts import samples

COUNTED = sorted(RULES_OF, key=lambda event: event.type_name())


def recorded(event: type[Event]) -> EventEnvelope[Any]:
    found = decode(samples.path(event).read_bytes().strip())
    assert isinstance(found, EventEnvelope)
    return found


def taking_back(event: EventEnvelope[Any]) -> EventEnvelope[Any]:
    void = VOID_OF[event.data.TOPIC]
    data = void(aggregate=event.subject, voided=event.id, taken_back=encode(event).decode(), effective=event.data.effective_on)
    return replace(event, id=UUID(int=1), data=data)


@pytest.mark.parametrize("event", COUNTED, ids=lambda event: event.type_name())
def test_what_is_taken_back_adds_nothing(event: type[Event]) -> None:
    one = recorded(event)
    assert fold_all([one, taking_back(one)]) == {}
    assert fold_all([one, taking_back(one), taking_back(taking_back(one))]) == fold_all([one])


@pytest.mark.parametrize("event", COUNTED, ids=lambda event: event.type_name())
def test_the_fast_fold_leaves_it_to_the_plain_one(event: type[Event]) -> None:
    one = recorded(event)
    with pytest.raises(Unreadable) as raised:
        columnar_fold.fold([encode(one), encode(taking_back(one))])
    assert raised.value.rows == {1}


def test_it_is_counted_on_the_day_on_which_it_is_taken_back() -> None:
    one = recorded(COUNTED[0])
    later = taking_back(one)
    later = replace(later, time=later.time.replace(year=later.time.year + 1))
    assert {cell.recorded_on.year for cell, _ in fold(later)} == {one.time.year + 1}


@pytest.mark.parametrize("event", [one for one in EVENTS if one not in VOIDS], ids=Event.type_name.__func__)  # type: ignore[attr-defined]
def test_a_source_is_where_it_was_before_what_is_taken_back(event: type[Event]) -> None:
    one, counted = recorded(event), source_conflicts.Counted()
    source_conflicts.check(counted, one)
    if counted:
        assert source_conflicts.check(counted, taking_back(one)) == []


def test_a_second_payment_that_stays_is_named_when_the_first_is_taken_back() -> None:
    """It was counted as a further one, so the month has lost its count: this is for people to put right."""
    first = recorded(IncomeReported)
    first = replace(first, data=first.data.model_copy(update={"further": False}))
    second = replace(first, id=UUID(int=2), data=first.data.model_copy(update={"further": True}))
    counted = source_conflicts.Counted()
    assert [*source_conflicts.check(counted, first), *source_conflicts.check(counted, second)] == []
    (conflict,) = source_conflicts.check(counted, taking_back(first))
    assert (conflict.type, conflict.expected) == (RightsEventVoided.type_name(), {"further": True})


def test_an_event_that_is_taken_back_is_read_whole() -> None:
    one = recorded(IncomeReported)
    assert json.loads(taking_back(one).data.taken_back)["id"] == str(one.id)
