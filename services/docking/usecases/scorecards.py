"""The scorecard of an enterprise, and what rights publishes for it: complaints, and findings about wages."""

from __future__ import annotations

from datetime import date

from services.docking.domain import scorecards as domain
from services.docking.domain.errors import EnterpriseNotFound
from services.docking.queries import blocking_cases, enterprises, scorecards
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.views import scorecards as views
from shared.db import Tx
from shared.events import (
    CaseClosed,
    CaseDeadlineMissed,
    CaseOpened,
    CaseReopened,
    CaseTriaged,
    EventEnvelope,
    WageShortfallCleared,
    WageShortfallDetected,
)
from shared.values import EnterpriseId

BEGINNING = date(1990, 1, 1)


async def show_scorecard(tx: Tx, enterprise: EnterpriseId, since: date | None, until: date | None) -> views.Scorecard:
    """Raises EnterpriseNotFound, EndsBeforeStart, Forbidden."""
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise EnterpriseNotFound
    scope.require_enterprise(tx.principal, found)
    first, last = since or BEGINNING, until or tx.clock.today()
    domain.require_span(first, last)
    counts = await scorecards.get(tx, enterprise, first, last)
    scores = domain.scores(counts, reserve_minor=found.reserve_minor, minimum_reserve=policy().docking_minimum_reserve)
    return views.scorecard(enterprise, first, last, scores)


# --- reactions --------------------------------------------------------------------------------------------------------
async def case_opened(tx: Tx, event: EventEnvelope[CaseOpened]) -> None:
    """It counts for its enterprise; a blocking case keeps the enterprise from clearance."""
    data = event.data
    await scorecards.insert_case(tx, data.case, data.enterprise, data.effective, by_rule=data.via == "rule")
    await _block(tx, data)


async def case_triaged(tx: Tx, event: EventEnvelope[CaseTriaged]) -> None:
    """Looked at, it may block or not block after all."""
    await _block(tx, event.data)


async def case_reopened(tx: Tx, event: EventEnvelope[CaseReopened]) -> None:
    await scorecards.update_closed(tx, event.data.case, None, None)
    await _block(tx, event.data)


async def _block(tx: Tx, data: CaseOpened | CaseTriaged | CaseReopened) -> None:
    if data.blocking:
        await blocking_cases.insert(tx, data.case, data.enterprise)
    else:
        await blocking_cases.delete(tx, data.case)


async def case_closed(tx: Tx, event: EventEnvelope[CaseClosed]) -> None:
    await scorecards.update_closed(tx, event.data.case, event.data.effective, event.data.outcome)
    await blocking_cases.delete(tx, event.data.case)


async def case_overdue(tx: Tx, event: EventEnvelope[CaseDeadlineMissed]) -> None:
    await scorecards.update_overdue(tx, event.data.case)


async def shortfall_detected(tx: Tx, event: EventEnvelope[WageShortfallDetected]) -> None:
    data = event.data
    await scorecards.insert_finding(tx, data.placement, data.period, data.kind, enterprise=data.enterprise, found_on=data.effective)


async def shortfall_cleared(tx: Tx, event: EventEnvelope[WageShortfallCleared]) -> None:
    data = event.data
    await scorecards.update_cleared(tx, data.placement, data.period, data.kind, data.effective)
