"""Publishing with a trail: what is told to the world is also in the history of the aggregate it is about."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from services.docking import views
from services.docking.domain import Placement
from services.docking.queries import history
from shared import outbox, reference
from shared.db import Tx
from shared.events import Data
from shared.values import CountyCode

E = TypeVar("E", bound=Data)


async def record(tx: Tx, *events: Data) -> None:
    """Publish, in order, and enter each into its aggregate's history."""
    ids = await outbox.publish_all(tx, events)
    await history.add(tx, list(zip(ids, events, strict=True)))


async def shown(tx: Tx, subject: UUID) -> list[views.Change]:
    return [views.change(one) for one in await history.of(tx, subject)]


def step(tx: Tx, event: type[E], placement: Placement, **rest: Any) -> E:
    """An event of the placement's pipeline, effective today, with the codes that every one of them carries."""
    today = tx.clock.today()
    return event.model_validate({
        "placement": placement.id, "worker": placement.worker, "order": placement.order, "enterprise": placement.enterprise,
        "origin": reference.origin(CountyCode(placement.county), today), "destination": placement.destination,
        "occupation": placement.occupation, "channel": placement.channel, "effective": today, **rest,
    })  # fmt: skip
