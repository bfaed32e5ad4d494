"""Finds where a source contradicts itself: a correction or void takes away something else than was counted for its business id.

The fold adds fact - previous whatever `previous` says, so figures are always the sum of what the sources published. A previous
that differs from what was counted, and a business id that is counted a second time, are found only here. The business id is the
placement for departures, returns and the cost of recruitment, the survey, the record of outreach, the placement's month for income:
several payments of a month may count, all of them of one source, and the first report of a better source replaces them.
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
    OutreachCorrected,
    OutreachRecorded,
    OutreachVoided,
    Part,
    RecruitmentCostAssessed,
    ReturnCorrected,
    Returned,
    SurveyCorrected,
    SurveyRecorded,
    SurveyVoided,
    taken_back,
)
from shared.values import Period, PlacementId


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConflict:
    """`expected`: what was counted for the business id; `found`: what the event says. Only fields that differ; None: nothing."""

    event: UUID
    type: str
    business_id: str
    expected: dict[str, Any] | None
    found: dict[str, Any] | None


Counted = dict[str, str]  # business id -> what is counted for it now, as JSON: the smallest plain form for millions of facts


def check(counted: Counted, event: EventEnvelope[Event]) -> list[SourceConflict]:
    """Apply one event to `counted`, in the order of its subject. Returns what it wrongly says was counted."""
    voided = taken_back(event)
    if voided is not None:
        return _take_back(counted, event, voided.data)
    conflicts = _check_income(counted, event)
    for step in _steps(event.data):
        present = counted.pop(step.business_id, None)
        conflicts += [_conflict(event, step.business_id, present, claimed) for claimed in step.previous if claimed != present]
        following = step.following[0] if step.following else present
        if following is not None:
            counted[step.business_id] = following
    return conflicts


def _take_back(counted: Counted, event: EventEnvelope[Event], voided: Event) -> list[SourceConflict]:
    """What is counted is again what was counted before the event that is taken back."""
    if isinstance(voided, IncomeReported | IncomeCorrected | IncomeVoided):
        return _take_payment_back(counted, event, voided)
    conflicts = []
    for step in reversed(_steps(voided)):
        present = counted.pop(step.business_id, None)
        conflicts += [_conflict(event, step.business_id, present, claimed) for claimed in step.following if claimed != present]
        before = step.previous[0] if step.previous else present
        if before is not None:
            counted[step.business_id] = before
    return conflicts


def _take_payment_back(
    counted: Counted, event: EventEnvelope[Event], voided: IncomeReported | IncomeCorrected | IncomeVoided
) -> list[SourceConflict]:
    conflicts = []
    if not isinstance(voided, IncomeVoided):
        business_id, claimed = _income(voided.placement, voided.fact.period), _with_codes(voided, voided.fact) or ""
        present = list(filter(None, counted.pop(business_id, "").split("\n")))
        if claimed not in present:
            conflicts.append(_conflict(event, business_id, present[0] if present else None, claimed))
        rest = [one for place, one in enumerate(present) if claimed not in present or place != present.index(claimed)]
        if rest:
            counted[business_id] = "\n".join(rest)
        if isinstance(voided, IncomeReported) and not voided.further and rest:  # the month was counted by the one that is taken back
            conflicts.append(_wrong_flag(event, business_id, {"further": True}))
    if not isinstance(voided, IncomeReported):
        business_id = _income(voided.placement, voided.previous.period)
        counted[business_id] = "\n".join(filter(None, [counted.get(business_id), _with_codes(voided, voided.previous)]))
    return conflicts


def _conflict(event: EventEnvelope[Event], business_id: str, present: str | None, claimed: str | None) -> SourceConflict:
    expected, found = _differing(present, claimed)
    return SourceConflict(event=event.id, type=event.data.type_name(), business_id=business_id, expected=expected, found=found)


@dataclass(frozen=True, slots=True)
class _Step:
    """`previous`: what the event says is counted so far; `following`: what is counted from now on. Empty: the event does not say."""

    business_id: str
    previous: tuple[str | None, ...]
    following: tuple[str | None, ...]


_Wage = IncomeReported | IncomeCorrected | IncomeVoided | RecruitmentCostAssessed
_BY_SUBJECT = (SurveyRecorded, SurveyCorrected, SurveyVoided, OutreachRecorded, OutreachCorrected, OutreachVoided)
CODES = {"enterprise", "origin", "destination", "occupation", "channel"}


def _steps(data: Event) -> list[_Step]:
    if isinstance(data, RecruitmentCostAssessed):
        return [_Step(f"recruitment of placement {data.placement}", (_with_codes(data, data.previous),), (_with_codes(data, data.fact),))]
    if isinstance(data, Dispatched | DispatchCorrected | DispatchVoided):
        return [_moved(f"placement {data.placement}", data), *_return_moved(data)]
    if isinstance(data, _BY_SUBJECT):
        return [_moved(f"{data.SUBJECT} {data.subject}", data)]
    if isinstance(data, Returned | ReturnCorrected):
        return [_Step(f"placement {data.placement}", (_json(data.dispatch),), ()), _moved(_back(data.placement), data)]
    return []


def _moved(business_id: str, data: Event) -> _Step:
    """From `previous` to `fact`; an event that lacks one of them begins or ends what is counted."""
    previous, fact = (getattr(data, name, None) for name in ("previous", "fact"))
    return _Step(business_id, (_json(previous),), (_json(fact),))


def _check_income(counted: Counted, event: EventEnvelope[Event]) -> list[SourceConflict]:
    """The payments of a month lie side by side, a line each."""
    data = event.data
    conflicts: list[SourceConflict] = []
    if isinstance(data, IncomeVoided | IncomeCorrected):
        conflicts += _remove_payment(counted, event, data)
    if isinstance(data, IncomeReported | IncomeCorrected):
        conflicts += _add_payment(counted, event, data)
    return conflicts


def _remove_payment(counted: Counted, event: EventEnvelope[Event], data: IncomeVoided | IncomeCorrected) -> list[SourceConflict]:
    business_id, claimed = _income(data.placement, data.previous.period), _with_codes(data, data.previous) or ""
    present = list(filter(None, counted.pop(business_id, "").split("\n")))
    conflicts = [] if claimed in present else [_conflict(event, business_id, present[0] if present else None, claimed)]
    rest = [*present]
    if present:
        rest.remove(claimed if claimed in present else present[0])
    if isinstance(data, IncomeVoided) and data.others_count is not bool(rest):
        conflicts.append(_wrong_flag(event, business_id, {"others_count": bool(rest)}))
    if rest:
        counted[business_id] = "\n".join(rest)
    return conflicts


def _add_payment(counted: Counted, event: EventEnvelope[Event], data: IncomeReported | IncomeCorrected) -> list[SourceConflict]:
    business_id, added = _income(data.placement, data.fact.period), _with_codes(data, data.fact) or ""
    present = counted.pop(business_id, "")
    further = data.further if isinstance(data, IncomeReported) else data.fact.period == data.previous.period and bool(present)
    wrong = further is not bool(present)
    counted[business_id] = f"{present}\n{added}" if present and not wrong else added
    return [_wrong_flag(event, business_id, {"further": bool(present)})] if wrong else []


def _wrong_flag(event: EventEnvelope[Event], business_id: str, right: dict[str, bool]) -> SourceConflict:
    """The event is wrong about whether other payments of the month count."""
    found = {name: not value for name, value in right.items()}
    return SourceConflict(event=event.id, type=event.data.type_name(), business_id=business_id, expected=dict(right), found=found)


def _return_moved(data: Dispatched | DispatchCorrected | DispatchVoided) -> list[_Step]:
    if isinstance(data, Dispatched):
        return []
    return [_Step(_back(data.placement), (_json(data.returned),), (None,) if isinstance(data, DispatchVoided) else ())]


def _income(placement: PlacementId, period: Period) -> str:
    return f"income of placement {placement} in {period}"


def _back(placement: PlacementId) -> str:
    return f"return of placement {placement}"


def _with_codes(data: _Wage, part: Part | None) -> str | None:
    """A wage with the codes that it is counted under, which stand beside it; a departure contains its own."""
    return None if part is None else f"{part.model_dump_json()[:-1]},{data.model_dump_json(include=CODES)[1:]}"


def _json(part: Part | None) -> str | None:
    return None if part is None else part.model_dump_json()


def _differing(present: str | None, claimed: str | None) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides, without the fields in which they agree."""
    expected: dict[str, Any] | None = None if present is None else json.loads(present)
    found: dict[str, Any] | None = None if claimed is None else json.loads(claimed)
    if expected is None or found is None:
        return expected, found
    names = [name for name in expected if expected[name] != found.get(name)]
    return {name: expected[name] for name in names}, {name: found.get(name) for name in names}
