"""Workers that were merged into another."""

from __future__ import annotations

from collections.abc import Sequence

from shared.db import Tx
from shared.values import WorkerId

# One merge at a time, and no ledger of a worker while one is merged.
LOCK_MERGES = "SELECT pg_advisory_xact_lock(7301032)"
LOCK_WORKERS = "SELECT pg_advisory_xact_lock_shared(7301032)"
GET_CURRENT = "SELECT coalesce((SELECT survivor FROM merged WHERE absorbed = $1), $1)"
LIST_SURVIVORS = "SELECT absorbed, survivor FROM merged WHERE absorbed = ANY($1::uuid[])"
INSERT = "INSERT INTO merged (absorbed, survivor) VALUES ($1, $2) ON CONFLICT (absorbed) DO NOTHING RETURNING true"
UPDATE_REDIRECTS = "UPDATE merged SET survivor = $2 WHERE survivor = $1"
UPDATE_LEDGERS = "UPDATE ledger SET worker = $2 WHERE worker = $1"


async def lock_merges(tx: Tx) -> None:
    """Nobody else merges, or opens a ledger, until the caller has committed."""
    await tx.conn.execute(LOCK_MERGES)


async def get_current(tx: Tx, worker: WorkerId) -> WorkerId:
    """Who the worker is now."""
    return WorkerId(await tx.conn.fetchval(GET_CURRENT, worker))


async def lock_current(tx: Tx, worker: WorkerId) -> WorkerId:
    """Who the worker is, also until the caller has committed."""
    return (await lock_all_current(tx, [worker]))[worker]


async def lock_all_current(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, WorkerId]:
    """Who each of them is, also until the caller has committed."""
    await tx.conn.execute(LOCK_WORKERS)
    merged = {row["absorbed"]: row["survivor"] for row in await tx.conn.fetch(LIST_SURVIVORS, list(workers))}
    return {worker: merged.get(worker, worker) for worker in workers}


async def insert(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> bool:
    """False: it is known already."""
    return bool(await tx.conn.fetchval(INSERT, absorbed, survivor))


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """Everything of the absorbed one is the survivor's, and whoever led to the absorbed one leads to the survivor."""
    for statement in (UPDATE_REDIRECTS, UPDATE_LEDGERS):
        await tx.conn.execute(statement, absorbed, survivor)
