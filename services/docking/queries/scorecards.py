"""What the scorecard of an enterprise counts; of complaints and wages as rights has published them."""

from __future__ import annotations

from datetime import date

from services.docking.domain.scorecards import Counts
from shared.db import Tx
from shared.rows import Columns, fetch
from shared.values import CaseId, EnterpriseId, Period, PlacementId

COUNTS = Columns(
    Counts,
    """
    positions, filled, departures, days_median, days_ninetieth, returns, early, distress, deaths, complaints, unfounded, overdue,
    open_complaints, findings, findings_cleared, draws, drawn_minor, suspensions
    """,
)
GET = COUNTS.select("""
FROM (
    SELECT coalesce(sum(positions), 0) AS positions, coalesce(sum(filled), 0) AS filled FROM job_order
    WHERE enterprise = $1 AND opened_on BETWEEN $2 AND $3
        AND NOT EXISTS (SELECT FROM placement WHERE placement.job_order = job_order.id AND adopted)
) AS demand, (
    SELECT count(*) AS departures, percentile_disc(0.5) WITHIN GROUP (ORDER BY departed_on - matched_on) AS days_median,
        percentile_disc(0.9) WITHIN GROUP (ORDER BY departed_on - matched_on) AS days_ninetieth
    FROM dispatch WHERE enterprise = $1 AND departed_on BETWEEN $2 AND $3 AND voided IS NULL
) AS departed, (
    SELECT count(*) AS returns, count(*) FILTER (WHERE return_reason IN ('early', 'terminated')) AS early,
        count(*) FILTER (WHERE return_reason = 'distress') AS distress, count(*) FILTER (WHERE return_reason = 'death') AS deaths
    FROM dispatch WHERE enterprise = $1 AND returned_on BETWEEN $2 AND $3 AND voided IS NULL
) AS returned, (
    SELECT count(*) FILTER (WHERE outcome IS DISTINCT FROM 'unfounded') AS complaints,
        count(*) FILTER (WHERE outcome = 'unfounded') AS unfounded, count(*) FILTER (WHERE overdue) AS overdue,
        count(*) FILTER (WHERE closed_on IS NULL) AS open_complaints
    FROM complaint WHERE enterprise = $1 AND opened_on BETWEEN $2 AND $3 AND NOT by_rule
) AS complained, (
    SELECT count(*) AS findings, count(cleared_on) AS findings_cleared FROM wage_finding
    WHERE enterprise = $1 AND found_on BETWEEN $2 AND $3
) AS found, (
    SELECT count(*) FILTER (WHERE kind = 'draw') - count(*) FILTER (WHERE kind = 'put_back') AS draws,
        coalesce(-sum(amount_minor), 0)::bigint AS drawn_minor
    FROM reserve_entry WHERE enterprise = $1 AND effective BETWEEN $2 AND $3 AND kind IN ('draw', 'put_back')
) AS paid, (
    SELECT count(*) AS suspensions FROM (
        SELECT since FROM past_suspension WHERE enterprise = $1
        UNION ALL SELECT since FROM enterprise WHERE id = $1 AND state = 'suspended'
    ) AS one WHERE since BETWEEN $2 AND $3
) AS suspended
""")
INSERT_CASE = """
INSERT INTO complaint (case_id, enterprise, opened_on, by_rule) VALUES ($1, $2, $3, $4) ON CONFLICT (case_id) DO NOTHING
"""
UPDATE_CLOSED = "UPDATE complaint SET closed_on = $2, outcome = $3 WHERE case_id = $1"
UPDATE_OVERDUE = "UPDATE complaint SET overdue = true WHERE case_id = $1"
INSERT_FINDING = """
INSERT INTO wage_finding (placement, period, kind, enterprise, found_on) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (placement, period, kind) DO UPDATE SET enterprise = excluded.enterprise, found_on = excluded.found_on, cleared_on = NULL
"""
UPDATE_CLEARED = "UPDATE wage_finding SET cleared_on = $4 WHERE placement = $1 AND period = $2 AND kind = $3"


async def get(tx: Tx, enterprise: EnterpriseId, since: date, until: date) -> Counts:
    [found] = await fetch(tx.conn, GET, enterprise, since, until)
    return found


# --- from events of rights --------------------------------------------------------------------------------------------
async def insert_case(tx: Tx, case: CaseId, enterprise: EnterpriseId, opened_on: date, *, by_rule: bool) -> None:
    await tx.conn.execute(INSERT_CASE, case, enterprise, opened_on, by_rule)


async def update_closed(tx: Tx, case: CaseId, closed_on: date | None, outcome: str | None) -> None:
    """Both None: it is open again."""
    await tx.conn.execute(UPDATE_CLOSED, case, closed_on, outcome)


async def update_overdue(tx: Tx, case: CaseId) -> None:
    await tx.conn.execute(UPDATE_OVERDUE, case)


async def insert_finding(tx: Tx, placement: PlacementId, period: Period, kind: str, *, enterprise: EnterpriseId, found_on: date) -> None:
    """Found again after it was cleared, it is open once more."""
    await tx.conn.execute(INSERT_FINDING, placement, period, kind, enterprise, found_on)


async def update_cleared(tx: Tx, placement: PlacementId, period: Period, kind: str, cleared_on: date) -> None:
    await tx.conn.execute(UPDATE_CLEARED, placement, period, kind, cleared_on)
