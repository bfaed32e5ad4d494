"""Collective cases: workers of one enterprise with the same shortfall are one case, which blocks clearances."""

from __future__ import annotations

from services.rights.queries import cases, shortfalls
from services.rights.settings import policy
from services.rights.usecases.case_openings import Opening, open_case
from services.rights.usecases.event_fields import case_codes
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import EnterpriseId, Period


async def group(tx: Tx, enterprise: EnterpriseId, period: Period) -> None:
    """Three or more (p) workers of one enterprise short in one month: one collective case, which blocks clearances."""
    members = await shortfalls.lock_short(tx, enterprise, period)
    if len(members) < policy().rights_collective_from:
        return
    case = await cases.lock_collective(tx, enterprise, period)
    if case is None:
        text = f"{len(members)} workers short of their wage of {period}"
        opening = Opening(enterprise=enterprise, period=period, category="wages", severity="high", via="rule", text=text)
        case = await open_case(tx, opening)
    publish_and_audit(tx, events.CasesGrouped(members=tuple(members), cause="workers", **case_codes(case, tx.clock.today())))
