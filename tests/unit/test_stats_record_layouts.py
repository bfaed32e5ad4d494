"""A record fits the layout of another only if its pattern matches it: grouping by layout accepts nothing that the pattern refuses."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.stats.counting import record_layouts
from services.stats.counting.record_layouts import layout_of
from services.stats.counting.record_patterns import Pattern, build_pattern, event_class_of
from shared.delivery.raw_records import raw_records
from shared.events import BY_TYPE, Event, Undecodable, decode, encode
from tests.contracts.test_golden_samples import FILES
from tests.support.stats import departure, dispatched, income, paid, recorded

GOOD = recorded(dispatched(departure()))
PAID = recorded(income(dispatched(), paid(5)))
SAMPLES = [file.read_bytes().strip() for file in FILES if file.stem in BY_TYPE]
WITH_LAYOUT = [sample for sample in SAMPLES if sample.isascii() and layout_of(sample) is not None]
EDGE_BYTES = b'0123456789abcdefgzAZ-+":,{}[]TZ. \\\x00\x1f\x20\x7f\x80\xff'


def fits(value: bytes, others: list[bytes]) -> list[bool]:
    layout = layout_of(value)
    assert layout is not None
    start, end = layout.spans["subject"]
    block = np.frombuffer(b"".join(others), np.uint8).reshape(len(others), len(value))
    return list(layout.fits(block, block[:, start:end]))


@cache
def pattern_of(event: type[Event]) -> Pattern | None:
    return build_pattern(event, None)


def places(value: bytes) -> tuple[Any, ...] | None:
    """The class of a record and where each of its values stands, by the pattern of the class; None where it refuses the record."""
    event = event_class_of(value)
    pattern = pattern_of(event) if event else None
    match = pattern.match(value) if pattern else None
    return None if match is None else (event, match.regs)


def is_decodable(value: bytes) -> bool:
    try:
        decode(value)
    except Undecodable:
        return False
    return True


def matches(value: bytes, other: bytes) -> bool:
    """Whether the pattern matches both, with every value at the same offsets."""
    return places(value) is not None and places(value) == places(other)


def test_every_sample_of_a_class_with_a_pattern_fits_its_own_layout() -> None:
    assert len(WITH_LAYOUT) > len(SAMPLES) * 3 / 4
    assert all(fits(sample, [sample, sample]) == [True, True] for sample in WITH_LAYOUT)


@given(st.sampled_from(WITH_LAYOUT), st.data())
@settings(max_examples=300, deadline=None)
def test_a_record_that_fits_a_layout_matches_the_pattern_with_the_same_spans(sample: bytes, data: st.DataObject) -> None:
    """One to three bytes changed at random, in each of a few records."""
    others = []
    for _ in range(data.draw(st.integers(1, 6))):
        value = bytearray(sample)
        for _ in range(data.draw(st.integers(1, 3))):
            value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.sampled_from(EDGE_BYTES))
        others.append(bytes(value))
    for other, fit in zip(others, fits(sample, others), strict=True):
        assert not fit or matches(sample, other)


@pytest.mark.parametrize("sample", WITH_LAYOUT, ids=lambda sample: json.loads(sample)["type"])
def test_every_byte_of_a_record_is_checked(sample: bytes) -> None:
    """Each byte in turn is replaced by bytes at the edges of what is allowed."""
    others = [sample[:offset] + bytes([byte]) + sample[offset + 1 :] for offset in range(len(sample)) for byte in b'09aAfZ"\\-\x1f\x80']
    fitting = [other for other, fit in zip(others, fits(sample, others), strict=True) if fit]
    assert len(set(fitting)) > 1
    assert {places(other) for other in fitting} == {places(sample)} != {None}


@pytest.mark.parametrize("sample", WITH_LAYOUT, ids=lambda sample: json.loads(sample)["type"])
def test_a_subject_that_no_event_of_the_class_may_have_fits_nothing_even_where_the_data_repeat_it(sample: bytes) -> None:
    subject = json.loads(sample)["subject"].encode()
    other = sample.replace(subject, subject[:-1] + b"P")
    assert other != sample
    assert [matches(sample, other)] == fits(sample, [other]) == [is_decodable(other)]


def changed(**fact: Any) -> bytes:
    document = json.loads(encode(GOOD))
    document["data"]["fact"].update(fact)
    return json.dumps(document, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("day", "is_one"),
    [("2020-02-29", True), ("2019-02-29", False), ("2000-02-29", True), ("1900-02-29", False), ("2019-04-31", False), ("2019-12-31", True),
     ("2019-13-01", False), ("2019-00-10", False), ("2019-01-00", False), ("2019-19-39", False), ("0999-01-01", False)],
)  # fmt: skip
def test_only_days_of_the_calendar_fit(day: str, is_one: bool) -> None:
    assert fits(changed(departed_on="2018-05-02"), [changed(departed_on=day)]) == [is_one]


def test_only_known_currencies_fit() -> None:
    value = encode(PAID)
    assert value.count(b"CNY")
    others = [value.replace(b"CNY", code) for code in (b"JPY", b"KWD", b"ABC", b"CNy", b"ZZZ")]
    assert fits(value, others) == [True, True, False, False, False]


def raw(*events: Any) -> list[tuple[str, bytes | None, bytes | None]]:
    return [(event.data.TOPIC, event.subject.encode(), encode(event)) for event in events]


def test_records_of_one_layout_are_grouped_and_the_others_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_layouts, "MIN_GROUP", 3)
    days = [recorded(dispatched(departure(departed_on=date(2018, 5, day)))) for day in range(1, 29)]
    records = [*raw(*days[:14]), ("docking.events", None, None), *raw(PAID), *raw(*days[14:]), ("rights.events", *raw(GOOD)[0][1:])]
    rest: list[int] = []
    [found] = record_layouts.groups(raw_records(records), rest)
    assert found.layout.pattern.event is type(GOOD.data)
    assert (found.rows.tolist(), sorted(rest)) == ([*range(14), *range(16, 30)], [14, 15, 30])
    assert [bytes(text) for text in found.texts("fact.departed_on")] == [b"2018-05-%02d" % day for day in range(1, 29)]


def test_a_first_record_under_another_key_takes_none_of_the_others_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_layouts, "MIN_GROUP", 3)
    records = raw(*(recorded(dispatched(departure(departed_on=date(2018, 5, day)))) for day in range(1, 9)))
    topic, key, value = records[0]
    rest: list[int] = []
    found = [*record_layouts.groups(raw_records([(topic, b"x" * len(key or b""), value), *records[1:]]), rest)]
    assert ([row for group in found for row in group.rows.tolist()], rest) == ([*range(1, 8)], [0])


def test_a_group_of_many_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_layouts, "MIN_GROUP", 3)
    monkeypatch.setattr(record_layouts, "_CHUNK", 5)
    records = raw(*(recorded(dispatched(departure(departed_on=date(2018, 5, day)))) for day in range(1, 13)))
    pieces = [*record_layouts.groups(raw_records(records), [])]
    assert [group.rows.tolist() for group in pieces] == [[*range(5)], [*range(5, 10)], [10, 11]]
    assert len({id(group.layout) for group in pieces}) == 1


def test_after_a_few_small_groups_the_rest_of_a_length_is_left_ungrouped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_layouts, "MIN_GROUP", 2)
    tried: list[bytes] = []
    monkeypatch.setattr(record_layouts, "layout_of", tried.append)
    garbage = [("docking.events", b"k", b"%05d" % number) for number in range(1_000)]
    rest: list[int] = []
    assert ([*record_layouts.groups(raw_records(garbage), rest)], sorted(rest)) == ([], list(range(1_000)))
    assert len(tried) == record_layouts.MAX_SMALL_GROUPS
