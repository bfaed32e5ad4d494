"""How fresh the figures are: through when they are complete, how far behind, and what is parked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.stats.queries import applied, dead_letters
from shared.db import Tx, Unavailable
from shared.events import DOCKING, REGISTRATION, RIGHTS, TRAINING
from shared.running_service import RunningService
from shared.values import PROGRAMME_ZONE

SOURCES = (REGISTRATION, DOCKING, TRAINING, RIGHTS)


@dataclass(frozen=True, slots=True)
class Freshness:
    """`complete_through`: everything recorded until then is counted, parked records excepted; None: nothing was read yet.

    `lag_seconds` is 0 when every log is read to its end.
    """

    complete_through: datetime | None
    lag_seconds: int
    parked: int

    @property
    def complete_on(self) -> date | None:
        """The day of complete_through in the programme's zone."""
        return self.complete_through.astimezone(PROGRAMME_ZONE).date() if self.complete_through else None


Lag = Mapping[str, int] | None


async def lag_of(service: RunningService) -> Lag:
    """Records still unread by "topic/partition"; None while Kafka does not tell: figures are answered all the same, as stale."""
    try:
        return await service.lag() if service.lag else {}
    except Unavailable:
        return None


async def freshness(tx: Tx, lag: Lag) -> Freshness:
    """Judged by the topics that have unread records, or may have."""
    now, counted = tx.clock.now(), await applied.list_(tx)
    waiting = [topic for topic in SOURCES if lag is None or any(count for name, count in lag.items() if name.startswith(f"{topic}/"))]
    through = [counted[topic][1] if topic in counted else None for topic in waiting]
    complete = now if not through else None if None in through else min(moment for moment in through if moment)
    behind = 0 if not through or complete is None else max(int((now - complete).total_seconds()), 0)
    return Freshness(complete, behind, await dead_letters.get_parked_count(tx))
