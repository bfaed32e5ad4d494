"""What every answer of figures carries besides them: as known when, complete through when, how far behind, what is parked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.stats.figures.freshness import Freshness

Label = Literal["preliminary", "final"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class AnswerMetadata(View):
    """`as_known_at` None: everything counted so far. `complete_through`: all that was recorded until then is counted."""

    as_known_at: date | None
    complete_through: datetime | None
    lag_seconds: int
    parked: int


def answer_metadata(known_on: date | None, fresh: Freshness) -> dict[str, Any]:
    return {
        "as_known_at": known_on,
        "complete_through": fresh.complete_through,
        "lag_seconds": fresh.lag_seconds,
        "parked": fresh.parked,
    }
