"""Publishes that figures have fallen behind, and that they have caught up.

A single look at the lag says little: one record that arrives after a quiet month makes the figures a month old for a moment.
So figures are stale when, for as long as the bound, every look has found them further behind than the bound, or Kafka silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.stats.figures.freshness import Freshness, Lag
from shared.events import Event, StalenessCleared, StalenessRaised
from shared.values import PROGRAMME_ZONE

KEY = "staleness"


@dataclass(slots=True)
class LagWatch:
    """Since when this process has found the figures behind."""

    bound: timedelta
    behind_since: datetime | None = None

    def is_stale(self, fresh: Freshness, lag: Lag, now: datetime) -> bool:
        """Take one look."""
        if lag is not None and fresh.lag_seconds <= self.bound.total_seconds():
            self.behind_since = None
            return False
        self.behind_since = self.behind_since or now
        return now - self.behind_since >= self.bound


def changes(
    last: Mapping[str, Any] | None, watch: LagWatch, fresh: Freshness, lag: Lag, now: datetime
) -> tuple[list[Event], dict[str, Any] | None]:
    """The events to publish and the value to store as the last publication; None where nothing changed."""
    raised = bool(last and last["raised"])
    stale = watch.is_stale(fresh, lag, now)
    today = now.astimezone(PROGRAMME_ZONE).date()
    fields = {"key": KEY, "effective": today, "complete_through": fresh.complete_through, "lag_seconds": fresh.lag_seconds}
    if stale and not raised:
        bound = int(watch.bound.total_seconds())
        return [StalenessRaised.model_validate({**fields, "bound_seconds": bound, "parked": fresh.parked})], {"raised": True}
    if raised and watch.behind_since is None:
        return [StalenessCleared.model_validate({**fields, "parked": fresh.parked})], {"raised": False}
    return [], None
