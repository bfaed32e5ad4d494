"""Telling that figures have fallen behind, and that they have caught up.

A single look at the lag says little: the one record that came a moment ago after a quiet month makes the figures a month old.
So figures are stale when every look for as long as the bound has found them further behind than the bound, or Kafka silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.stats.figures.freshness import Freshness, Lag
from shared.events import Event, StalenessCleared, StalenessRaised
from shared.values import PROGRAMME_ZONE

KEY = "staleness"


@dataclass(slots=True)
class Watch:
    """What one process has seen: since when the figures have been behind."""

    bound: timedelta
    behind_since: datetime | None = None

    def stale(self, fresh: Freshness, lag: Lag, now: datetime) -> bool:
        """Look once."""
        if lag is not None and fresh.lag_seconds <= self.bound.total_seconds():
            self.behind_since = None
            return False
        self.behind_since = self.behind_since or now
        return now - self.behind_since >= self.bound


def told(said: dict[str, Any] | None, watch: Watch, fresh: Freshness, lag: Lag, now: datetime) -> tuple[list[Event], dict[str, Any] | None]:
    """What has to be told, and what will have been said then; None: nothing new."""
    raised = bool(said and said["raised"])
    stale = watch.stale(fresh, lag, now)
    today = now.astimezone(PROGRAMME_ZONE).date()
    about = {"key": KEY, "effective": today, "complete_through": fresh.complete_through, "lag_seconds": fresh.lag_seconds}
    if stale and not raised:
        bound = int(watch.bound.total_seconds())
        return [StalenessRaised.model_validate({**about, "bound_seconds": bound, "parked": fresh.parked})], {"raised": True}
    if raised and watch.behind_since is None:
        return [StalenessCleared.model_validate({**about, "parked": fresh.parked})], {"raised": False}
    return [], None
