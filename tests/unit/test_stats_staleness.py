"""Stale: behind, or unknown, at every look for as long as the bound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.stats.figures.freshness import Freshness, Lag
from services.stats.publishing.staleness import Watch, told
from shared.events import Event, StalenessCleared, StalenessRaised

START = datetime(2018, 5, 2, tzinfo=UTC)
BOUND = timedelta(seconds=60)
FRESH, BEHIND = 5, 3600


def looked(*seen: tuple[int, int, Lag]) -> list[Event]:
    """What is told over several looks: (seconds after the start, seconds behind, lag)."""
    watch, said, found = Watch(BOUND), None, list[Event]()
    for after, behind, lag in seen:
        now = START + timedelta(seconds=after)
        events, now_said = told(said, watch, Freshness(now - timedelta(seconds=behind), behind, 0), lag, now)
        said, found = now_said or said, found + events
    return found


def test_one_late_look_is_no_staleness() -> None:
    assert looked((0, FRESH, {}), (1, BEHIND, {"docking.events/0": 1}), (90, FRESH, {})) == []


def test_behind_for_the_bound_is_raised_once_and_cleared_once() -> None:
    behind: Lag = {"docking.events/0": 9}
    found = looked(
        (0, BEHIND, behind), (30, BEHIND, behind), (60, BEHIND, behind), (120, BEHIND, behind), (130, FRESH, {}), (140, FRESH, {})
    )
    assert [type(event) for event in found] == [StalenessRaised, StalenessCleared]
    raised = found[0]
    assert isinstance(raised, StalenessRaised)
    assert (raised.lag_seconds, raised.bound_seconds, raised.key) == (BEHIND, 60, "staleness")


def test_a_silent_kafka_is_staleness_too() -> None:
    assert [type(event) for event in looked((0, FRESH, None), (61, FRESH, None))] == [StalenessRaised]


def test_raised_before_a_restart_is_cleared_after_it() -> None:
    events, said = told({"raised": True}, Watch(BOUND), Freshness(START, 0, 0), {}, START)
    assert [type(event) for event in events] == [StalenessCleared]
    assert said == {"raised": False}
