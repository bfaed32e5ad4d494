"""Where a source contradicts itself: a correction or a void takes away something else than was counted for its business id.

The fold adds fact - previous whatever `previous` says, so the figures stay a sum of what the sources told; that a source told
two stories is found here, and only here. So is one that counts a business id a second time. The business id is the placement for
departures, returns and the cost of recruitment, the placement's month for income: of its reports at most one counts, and a better
source's takes back what another one told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.events import (
    DispatchCorrected,
    Dispatched,
    DispatchVoided,
    Event,
    EventEnvelope,
    IncomeCorrected,
    IncomeReported,
    IncomeVoided,
    Part,
    RecruitmentCostAssessed,
    Returned,
)
from shared.values import Period, PlacementId


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`expected`: what was counted for the business id; `found`: what the event says was. Only the fields that differ; None: nothing."""

    event: UUID
    type: str
    business_id: str
    expected: dict[str, Any] | None
    found: dict[str, Any] | None


Counted = dict[str, str]  # business id -> what is counted for it now, as JSON: of millions of facts the smallest plain form


def check(counted: Counted, event: EventEnvelope[Event]) -> list[Contradiction]:
    """Take one event into `counted`, in the order of its subject. Returns what it says was counted and was not."""
    found: list[Contradiction] = []
    for step in _steps(event.data):
        stands = counted.pop(step.business_id, None)
        kind = event.data.type_name()
        found += [Contradiction(event.id, kind, step.business_id, *_differing(stands, says)) for says in step.says if says != stands]
        left = step.leaves[0] if step.leaves else stands
        if left is not None:
            counted[step.business_id] = left
    return found


@dataclass(frozen=True, slots=True)
class _Step:
    """`says`: what the event says is counted so far; `leaves`: what is counted from now on. Empty: it says nothing of it."""

    business_id: str
    says: tuple[str | None, ...]
    leaves: tuple[str | None, ...]


_Wage = IncomeReported | IncomeCorrected | IncomeVoided | RecruitmentCostAssessed
CODES = {"enterprise", "origin", "destination", "occupation", "channel"}


def _steps(data: Event) -> list[_Step]:
    if isinstance(data, IncomeReported | IncomeCorrected | IncomeVoided):
        taken = [] if isinstance(data, IncomeReported) else [data.previous]
        added = [] if isinstance(data, IncomeVoided) else [data.fact]
        return [
            *(_Step(_income(data.placement, one.period), (_under(data, one),), (None,)) for one in taken),
            *(_Step(_income(data.placement, one.period), (None,), (_under(data, one),)) for one in added),
        ]
    if isinstance(data, RecruitmentCostAssessed):
        return [_Step(f"recruitment of placement {data.placement}", (_under(data, data.previous),), (_under(data, data.fact),))]
    if isinstance(data, Dispatched | DispatchCorrected | DispatchVoided):
        previous = None if isinstance(data, Dispatched) else data.previous
        fact = None if isinstance(data, DispatchVoided) else data.fact
        return [_Step(f"placement {data.placement}", (_json(previous),), (_json(fact),)), *_return_moved(data)]
    if isinstance(data, Returned):
        departure, back = _json(data.dispatch), _json(data.fact)
        return [_Step(f"placement {data.placement}", (departure,), ()), _Step(_back(data.placement), (None,), (back,))]
    return []


def _return_moved(data: Dispatched | DispatchCorrected | DispatchVoided) -> list[_Step]:
    if isinstance(data, Dispatched):
        return []
    return [_Step(_back(data.placement), (_json(data.returned),), (None,) if isinstance(data, DispatchVoided) else ())]


def _income(placement: PlacementId, period: Period) -> str:
    return f"income of placement {placement} in {period}"


def _back(placement: PlacementId) -> str:
    return f"return of placement {placement}"


def _under(data: _Wage, part: Part | None) -> str | None:
    """With the codes that it is counted under: a departure has them in itself, a wage beside it."""
    return None if part is None else f"{part.model_dump_json()[:-1]},{data.model_dump_json(include=CODES)[1:]}"


def _json(part: Part | None) -> str | None:
    return None if part is None else part.model_dump_json()


def _differing(stands: str | None, claimed: str | None) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides, without the fields in which they agree."""
    one: dict[str, Any] | None = None if stands is None else json.loads(stands)
    other: dict[str, Any] | None = None if claimed is None else json.loads(claimed)
    if one is None or other is None:
        return one, other
    names = [name for name in one if one[name] != other.get(name)]
    return {name: one[name] for name in names}, {name: other.get(name) for name in names}
