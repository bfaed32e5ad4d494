"""How fresh the figures are: through when they are complete, how far behind, and what is parked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.stats import queries
from shared.db import Tx
from shared.events import DOCKING, REGISTRATION, RIGHTS, TRAINING

SOURCES = (REGISTRATION, DOCKING, TRAINING, RIGHTS)


@dataclass(frozen=True, slots=True)
class Freshness:
    """`complete_through`: everything recorded until then is counted, parked records excepted; None: nothing was read yet.

    `lag_seconds` is 0 when every log is read to its end.
    """

    complete_through: datetime | None
    lag_seconds: int
    parked: int


async def freshness(tx: Tx, lag: Mapping[str, int] | None) -> Freshness:
    """`lag`: records still unread, by a name that begins with the topic; None where it is not known (then nothing waits)."""
    now, applied = tx.clock.now(), await queries.applied(tx)
    unread = {topic: sum(count for name, count in (lag or {}).items() if name.startswith(topic)) for topic in SOURCES}
    through = [applied[topic][1] if topic in applied else None for topic in SOURCES if unread[topic]]
    complete = now if not through else None if None in through else min(moment for moment in through if moment)
    behind = 0 if not through or complete is None else max(int((now - complete).total_seconds()), 0)
    return Freshness(complete, behind, await queries.parked(tx))
