"""Merges of workers."""

from __future__ import annotations

from collections.abc import Sequence

from services.docking.domain.merges import Merge, MergeState
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch
from shared.values import WorkerId

MERGE = Columns(Merge, "absorbed, survivor, merged_on, state, held_for, held_since")
# One merge at a time, and no reaction that names a worker while one is carried out.
LOCK_MERGES = "SELECT pg_advisory_xact_lock(7301031)"
LOCK_WORKERS = "SELECT pg_advisory_xact_lock_shared(7301031)"
LIST_CURRENT = """
SELECT named AS worker, coalesce((SELECT survivor FROM merge WHERE absorbed = named AND state = 'done'), named) AS current
FROM unnest($1::uuid[]) AS named
"""
LOCK_OPEN = MERGE.select("""
FROM merge WHERE state = 'held' OR state = 'waiting' AND EXISTS (SELECT FROM worker WHERE id = survivor)
ORDER BY absorbed LIMIT $1 FOR UPDATE SKIP LOCKED
""")
# Of workers of the visible counties: the survivor may not be known here yet.
LIST = MERGE.pages(
    "merge",
    """
    ($1::text IS NULL OR merge.state = $1)
    AND EXISTS (SELECT FROM worker WHERE worker.id IN (absorbed, survivor) AND county ^@ ANY($2::text[]))
    """,
    "merged_on date",
    key="absorbed uuid",
)
EXISTS = "SELECT EXISTS (SELECT FROM merge WHERE absorbed = $1)"
UPDATE = """
INSERT INTO merge (absorbed, survivor, state, held_for, held_since, merged_on) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (absorbed) DO UPDATE
SET survivor = excluded.survivor, state = excluded.state, held_for = excluded.held_for, held_since = excluded.held_since
"""
UPDATE_REDIRECTS = "UPDATE merge SET survivor = $2 WHERE survivor = $1 AND absorbed <> $2"
UPDATE_PLACEMENTS = "UPDATE placement SET worker = $2 WHERE worker = $1"
UPDATE_DISPATCHES = "UPDATE dispatch SET worker = $2 WHERE worker = $1"
UPDATE_PROPOSALS = "UPDATE proposal SET worker = $2 WHERE worker = $1"
UPDATE_CERTIFICATES = "UPDATE certificate SET worker = $2 WHERE worker = $1"
# Whoever has waited under either number has waited since the first.
UPDATE_REGISTERED = """
UPDATE worker SET registered_at = least(worker.registered_at, absorbed.registered_at)
FROM worker AS absorbed WHERE absorbed.id = $1 AND worker.id = $2
"""
UPDATE_SUPPLY = "UPDATE supply SET registered_at = worker.registered_at FROM worker WHERE worker.id = $1 AND supply.worker = worker.id"


async def lock_merges(tx: Tx) -> None:
    """Nobody else merges, or reacts to what names a worker, until the caller has committed."""
    await tx.conn.execute(LOCK_MERGES)


async def get_current(tx: Tx, worker: WorkerId) -> WorkerId:
    """Who the worker is now."""
    return (await list_current(tx, [worker]))[worker]


async def lock_current(tx: Tx, worker: WorkerId) -> WorkerId:
    """Who the worker is, also until the caller has committed."""
    return (await lock_all_current(tx, [worker]))[worker]


async def lock_all_current(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, WorkerId]:
    """Who each of them is, also until the caller has committed."""
    await tx.conn.execute(LOCK_WORKERS)
    return await list_current(tx, workers)


async def list_current(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, WorkerId]:
    """Each as who they are now."""
    return {WorkerId(row["worker"]): WorkerId(row["current"]) for row in await tx.conn.fetch(LIST_CURRENT, workers)}


async def lock_open(tx: Tx, limit: int) -> list[Merge]:
    """Held ones, and those whose survivor has been registered since."""
    return await fetch(tx.conn, LOCK_OPEN, limit)


async def list_(tx: Tx, page: Page, *, state: MergeState | None, counties: Sequence[str]) -> tuple[Sequence[Merge], str | None]:
    """`counties`: what the codes of the visible counties begin with."""
    return await fetch_page(tx.conn, LIST, page, state, counties)


async def exists(tx: Tx, absorbed: WorkerId) -> bool:
    """Whether it is known already."""
    return bool(await tx.conn.fetchval(EXISTS, absorbed))


async def update(tx: Tx, one: Merge) -> None:
    """As it is now, the first time too. The caller holds the absorbed worker's lock: nobody who waits for it may hold what this needs."""
    await tx.conn.execute(UPDATE, one.absorbed, one.survivor, one.state, one.held_for, one.held_since, one.merged_on)


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """Everything of the absorbed one is the survivor's, and whoever led to the absorbed one leads to the survivor.

    The caller holds both workers' locks.
    """
    for statement in (UPDATE_REDIRECTS, UPDATE_PLACEMENTS, UPDATE_DISPATCHES, UPDATE_PROPOSALS, UPDATE_CERTIFICATES, UPDATE_REGISTERED):
        await tx.conn.execute(statement, absorbed, survivor)
    await tx.conn.execute(UPDATE_SUPPLY, survivor)
