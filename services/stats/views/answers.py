"""What every answer says of itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.stats.figures.freshness import Freshness

Label = Literal["preliminary", "final"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Answered(View):
    """`as_known_at` None: everything counted so far. `complete_through`: all that was recorded until then is counted."""

    as_known_at: date | None
    complete_through: datetime | None
    lag_seconds: int
    parked: int


def standing(known_on: date | None, fresh: Freshness) -> dict[str, Any]:
    return {
        "as_known_at": known_on,
        "complete_through": fresh.complete_through,
        "lag_seconds": fresh.lag_seconds,
        "parked": fresh.parked,
    }
