"""The table `duplicate`: pairs of registrations that may be one person's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from services.registration.domain.duplicates import Duplicate, DuplicateState, HeldFor, MatchedKey
from services.registration.queries.personal_data import Hashes
from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CountyCode, DuplicateId, WorkerId, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Two registrations that share keys. `county`: of the later one."""

    earlier: WorkerId
    later: WorkerId
    keys: tuple[MatchedKey, ...]
    county: CountyCode


@dataclass(frozen=True, slots=True)
class NewPair:
    """`fresh` False: the pair was known, and shares one more key."""

    duplicate: DuplicateId
    earlier: WorkerId
    later: WorkerId
    fresh: bool


DUPLICATE = rows.Columns(
    Duplicate,
    """
    duplicate, earlier, later, keys, state, found_at, linked_for, linked_by, linked_at, rejected_for, decided_by, decided_at, survivor,
    held_for
    """,
)
# One merge at a time: it also writes to whoever was merged into one of the two before.
LOCK_MERGES = "SELECT pg_advisory_xact_lock(7301031)"
GET = DUPLICATE.select("FROM duplicate WHERE duplicate = $1")
LOCK = DUPLICATE.select("FROM duplicate WHERE duplicate = $1 FOR UPDATE")
LOCK_PAIR = DUPLICATE.select("FROM duplicate WHERE earlier = $1 AND later = $2 FOR UPDATE")
# A pair is seen by whoever sees one of the two. $3: the state; none: what waits for somebody.
LIST = DUPLICATE.pages(
    "duplicate",
    """
    EXISTS (SELECT FROM worker WHERE worker IN (earlier, later) AND county LIKE ANY($1::text[]))
    AND ($2::uuid IS NULL OR $2 IN (earlier, later))
    AND CASE WHEN $3::text IS NULL THEN state IN ('suspected', 'linked') OR held_for IS NOT NULL ELSE state = $3 END
    """,
    "found_at timestamptz",
    key="duplicate uuid",
)
GET_OPEN_COUNTS = """
SELECT worker, count(*) AS others FROM unnest($1::uuid[]) AS worker
JOIN duplicate ON (earlier = worker OR later = worker) AND state IN ('suspected', 'linked') GROUP BY worker
"""
SUSPICION = rows.Columns(Suspicion, "earlier, later, keys, county")
# Who is compared comes with the hashes under every lookup key that is valid, since the others may be stored under either.
# $5, how many are compared, is for the planner: it would expect ten, and plan for one anew each time, which costs more than the query.
# Per key with the $2 earliest who share it: a list with one person a hundred thousand times is no reason for billions of pairs.
LIST_SUSPICIONS = SUSPICION.select("""
FROM (
    SELECT least(own.worker, other.worker) AS earlier, greatest(own.worker, other.worker) AS later,
        array_agg(DISTINCT shared.key ORDER BY shared.key) AS keys
    FROM (SELECT * FROM unnest($1::uuid[], $3::bytea[], $4::bytea[]) LIMIT $5) AS own (worker, id_hash, blocking_hash)
    CROSS JOIN LATERAL (
        (SELECT worker, 'document' AS key FROM personal WHERE id_hash = own.id_hash AND worker <> own.worker ORDER BY worker LIMIT $2)
        UNION ALL
        (
            SELECT worker, 'person' FROM personal WHERE blocking_hash = own.blocking_hash AND worker <> own.worker
            ORDER BY worker LIMIT $2
        )
    ) AS shared
    JOIN worker AS found ON found.worker = shared.worker
    CROSS JOIN LATERAL (SELECT coalesce(found.merged_into, found.worker) AS worker) AS other
    WHERE other.worker <> own.worker
    GROUP BY 1, 2
) AS pair JOIN worker ON worker.worker = later
ORDER BY earlier, later
""")
NEW_PAIR = rows.Columns(NewPair, "duplicate, earlier, later, xmax = 0 AS fresh")
# A pair that somebody has decided on is not suspected again.
INSERT_SUSPECTED = NEW_PAIR.returning("""
INSERT INTO duplicate (duplicate, earlier, later, keys, state, found_at)
SELECT duplicate, earlier, later, string_to_array(keys, ','), 'suspected', $5
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS pair (duplicate, earlier, later, keys)
ON CONFLICT (earlier, later) DO UPDATE SET keys = ARRAY(SELECT DISTINCT unnest(duplicate.keys || excluded.keys) ORDER BY 1)
WHERE duplicate.state IN ('suspected', 'linked') AND NOT duplicate.keys @> excluded.keys
""")
INSERT_LINKED = """
INSERT INTO duplicate (duplicate, earlier, later, keys, state, found_at, linked_for, linked_by, linked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (earlier, later) DO NOTHING RETURNING true
"""
UPDATE = """
UPDATE duplicate SET keys = $2, state = $3, linked_for = $4, linked_by = $5, linked_at = $6, rejected_for = $7, decided_by = $8,
    decided_at = $9, survivor = $10
WHERE duplicate = $1
"""
UPDATE_HELD = "UPDATE duplicate SET held_for = $2 WHERE state = 'merged' AND $1 IN (earlier, later) AND survivor <> $1"
# What was asked about the absorbed is asked about the survivor; where that pair is known already, once.
UPDATE_SUPERSEDED = """
UPDATE duplicate SET state = 'superseded', rejected_for = NULL, decided_by = NULL, decided_at = NULL
WHERE $1 IN (earlier, later) AND state IN ('suspected', 'linked', 'rejected') AND EXISTS (
    SELECT FROM duplicate AS other
    WHERE other.earlier = least($2, CASE WHEN duplicate.earlier = $1 THEN duplicate.later ELSE duplicate.earlier END)
      AND other.later = greatest($2, CASE WHEN duplicate.earlier = $1 THEN duplicate.later ELSE duplicate.earlier END)
)
"""
UPDATE_ERASED = """
UPDATE duplicate SET state = 'superseded' WHERE $1 IN (earlier, later) AND state IN ('suspected', 'linked')
"""
UPDATE_WORKER = """
UPDATE duplicate SET earlier = least($2, CASE WHEN earlier = $1 THEN later ELSE earlier END),
    later = greatest($2, CASE WHEN earlier = $1 THEN later ELSE earlier END)
WHERE $1 IN (earlier, later) AND state IN ('suspected', 'linked', 'rejected')
"""


async def lock_merges(tx: Tx) -> None:
    """Nobody else merges until the caller has committed."""
    await tx.conn.execute(LOCK_MERGES)


async def get(tx: Tx, duplicate: DuplicateId) -> Duplicate | None:
    return await rows.fetch_one(tx.conn, GET, duplicate)


async def lock(tx: Tx, duplicate: DuplicateId) -> Duplicate | None:
    """The caller holds both workers' locks."""
    return await rows.fetch_one(tx.conn, LOCK, duplicate)


async def lock_pair(tx: Tx, earlier: WorkerId, later: WorkerId) -> Duplicate | None:
    """The caller holds both workers' locks."""
    return await rows.fetch_one(tx.conn, LOCK_PAIR, earlier, later)


async def list_(tx: Tx, page: Page, *, worker: WorkerId | None, state: DuplicateState | None) -> tuple[Sequence[Duplicate], str | None]:
    """With a side in the principal's regions; without a state, those that wait for somebody."""
    return await fetch_page(tx.conn, LIST, page, county_patterns(tx), worker, state)


async def get_open_counts(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, int]:
    """In how many pairs that wait for a decision each is; who is in none is absent."""
    return {WorkerId(row["worker"]): row["others"] for row in await tx.conn.fetch(GET_OPEN_COUNTS, workers)}


async def list_suspicions(tx: Tx, keys: Mapping[WorkerId, Hashes], most: int) -> list[Suspicion]:
    """Whom these share a key with: of each key the earliest `most`."""
    own = [(worker, *pair) for worker, hashes in keys.items() for pair in zip_longest(hashes.ids, hashes.blocking)]
    workers, ids, blocking = (list(column) for column in zip(*own, strict=True)) if own else ([], [], [])
    return await rows.fetch(tx.conn, LIST_SUSPICIONS, workers, most, ids, blocking, len(own))


async def insert_suspected(tx: Tx, found: Sequence[Suspicion]) -> list[NewPair]:
    """Returns the pairs that are new or share one more key; a pair that was decided stays as it is."""
    return await rows.fetch(
        tx.conn,
        INSERT_SUSPECTED,
        [new_id() for _ in found],
        [one.earlier for one in found],
        [one.later for one in found],
        [",".join(one.keys) for one in found],
        tx.clock.now(),
    )


async def insert_linked(tx: Tx, one: Duplicate) -> bool:
    """False, and nothing written, where the pair is known."""
    linked = (one.linked_for, one.linked_by, one.linked_at)
    return bool(
        await tx.conn.fetchval(INSERT_LINKED, one.duplicate, one.earlier, one.later, list(one.keys), one.state, one.found_at, *linked)
    )


async def update(tx: Tx, one: Duplicate) -> None:
    await tx.conn.execute(
        UPDATE,
        one.duplicate,
        list(one.keys),
        one.state,
        one.linked_for,
        one.linked_by,
        one.linked_at,
        one.rejected_for,
        one.decided_by,
        one.decided_at,
        one.survivor,
    )


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """The absorbed worker's pairs are the survivor's; the pair of the two is decided before."""
    await tx.conn.execute(UPDATE_SUPERSEDED, absorbed, survivor)
    await tx.conn.execute(UPDATE_WORKER, absorbed, survivor)


async def update_erased(tx: Tx, worker: WorkerId) -> None:
    """Of somebody erased nobody can say any more who it was: nothing is left to decide."""
    await tx.conn.execute(UPDATE_ERASED, worker)


async def update_held(tx: Tx, absorbed: WorkerId, held_for: HeldFor | None) -> None:
    """Whether docking can carry the merge of this worker out."""
    await tx.conn.execute(UPDATE_HELD, absorbed, held_for)
