"""Programmes, and their quotas and targets judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal

from services.stats.domain.plans import Plan
from services.stats.domain.quotas import format_percent
from services.stats.figures import query
from services.stats.figures.freshness import Freshness
from services.stats.programmes import validation
from services.stats.programmes.evaluation import InForce, QuotaYear, TargetAt
from services.stats.queries import programmes
from services.stats.views.answers import Answered, View, standing
from shared.values import QuotaStatus, Ratio, TargetState


class Programme(View):
    """`version` 0: as shipped. `arithmetic`: what the plan implies."""

    version: int
    plan: Plan
    arithmetic: list[str]
    reason: str | None
    entered_by: str | None
    entered_at: datetime | None


def programme(plan: Plan, entry: programmes.Programme | None) -> Programme:
    return Programme(
        version=entry.version if entry else 0,
        plan=plan,
        arithmetic=validation.arithmetic(plan),
        reason=entry.reason if entry else None,
        entered_by=entry.entered_by if entry else None,
        entered_at=entry.entered_at if entry else None,
    )


class Share(View):
    """`gap_heads`: how many more of the numerator's kind reach the threshold; for a finished year how many were missing.

    `open_positions`: what the orders in hand could still send, and `infeasible`: that they cannot close the gap. `percent` is
    empty where nothing can be said.
    """

    num: int
    den: int
    percent: str
    status: QuotaStatus
    rise: Literal["rose", "fell", "not_comparable"]
    gap_heads: int | None
    open_positions: int | None
    infeasible: bool


class QuotaAt(Share):
    quota: str
    title: str
    scope: str
    year: int
    threshold: Ratio
    binding: bool
    finished: bool


class Quotas(Answered):
    programme: str
    version: int
    quotas: list[QuotaAt]


def share_of(of: QuotaYear) -> dict[str, Any]:
    verdict = of.judgement
    told = verdict.status is not QuotaStatus.NOT_COMPARABLE
    return {
        "num": verdict.share[0],
        "den": verdict.share[1],
        "percent": format_percent(verdict.share) if told else "",
        "status": verdict.status,
        "rise": "not_comparable" if verdict.rise is None else "rose" if verdict.rise else "fell",
        "gap_heads": verdict.gap_heads,
        "open_positions": of.in_hand,
        "infeasible": of.infeasible,
    }


def _quota(of: QuotaYear) -> QuotaAt:
    return QuotaAt(
        quota=of.quota.code,
        title=of.quota.title,
        scope=str(of.scope),
        year=of.year,
        threshold=of.quota.threshold,
        binding=of.quota.binding,
        finished=of.finished,
        **share_of(of),
    )


def quotas(programme: InForce, judged: Iterable[QuotaYear], known_on: date | None, fresh: Freshness) -> Quotas:
    rows = [_quota(of) for of in judged]
    return Quotas(programme=programme.plan.code, version=programme.version, quotas=rows, **standing(known_on, fresh))


class Projected(View):
    """Where it will stand at the end of the span, between a low and a high, and the method by which that was worked out."""

    low: int
    likely: int
    high: int
    method: str


class TargetRow(View):
    """Money in fen. `expected`: where the distribution would stand; `run_rate`: needed per day from here on."""

    target: str
    definition: str
    scope: str
    actual: int
    pending_fx: dict[str, int]
    expected: int | None
    floor: int | None
    stretch: int | None
    state: TargetState | None
    days_left: int | None
    run_rate: int | None
    distribution: str
    projection: Projected | None


class Targets(Answered):
    programme: str
    version: int
    targets: list[TargetRow]


def target(of: TargetAt) -> TargetRow:
    stands = of.progress
    return TargetRow(
        target=of.target.code,
        definition=query.definition(of.target.measure),
        scope=str(of.scope),
        actual=of.actual,
        pending_fx=of.pending_fx,
        expected=stands.expected if stands else None,
        floor=stands.floor if stands else None,
        stretch=stands.stretch if stands else None,
        state=stands.state if stands else None,
        days_left=stands.days_left if stands else None,
        run_rate=stands.run_rate if stands else None,
        distribution=of.spread,
        projection=Projected(**asdict(of.projection)) if of.projection else None,
    )


def targets(programme: InForce, reached: Iterable[TargetAt], known_on: date | None, fresh: Freshness) -> Targets:
    rows = [target(of) for of in reached]
    return Targets(programme=programme.plan.code, version=programme.version, targets=rows, **standing(known_on, fresh))


# --- scenarios ------------------------------------------------------------------------------------------------------------
class Judged(View):
    quotas: list[QuotaAt]
    targets: list[TargetRow]


def judged_now(quota_years: Iterable[QuotaYear], reached: Iterable[TargetAt]) -> Judged:
    return Judged(quotas=[_quota(of) for of in quota_years], targets=[target(of) for of in reached])


class Scenario(Answered):
    """The same cells twice. `contradictions`: why the supposed plan could not be entered as it is; `arithmetic`: what it implies."""

    actual: Judged
    scenario: Judged
    contradictions: list[str]
    arithmetic: list[str]


def scenario(
    actual: Judged, supposed: Judged, contradictions: list[str], arithmetic: list[str], known_on: date | None, fresh: Freshness
) -> Scenario:
    return Scenario(actual=actual, scenario=supposed, contradictions=contradictions, arithmetic=arithmetic, **standing(known_on, fresh))
