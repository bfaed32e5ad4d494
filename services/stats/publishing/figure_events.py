"""The events of published figures: a snapshot of each, and the changes of state of quotas and targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from services.stats.figures.freshness import Freshness
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.programmes.evaluation import NATIONAL, QuotaYear, TargetAtScope
from shared.events import Event, FigurePublished, QuotaStatusChanged, TargetProgressChanged, YearOnYearBreached
from shared.values import QuotaStatus, TargetState

PublishedValue = Mapping[str, Any]  # what is compared with the last publication


@dataclass(frozen=True, slots=True)
class Edition:
    """What all figures of one pass have in common."""

    fresh: Freshness
    on: date
    closed: frozenset[str]  # periods whose figures are final

    def label(self, period: str) -> Literal["preliminary", "final"]:
        return "final" if period in self.closed else "preliminary"


def snapshot(edition: Edition, *, key: str, measure: str, scope: str, period: str, **values: Any) -> FigurePublished:
    return FigurePublished(
        key=key,
        effective=edition.on,
        measure=measure,
        cut=scope,
        period=period,
        label=edition.label(period),
        complete_through=edition.fresh.complete_through,
        lag_seconds=edition.fresh.lag_seconds,
        parked=edition.fresh.parked,
        **{"value": None, "share": None, "status": None, "gap_heads": None, **values},
    )


# --- quotas -------------------------------------------------------------------------------------------------------------
def quota_value(quota: QuotaYear, edition: Edition) -> dict[str, Any]:
    judgement = quota.judgement
    return {
        "share": list(judgement.share),
        "status": judgement.status,
        "rise": judgement.rise,
        "final": quota.finished,
        "label": edition.label(str(quota.year)),
        "infeasible": quota.infeasible,
        "parked": edition.fresh.parked > 0,
    }


def quota_events(key: str, quota: QuotaYear, before: PublishedValue | None, programme: ProgrammeInForce, edition: Edition) -> list[Event]:
    """`before`: as last published. Changes of state are published for the nation only."""
    judgement = quota.judgement
    events: list[Event] = [
        snapshot(
            edition,
            key=key,
            measure=quota.quota.measure,
            scope=str(quota.scope),
            period=str(quota.year),
            share=judgement.share,
            status=judgement.status,
            gap_heads=judgement.gap_heads,
            open_positions=quota.open_positions,
            infeasible=quota.infeasible,
            definition=f"{programme.plan.code}/{programme.version}/{quota.quota.code}",
        )
    ]
    if quota.scope == NATIONAL:
        events += _status_change(key, quota, before, edition)
        events += _year_on_year_breach(key, quota, before, edition)
    return events


def _status_of(before: PublishedValue | None) -> QuotaStatus | None:
    return QuotaStatus(before["status"]) if before else None


def _status_change(key: str, quota: QuotaYear, before: PublishedValue | None, edition: Edition) -> list[Event]:
    judgement = quota.judgement
    status_before = _status_of(before)
    if status_before == judgement.status and not (before and before["infeasible"] != quota.infeasible):
        return []
    return [
        QuotaStatusChanged(
            key=key,
            effective=edition.on,
            quota=quota.quota.code,
            period=str(quota.year),
            status_from=status_before,
            status_to=judgement.status,
            share=judgement.share,
            gap_heads=judgement.gap_heads,
            open_positions=quota.open_positions,
            infeasible=quota.infeasible,
        )
    ]


def _year_on_year_breach(key: str, quota: QuotaYear, before: PublishedValue | None, edition: Edition) -> list[Event]:
    """Once for each finished year that fell."""
    judgement = quota.judgement
    already_published = before is not None and before["final"] and before["rise"] is False
    if judgement.rise is not False or not quota.finished or already_published or judgement.before is None:
        return []
    return [
        YearOnYearBreached(
            key=key,
            effective=edition.on,
            quota=quota.quota.code,
            period=str(quota.year),
            share=judgement.share,
            share_before=judgement.before,
            with_status=_status_of(before) is not judgement.status,
        )
    ]


# --- targets ------------------------------------------------------------------------------------------------------------
def target_value(target: TargetAtScope, edition: Edition) -> dict[str, Any]:
    progress = target.progress
    return {
        "actual": target.actual,
        "state": progress.state if progress else None,
        "floor": progress.floor if progress else None,
        "projection": _projection(target),
        "parked": edition.fresh.parked > 0,
    }


def target_events(
    key: str, target: TargetAtScope, before: PublishedValue | None, programme: ProgrammeInForce, edition: Edition
) -> list[Event]:
    """`before`: as last published."""
    progress = target.progress
    events: list[Event] = [
        snapshot(
            edition,
            key=key,
            measure=target.target.measure,
            scope=str(target.scope),
            period=programme.plan.code,
            value=target.actual,
            status=progress.state if progress else None,
            projection=_projection(target),
            definition=f"{programme.plan.code}/{programme.version}/{target.target.code}",
        )
    ]
    state_before = TargetState(before["state"]) if before and before["state"] else None
    if progress is not None and state_before != progress.state:
        events.append(
            TargetProgressChanged(
                key=key,
                effective=edition.on,
                target=target.target.code,
                actual=target.actual,
                expected=progress.expected,
                floor=progress.floor,
                state_from=state_before,
                state_to=progress.state,
                projection=_projection(target),
                measure=target.target.measure,
                programme=programme.plan.code,
            )
        )
    return events


def _projection(target: TargetAtScope) -> list[int] | None:
    projection = target.projection
    return [projection.low, projection.likely, projection.high] if projection else None
