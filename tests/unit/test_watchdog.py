"""What the consumer's watchdog remembers between two looks: what stands still, and since when a number is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from shared.delivery import watchdog
from shared.delivery.numbering import Number
from shared.delivery.positions import Position, TopicPartition
from shared.delivery.watchdog import Gaps, Standstill

ZERO, ONE = TopicPartition("docking.events", 0), TopicPartition("docking.events", 1)
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class FakeTime:
    """Stands in for the module `time`; the wall clock can be set back without the monotonic one."""

    passed: float = 0.0
    set_back: float = 0.0

    def monotonic(self) -> float:
        return self.passed

    def time(self) -> float:
        return BEGAN.timestamp() + self.passed - self.set_back


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(watchdog, "time", fake)
    return fake


def missing_since(seconds: float) -> Position:
    return Position(5, Number(1, 5), BEGAN + timedelta(seconds=seconds))


def test_a_partition_that_does_not_move_is_named_after_a_while(clock: FakeTime) -> None:
    standstill = Standstill()
    assert standstill.longer_than(10, {ZERO: 5, ONE: 7}, 0) == []
    clock.passed = 8
    assert standstill.longer_than(10, {ZERO: 5, ONE: 8}, 0) == []
    clock.passed = 11
    assert standstill.longer_than(10, {ZERO: 5, ONE: 8}, 0) == ["docking.events/0@5"]


def test_a_sign_of_life_counts_as_movement(clock: FakeTime) -> None:
    standstill = Standstill()
    standstill.longer_than(10, {ZERO: 5}, beats=0)
    clock.passed = 8
    standstill.longer_than(10, {ZERO: 5}, beats=1)
    clock.passed = 17
    assert standstill.longer_than(10, {ZERO: 5}, beats=1) == []
    clock.passed = 19
    assert standstill.longer_than(10, {ZERO: 5}, beats=1) == ["docking.events/0@5"]


def test_a_partition_that_was_read_to_its_end_in_between_begins_again(clock: FakeTime) -> None:
    standstill = Standstill()
    standstill.longer_than(10, {ZERO: 5}, 0)
    clock.passed = 8
    standstill.longer_than(10, {}, 0)
    clock.passed = 16
    assert standstill.longer_than(10, {ZERO: 5}, 0) == []


def test_a_gap_is_as_old_as_the_database_says_even_after_a_restart(clock: FakeTime) -> None:
    clock.passed = 100
    assert Gaps().ages({ZERO: missing_since(40), ONE: Position(5, Number(1, 5), None)}) == {ZERO: 60}


def test_a_wall_clock_that_is_set_back_does_not_make_a_gap_younger(clock: FakeTime) -> None:
    gaps = Gaps()
    gaps.ages({ZERO: missing_since(0)})
    clock.passed, clock.set_back = 70, 3600
    assert gaps.ages({ZERO: missing_since(0)}) == {ZERO: 70}


def test_a_gap_that_follows_a_closed_one_is_a_new_gap(clock: FakeTime) -> None:
    gaps = Gaps()
    gaps.ages({ZERO: missing_since(0)})
    clock.passed = 50
    assert gaps.ages({ZERO: missing_since(45)}) == {ZERO: 5}
    assert gaps.ages({}) == {}
