"""Targets as they are evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from services.stats.figures.measure_catalogue import definition
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.programmes.evaluation import TargetAtScope
from services.stats.views.metadata import AnswerMetadata, View
from shared.values import TargetState


class Projected(View):
    """The sum at the end of the span, between a low and a high, and the method by which that was worked out."""

    low: int
    likely: int
    high: int
    method: str


class TargetRow(View):
    """Money in fen. `expected`: the sum by the distribution; `run_rate`: needed per day from here on."""

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


class Targets(AnswerMetadata):
    programme: str
    version: int
    targets: list[TargetRow]


def target(evaluated: TargetAtScope) -> TargetRow:
    progress = evaluated.progress
    return TargetRow(
        target=evaluated.target.code,
        definition=definition(evaluated.target.measure),
        scope=str(evaluated.scope),
        actual=evaluated.actual,
        pending_fx=evaluated.pending_fx,
        expected=progress.expected if progress else None,
        floor=progress.floor if progress else None,
        stretch=progress.stretch if progress else None,
        state=progress.state if progress else None,
        days_left=progress.days_left if progress else None,
        run_rate=progress.run_rate if progress else None,
        distribution=evaluated.distribution,
        projection=Projected(**asdict(evaluated.projection)) if evaluated.projection else None,
    )


def targets(programme: ProgrammeInForce, evaluated: Iterable[TargetAtScope], metadata: Mapping[str, Any]) -> Targets:
    rows = [target(one) for one in evaluated]
    return Targets(programme=programme.plan.code, version=programme.version, targets=rows, **metadata)
