"""Income of voided dispatches, until an officer explains the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.rights.domain.errors import NotOrphaned, OtherWorker, SamePlacement
from services.rights.domain.incomes import Income, ReportState
from services.rights.domain.ledgers import Ledger
from shared.values import CountyCode

VoidCause = Literal["not_paid", "duplicate", "wrong_placement", "false_report", "paid_back"]
AGE_BANDS = ((0, 30), (31, 90), (91, None))  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan(Income):
    """`region`: the province it was handed to; None: that of the worker's county works it off."""

    orphaned_on: date
    region: CountyCode | None


def handled_in(orphan: Orphan, ledger: Ledger) -> CountyCode:
    """Whose officers work it off."""
    return orphan.region or ledger.county


def require_orphaned(orphan: Orphan) -> None:
    """Raises NotOrphaned."""
    if orphan.state is not ReportState.ORPHANED:
        raise NotOrphaned(state=orphan.state.value)


def require_reattachable(void: Ledger, target: Ledger) -> None:
    """Another placement of the same worker. Raises SamePlacement, OtherWorker."""
    if void.placement == target.placement:
        raise SamePlacement(field="placement")
    if void.worker != target.worker:
        raise OtherWorker(field="placement")
