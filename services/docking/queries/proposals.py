"""Proposals of workers for orders."""

from __future__ import annotations

from datetime import date

from services.docking.domain.proposals import Proposal
from shared.db import Tx
from shared.rows import Columns, fetch_one
from shared.values import MatchId, WorkerId

PROPOSAL = Columns(Proposal, 'id, job_order AS "order", worker, score, reasons, quota_effect, policy_version, expires, state')
LOCK = PROPOSAL.select("FROM proposal WHERE id = $1 FOR UPDATE")
# The same worker proposed again for the same order: the proposal is renewed, not doubled.
INSERT_ALL = """
INSERT INTO proposal (id, job_order, worker, score, reasons, quota_effect, policy_version, expires, state)
SELECT id, job_order, worker, score, ARRAY(SELECT jsonb_array_elements_text(reasons)), quota_effect, policy_version, expires, 'proposed'
FROM ROWS FROM (
    unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $6::text[], $7::text[], $8::date[]), jsonb_array_elements($5::jsonb)
) AS row (id, job_order, worker, score, quota_effect, policy_version, expires, reasons)
ON CONFLICT (job_order, worker) WHERE state = 'proposed' DO UPDATE
SET score = excluded.score, reasons = excluded.reasons, quota_effect = excluded.quota_effect, policy_version = excluded.policy_version,
    expires = excluded.expires
RETURNING id, worker
"""
UPDATE_EXPIRED = """
UPDATE proposal SET state = 'expired'
WHERE id IN (
    SELECT id FROM proposal WHERE state = 'proposed' AND expires < $1 ORDER BY expires, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


async def lock(tx: Tx, match: MatchId) -> Proposal | None:
    return await fetch_one(tx.conn, LOCK, match)


async def insert_all(tx: Tx, proposals: list[Proposal]) -> dict[WorkerId, MatchId]:
    """Returns the ids they are stored under: of a renewed proposal, the one it had."""
    rows = await tx.conn.fetch(
        INSERT_ALL,
        [one.id for one in proposals],
        [one.order for one in proposals],
        [one.worker for one in proposals],
        [one.score for one in proposals],
        [list(one.reasons) for one in proposals],
        [one.quota_effect for one in proposals],
        [one.policy_version for one in proposals],
        [one.expires for one in proposals],
    )
    return {row["worker"]: row["id"] for row in rows}


async def update_expired(tx: Tx, today: date, limit: int) -> int:
    """Returns how many have expired."""
    return len(await tx.conn.fetch(UPDATE_EXPIRED, today, limit))
