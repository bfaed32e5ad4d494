"""The columnar fold equals the reference fold, or names the records that it cannot read."""

from __future__ import annotations

import json
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.stats.counting import columnar_fold, record_layouts, record_reader
from services.stats.counting.columnar_fold import Unreadable
from services.stats.counting.record_patterns import build_pattern
from services.stats.counting.reference_fold import fold_all
from shared import events, reference
from shared.events import BY_TYPE, Event, EventEnvelope, decode, encode
from shared.events.voided import EVENTS as VOIDS
from shared.values import CaseId, new_id
from tests.contracts.test_golden_samples import FILES, with_unknown_fields
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


@pytest.fixture(params=[record_layouts.MIN_GROUP, 2], ids=["one by one", "grouped by layout"])
def min_group(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are read one by one, as small groups are, or grouped by layout."""
    monkeypatch.setattr(record_layouts, "MIN_GROUP", request.param)


pytestmark = pytest.mark.usefixtures("min_group")


@given(histories)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_columnar_fold_equals_the_reference_fold(lives: list[list[EventEnvelope[Event]]]) -> None:
    recorded_events = list(chain.from_iterable(lives))
    assert columnar_fold.fold([encode(event) for event in recorded_events]) == fold_all(recorded_events)


@given(histories, histories)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_folds_of_batches_add_up(left: list[list[EventEnvelope[Event]]], right: list[list[EventEnvelope[Event]]]) -> None:
    batches = [list(chain.from_iterable(lives)) for lives in (left, right)]
    added = columnar_fold.sum_frames([columnar_fold.fold_frame([encode(event) for event in batch]) for batch in batches])
    assert {row[:7]: row[7] for row in added.iter_rows()} == {tuple(cell): value for cell, value in fold_all(chain(*batches)).items()}


def test_keys_too_wide_to_be_packed_are_summed_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [encode(recorded(dispatched(departure(departed_on=date(2018, month, 2))))) for month in (1, 3, 1, 12)]
    packed = columnar_fold.fold_frame(values)
    monkeypatch.setattr(columnar_fold, "_PACKED_BITS", 0)
    assert columnar_fold.fold_frame(values).equals(packed)


def case(**other: Any) -> events.CaseOpened:
    given_ = {
        "case": CaseId(new_id()), "category": "wages", "enterprise": ENTERPRISE, "placement": None, "origin": None, "destination": None,
        "blocking": False, "effective": date(2018, 5, 2), "severity": "normal", "via": "worker", "due_at": "2018-05-09T00:00:00Z",
    }  # fmt: skip
    return events.CaseOpened.model_validate({**given_, **other})


def test_missing_optional_codes_are_counted_the_same_by_both_folds() -> None:
    recorded_events = [recorded(case()), recorded(case(origin=reference.origin(POOR_WEST, date(2018, 5, 2))))]
    assert columnar_fold.fold([encode(event) for event in recorded_events]) == fold_all(recorded_events)


def changed(event: EventEnvelope[Event], *path: str, value: Any = None) -> bytes:
    """The event's record with one value replaced, or removed."""
    document: dict[str, Any] = json.loads(encode(event))
    at = document
    for name in path[:-1]:
        at = at[name]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


GOOD = recorded(dispatched(departure()))
PAID = recorded(income(dispatched(), paid(5)))
COST = recorded(assessed(dispatched(), cost(900_000, 600_000)))


@pytest.mark.parametrize(
    "record",
    [
        b"not json",
        b"",
        b"[]",
        b"{}\n{}",
        json.dumps(json.loads(encode(GOOD))).encode(),  # an event, but not as a relay writes it
        changed(GOOD, "id", value="7"),
        changed(GOOD, "source", value="/rights"),
        changed(GOOD, "subject", value=str(new_id())),
        changed(GOOD, "data", "worker"),
        changed(GOOD, "data", "fact", "evidence", value="hearsay"),
        changed(GOOD, "data", "fact", "port", value="a\x00b"),
        encode(GOOD).replace(b'"port":"PVG"', b'"port":"\xff"'),
        changed(GOOD, "data", "added_later", value={"n": [1]}),
        changed(GOOD, "time"),
        changed(GOOD, "time", value="yesterday"),
        changed(GOOD, "data", "fact", "destination"),
        changed(GOOD, "data", "fact", "departed_on", value="2018-02-30"),
        changed(GOOD, "data", "fact", "departed_on", value="1970-01-01"),
        changed(GOOD, "data", "fact", "departed_on", value="2200-01-01"),
        changed(GOOD, "data", "fact", "channel", value="tunnel"),
        changed(GOOD, "data", "fact", "birth_year"),
        changed(GOOD, "data", "fact", "registered_on", value="2018-02-30"),
        changed(GOOD, "data", "fact", "registered_on", value=17_000),
        changed(COST, "data", "fact", "fee"),
        changed(COST, "data", "fact", "months_milli"),
        changed(GOOD, "data", "fact", "first_this_year"),
        changed(GOOD, "data", "fact", value="gone"),
        changed(PAID, "data", "fact", "net"),
        changed(PAID, "data", "fact", "net", "minor", value="many"),
        changed(PAID, "data", "fact", "period", value="2018-13"),
    ],
)
def test_a_record_that_it_cannot_read_for_certain_is_named_and_not_counted(record: bytes) -> None:
    with pytest.raises(Unreadable) as raised:
        columnar_fold.fold([encode(GOOD), record, encode(PAID)])
    assert raised.value.rows == {1}


def test_a_flag_that_came_later_has_its_default_in_older_events() -> None:
    late = recorded(cancelled(date(2018, 5, 2), reopens=False))
    assert columnar_fold.fold([changed(late, "data", "reopens")]) == fold_all([late])


def test_a_record_under_another_topic_or_key_is_named_and_not_counted() -> None:
    good, paid_for = encode(GOOD), encode(PAID)
    records = [
        (events.RIGHTS, GOOD.subject.encode(), good), (events.DOCKING, b"x", good), (events.DOCKING, None, good),
        (events.RIGHTS, PAID.subject.encode(), None), (events.RIGHTS, PAID.subject.encode(), paid_for),
    ]  # fmt: skip
    with pytest.raises(Unreadable) as raised:
        columnar_fold.fold_records(records)
    assert raised.value.rows == {0, 1, 2, 3}


def test_the_result_says_how_much_was_read_per_topic_and_which_records_lie_in_a_span() -> None:
    late = recorded(dispatched(departure(departed_on=date(2018, 1, 31))), date(2018, 3, 1))
    records = [(event.data.TOPIC, event.subject.encode(), encode(event)) for event in (GOOD, late, PAID)]
    folded = columnar_fold.fold_records(records)
    assert folded.applied == {events.DOCKING: (2, max(GOOD.time, late.time)), events.RIGHTS: (1, PAID.time)}
    assert folded.rows_within([(date(2018, 1, 1), date(2018, 1, 31))]) == [1]
    assert folded.rows_within([]) == []


# --- the patterns -----------------------------------------------------------------------------------------------------
SOURCES = {events.REGISTRATION, events.DOCKING, events.TRAINING, events.RIGHTS}


READ = [file for file in FILES if BY_TYPE[file.stem].TOPIC in SOURCES and BY_TYPE[file.stem] not in VOIDS]


def test_what_takes_another_event_back_is_always_decoded() -> None:
    assert [build_pattern(event) for event in VOIDS] == [None] * len(VOIDS)


@pytest.mark.parametrize("file", READ, ids=lambda file: file.stem)
def test_every_event_that_stats_reads_has_a_pattern_and_its_sample_matches(file: Path) -> None:
    value = file.read_bytes().strip()
    event = decode(value)
    assert isinstance(event, EventEnvelope)
    pattern = build_pattern(type(event.data), ["effective"])
    assert pattern is not None
    found = dict(zip(pattern.names, pattern.match(value).groups(), strict=True))
    assert found["subject"] == event.subject.encode()
    assert datetime.fromisoformat(found["time"].decode()) == event.time
    assert pattern.match(json.dumps(with_unknown_fields(json.loads(value))).encode()) is None


@given(histories, st.data())
@settings(max_examples=25, deadline=None)
def test_a_record_that_matches_its_pattern_decodes(lives: list[list[EventEnvelope[Event]]], data: st.DataObject) -> None:
    """Bytes are changed at random: decode() must accept whatever still matches, with the same subject and time."""
    for event in chain.from_iterable(lives):
        value = bytearray(encode(event))
        for _ in range(data.draw(st.integers(0, 3))):
            value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.sampled_from(b'0123456789abcdef-":,{}Z.\\TN\xff'))
        pattern = build_pattern(type(event.data))
        match = pattern.match(bytes(value)) if pattern else None
        if match and record_reader.is_utf8(bytes(value)):
            read = decode(bytes(value))
            assert isinstance(read, EventEnvelope)
            assert (read.subject.encode(), read.time) == (match["subject"], datetime.fromisoformat(match["time"].decode()))
