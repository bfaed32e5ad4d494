"""What every event of a placement carries."""

from __future__ import annotations

from typing import Any, TypeVar

from services.docking.domain import Placement
from shared import reference
from shared.db import Tx
from shared.events import Event
from shared.values import CountyCode

E = TypeVar("E", bound=Event)


def step(tx: Tx, event: type[E], placement: Placement, **rest: Any) -> E:
    """An event of the placement's pipeline, effective today, with the codes that every one of them carries."""
    today = tx.clock.today()
    return event.model_validate(
        {
            "placement": placement.id,
            "worker": placement.worker,
            "order": placement.order,
            "enterprise": placement.enterprise,
            "origin": reference.origin(CountyCode(placement.county), today),
            "destination": placement.destination,
            "occupation": placement.occupation,
            "channel": placement.channel,
            "effective": today,
            **rest,
        }
    )
