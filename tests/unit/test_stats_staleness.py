"""Figures are stale when every look finds them behind, or the lag unknown, for as long as the bound."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.stats.figures.freshness import Freshness, Lag
from services.stats.publishing.staleness import LagWatch, changes
from shared.events import Event, StalenessCleared, StalenessRaised

START = datetime(2018, 5, 2, tzinfo=UTC)
BOUND = timedelta(seconds=60)
FRESH, BEHIND = 5, 3600


def published_over(looks: Sequence[tuple[int, int, Lag]]) -> list[Event]:
    """The events published over several looks: (seconds after the start, seconds behind, lag)."""
    watch, last, published = LagWatch(BOUND), None, list[Event]()
    for after, behind, lag in looks:
        now = START + timedelta(seconds=after)
        events, value = changes(last, watch, Freshness(now - timedelta(seconds=behind), behind, 0), lag, now)
        last, published = value or last, published + events
    return published


def test_one_look_behind_is_not_stale() -> None:
    assert published_over([(0, FRESH, {}), (1, BEHIND, {"docking.events/0": 1}), (90, FRESH, {})]) == []


def test_staleness_is_raised_once_after_the_bound_and_cleared_once() -> None:
    behind: Lag = {"docking.events/0": 9}
    found = published_over(
        [(0, BEHIND, behind), (30, BEHIND, behind), (60, BEHIND, behind), (120, BEHIND, behind), (130, FRESH, {}), (140, FRESH, {})]
    )
    assert [type(event) for event in found] == [StalenessRaised, StalenessCleared]
    raised = found[0]
    assert isinstance(raised, StalenessRaised)
    assert (raised.lag_seconds, raised.bound_seconds, raised.key) == (BEHIND, 60, "staleness")


def test_an_unknown_lag_counts_as_behind() -> None:
    assert [type(event) for event in published_over([(0, FRESH, None), (61, FRESH, None)])] == [StalenessRaised]


def test_staleness_raised_before_a_restart_is_cleared_after_it() -> None:
    events, value = changes({"raised": True}, LagWatch(BOUND), Freshness(START, 0, 0), {}, START)
    assert [type(event) for event in events] == [StalenessCleared]
    assert value == {"raised": False}
