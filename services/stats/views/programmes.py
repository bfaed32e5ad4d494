"""Programmes entered."""

from __future__ import annotations

from datetime import datetime

from services.stats.domain.plans import Plan
from services.stats.programmes import validation
from services.stats.queries.programmes import ProgrammeVersion
from services.stats.views.metadata import View


class Programme(View):
    """`version` 0: as shipped. `arithmetic`: what the plan implies."""

    version: int
    plan: Plan
    arithmetic: list[str]
    reason: str | None
    entered_by: str | None
    entered_at: datetime | None


def programme(plan: Plan, entry: ProgrammeVersion | None) -> Programme:
    return Programme(
        version=entry.version if entry else 0,
        plan=plan,
        arithmetic=validation.arithmetic(plan),
        reason=entry.reason if entry else None,
        entered_by=entry.entered_by if entry else None,
        entered_at=entry.entered_at if entry else None,
    )
