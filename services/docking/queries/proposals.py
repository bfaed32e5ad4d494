"""Proposals of workers for orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.docking.domain.proposals import MatchCodes, Proposal, ProposalState
from shared.db import Tx
from shared.rows import Columns, fetch, fetch_one
from shared.values import MatchId, OrderId, WorkerId

PROPOSAL = Columns(Proposal, 'id, job_order AS "order", worker, score, reasons, quota_effect, policy_version, expires, state')
CODES = Columns(
    MatchCodes,
    """
    proposal.id, proposal.job_order AS "order", job_order.enterprise, proposal.worker, worker.county, job_order.destination,
    job_order.occupation, job_order.channel
    """,
)
GET_CODES = CODES.select("""
FROM proposal JOIN job_order ON job_order.id = proposal.job_order JOIN worker ON worker.id = proposal.worker WHERE proposal.id = $1
""")
LIST_DECLINED = "SELECT DISTINCT job_order, worker FROM proposal WHERE job_order = ANY($1::uuid[]) AND state = 'declined'"
# Locked, and written, in one order by whomever, so that two lists cannot wait for each other.
LOCK_OF_WORKERS = PROPOSAL.select("FROM proposal WHERE worker = ANY($1::uuid[]) ORDER BY job_order, worker, id FOR UPDATE")
LOCK = PROPOSAL.select("FROM proposal WHERE id = $1 FOR UPDATE")
LOCK_ALL = PROPOSAL.select("FROM proposal WHERE id = ANY($1::uuid[]) ORDER BY job_order, worker, id FOR UPDATE")
# The same worker proposed again for the same order: the proposal is renewed, not doubled.
INSERT_ALL = """
INSERT INTO proposal (id, job_order, worker, score, reasons, quota_effect, policy_version, expires, state)
SELECT id, job_order, worker, score, ARRAY(SELECT jsonb_array_elements_text(reasons)), quota_effect, policy_version, expires, 'proposed'
FROM ROWS FROM (
    unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $6::text[], $7::text[], $8::date[]), jsonb_array_elements($5::jsonb)
) AS row (id, job_order, worker, score, quota_effect, policy_version, expires, reasons)
ORDER BY job_order, worker
ON CONFLICT (job_order, worker) WHERE state = 'proposed' DO UPDATE
SET score = excluded.score, reasons = excluded.reasons, quota_effect = excluded.quota_effect, policy_version = excluded.policy_version,
    expires = excluded.expires
RETURNING id, job_order, worker
"""
UPDATE_STATE = "UPDATE proposal SET state = $2 WHERE id = $1"
UPDATE_EXPIRED = CODES.returning("""
UPDATE proposal SET state = 'expired' FROM job_order, worker
WHERE job_order.id = proposal.job_order AND worker.id = proposal.worker AND proposal.id IN (
    SELECT id FROM proposal WHERE state = 'proposed' AND expires < $1 ORDER BY expires, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
""")
UPDATE_PROPOSED_TWICE = CODES.returning("""
UPDATE proposal SET state = 'expired' FROM job_order, worker
WHERE job_order.id = proposal.job_order AND worker.id = proposal.worker AND proposal.worker = $1 AND proposal.state = 'proposed'
    AND EXISTS (SELECT FROM proposal AS other WHERE other.job_order = proposal.job_order AND other.worker = $2 AND other.state = 'proposed')
""")


async def lock_of_workers(tx: Tx, workers: Sequence[WorkerId]) -> list[Proposal]:
    """Every proposal of theirs."""
    return await fetch(tx.conn, LOCK_OF_WORKERS, workers)


async def lock(tx: Tx, match: MatchId) -> Proposal | None:
    return await fetch_one(tx.conn, LOCK, match)


async def lock_all(tx: Tx, matches: Sequence[MatchId]) -> dict[MatchId, Proposal]:
    return {one.id: one for one in await fetch(tx.conn, LOCK_ALL, matches)}


async def get_codes(tx: Tx, match: MatchId) -> MatchCodes | None:
    return await fetch_one(tx.conn, GET_CODES, match)


async def list_declined(tx: Tx, orders: Sequence[OrderId]) -> frozenset[tuple[OrderId, WorkerId]]:
    """Pairs of an order and a worker whose match was declined by either side."""
    return frozenset((row["job_order"], row["worker"]) for row in await tx.conn.fetch(LIST_DECLINED, orders))


async def insert_all(tx: Tx, proposals: list[Proposal]) -> dict[tuple[OrderId, WorkerId], MatchId]:
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
    return {(row["job_order"], row["worker"]): row["id"] for row in rows}


async def update_state(tx: Tx, match: MatchId, state: ProposalState) -> None:
    await tx.conn.execute(UPDATE_STATE, match, state)


async def update_expired(tx: Tx, today: date, limit: int) -> list[MatchCodes]:
    """Returns those that have expired."""
    return await fetch(tx.conn, UPDATE_EXPIRED, today, limit)


async def update_proposed_twice(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> list[MatchCodes]:
    """Those of the absorbed worker for orders that the survivor is proposed for too have expired."""
    return await fetch(tx.conn, UPDATE_PROPOSED_TWICE, absorbed, survivor)
