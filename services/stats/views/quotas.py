"""Quotas as they are evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from services.stats.domain.quotas import format_percent
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.programmes.evaluation import QuotaYear
from services.stats.views.metadata import AnswerMetadata, View
from shared.values import QuotaStatus, Ratio


class Share(View):
    """`gap_heads`: how many more of the numerator's kind reach the threshold; for a finished year how many were missing.

    `open_positions`: what the orders in hand could still send, and `infeasible`: that they cannot close the gap. `percent` is
    empty where the year is not comparable or nothing is counted.
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


class Quotas(AnswerMetadata):
    programme: str
    version: int
    quotas: list[QuotaAt]


def share(evaluated: QuotaYear) -> dict[str, Any]:
    """The fields of a Share."""
    judgement = evaluated.judgement
    comparable = judgement.status is not QuotaStatus.NOT_COMPARABLE
    return {
        "num": judgement.share[0],
        "den": judgement.share[1],
        "percent": format_percent(judgement.share) if comparable else "",
        "status": judgement.status,
        "rise": "not_comparable" if judgement.rise is None else "rose" if judgement.rise else "fell",
        "gap_heads": judgement.gap_heads,
        "open_positions": evaluated.open_positions,
        "infeasible": evaluated.infeasible,
    }


def quota(evaluated: QuotaYear) -> QuotaAt:
    return QuotaAt(
        quota=evaluated.quota.code,
        title=evaluated.quota.title,
        scope=str(evaluated.scope),
        year=evaluated.year,
        threshold=evaluated.quota.threshold,
        binding=evaluated.quota.binding,
        finished=evaluated.finished,
        **share(evaluated),
    )


def quotas(programme: ProgrammeInForce, evaluated: Iterable[QuotaYear], metadata: Mapping[str, Any]) -> Quotas:
    rows = [quota(one) for one in evaluated]
    return Quotas(programme=programme.plan.code, version=programme.version, quotas=rows, **metadata)
