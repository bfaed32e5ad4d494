"""Collective cases: workers of one enterprise whose pay of one month is owed are one case, which goes up and blocks clearances."""

from __future__ import annotations

from services.rights.domain.cases import Case, CaseState
from services.rights.queries import cases, collective_cases
from services.rights.settings import policy
from services.rights.usecases.case_openings import Opening, open_case
from services.rights.usecases.cases import codes_today, escalate
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import EnterpriseId, Period

BATCH = 50  # enterprises and months per sweep

OWED = "{workers} workers whose wage of {period} is owed"  # what a case opened by rule says


async def group(tx: Tx, enterprise: EnterpriseId, period: Period, *, unpaid: bool = False) -> int:
    """Three or more (p) workers, or one not paid for 45 days (p): one collective case, which further workers join.

    While the reserve is asked to pay for those who belong to it, nobody joins. Returns how many joined.
    """
    await collective_cases.lock_enterprise(tx, enterprise)
    affected = await collective_cases.list_affected(tx, enterprise, period)
    case = await collective_cases.lock(tx, enterprise, period)
    if case is None and not unpaid and len(affected) < policy().rights_collective_from:
        return 0
    if case is not None and case.state is CaseState.SETTLING:
        return 0
    known = set(await collective_cases.list_members(tx, case.case)) if case else set()
    joining = [placement for placement in affected if placement not in known]
    if not joining:
        return 0
    if case is None:
        case = await _open(tx, enterprise, period, len(affected))
    await collective_cases.insert_members(tx, case.case, joining)
    members = tuple(sorted(known.union(joining)))
    grouped = events.CasesGrouped(members=members, cause="unpaid" if unpaid else "workers", **codes_today(tx, case))
    publish_and_audit(tx, grouped, offices_in=(case.lead,))
    return len(joining)


async def _open(tx: Tx, enterprise: EnterpriseId, period: Period, workers: int) -> Case:
    """With the higher office from the beginning."""
    text = OWED.format(workers=workers, period=period)
    case = await open_case(tx, Opening(enterprise=enterprise, period=period, category="wages", severity="high", via="rule", text=text))
    raised, escalation = escalate(tx, case, "collective")
    await cases.update(tx, raised)
    publish_and_audit(tx, escalation, offices_in=(case.lead,))
    return raised


async def find_unpaid(tx: Tx) -> int:
    """Wages that were not paid for 45 days (p) after their pay day: one bounded batch. Returns how many workers joined a case."""
    found = await collective_cases.list_unpaid(tx, tx.clock.today(), policy().rights_unpaid_days, BATCH)
    return sum([await group(tx, enterprise, period, unpaid=True) for enterprise, period in found])
