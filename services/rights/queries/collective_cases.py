"""Collective cases and whose wages they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.rights.domain.cases import Case
from services.rights.queries.cases import CASE
from shared import rows
from shared.db import Tx
from shared.values import CaseId, EnterpriseId, Period, PlacementId

LOCK_ENTERPRISE = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))"
LOCK = CASE.select("FROM rights_case WHERE enterprise = $1 AND period = $2 AND state NOT IN ('settled', 'closed') FOR UPDATE")
LOCK_MEMBER_CASES = CASE.select("""
FROM rights_case WHERE collective = $1 AND state NOT IN ('settling', 'settled', 'closed') ORDER BY "case" FOR UPDATE
""")
# Pay that is owed still; a wage that came late did come. Who belonged to a case of the month that is over is not counted again.
LIST_AFFECTED = """
SELECT DISTINCT placement FROM finding
WHERE cleared_on IS NULL AND kind IN ('short', 'missing', 'illegal_deduction') AND enterprise = $1 AND period = $2 AND NOT EXISTS (
    SELECT FROM collective_member JOIN rights_case USING ("case")
    WHERE collective_member.placement = finding.placement AND rights_case.period = $2 AND state IN ('settled', 'closed')
)
ORDER BY placement LIMIT 1000
"""
# While the reserve is asked to pay for some, nobody joins them.
LIST_UNPAID = """
SELECT DISTINCT finding.enterprise, finding.period FROM finding JOIN ledger USING (placement)
WHERE cleared_on IS NULL AND kind = 'missing'
  AND (to_date(finding.period, 'YYYY-MM') + interval '1 month')::date + ledger.pay_day - 1 + $2::int < $1 AND NOT EXISTS (
    SELECT FROM collective_member JOIN rights_case USING ("case")
    WHERE collective_member.placement = finding.placement AND rights_case.period = finding.period
  ) AND NOT EXISTS (
    SELECT FROM rights_case
    WHERE rights_case.enterprise = finding.enterprise AND rights_case.period = finding.period AND state = 'settling'
  )
ORDER BY 1, 2 LIMIT $3
"""
LIST_MEMBERS = 'SELECT placement FROM collective_member WHERE "case" = $1 ORDER BY placement LIMIT 10000'
# Settled at the same time, it is no longer there to be joined.
LOCK_JOINABLE = """
SELECT "case" FROM rights_case JOIN collective_member USING ("case")
WHERE collective_member.placement = $1 AND state NOT IN ('settling', 'settled', 'closed') ORDER BY "case" LIMIT 1 FOR SHARE OF rights_case
"""
INSERT_MEMBERS = """
INSERT INTO collective_member ("case", placement, joined_at) SELECT $1, placement, $3 FROM unnest($2::uuid[]) AS placement
"""
UPDATE_JOINED = """
UPDATE rights_case SET collective = $1
WHERE placement = ANY($2::uuid[]) AND category = 'wages' AND collective IS NULL AND period IS NULL AND state NOT IN ('settled', 'closed')
"""


async def lock_enterprise(tx: Tx, enterprise: EnterpriseId) -> None:
    """Two findings of one enterprise at once see each other."""
    await tx.conn.execute(LOCK_ENTERPRISE, str(enterprise))


async def lock(tx: Tx, enterprise: EnterpriseId, period: Period) -> Case | None:
    """The one that is not settled yet; the caller holds the enterprise's lock, so that two findings cannot open two."""
    return await rows.fetch_one(tx.conn, LOCK, enterprise, period)


async def lock_member_cases(tx: Tx, case: CaseId) -> list[Case]:
    """Cases of single workers that belong to it and are not settled."""
    return await rows.fetch(tx.conn, LOCK_MEMBER_CASES, case)


async def lock_joinable(tx: Tx, placement: PlacementId) -> CaseId | None:
    """The collective case that the worker belongs to."""
    case: CaseId | None = await tx.conn.fetchval(LOCK_JOINABLE, placement)
    return case


async def list_affected(tx: Tx, enterprise: EnterpriseId, period: Period) -> list[PlacementId]:
    """Placements whose pay of the month is owed still, and who belong to no case of it that is over."""
    return [row["placement"] for row in await tx.conn.fetch(LIST_AFFECTED, enterprise, period)]


async def list_unpaid(tx: Tx, today: date, unpaid_days: int, limit: int) -> list[tuple[EnterpriseId, Period]]:
    """Enterprises and months with a wage that was not paid for so many days after its pay day, in no collective case."""
    return [(row["enterprise"], row["period"]) for row in await tx.conn.fetch(LIST_UNPAID, today, unpaid_days, limit)]


async def list_members(tx: Tx, case: CaseId) -> list[PlacementId]:
    return [row["placement"] for row in await tx.conn.fetch(LIST_MEMBERS, case)]


async def insert_members(tx: Tx, case: CaseId, placements: Sequence[PlacementId]) -> None:
    """Their own cases about wages belong to the collective one from now on."""
    await tx.conn.execute(INSERT_MEMBERS, case, list(placements), tx.clock.now())
    await tx.conn.execute(UPDATE_JOINED, case, list(placements))
