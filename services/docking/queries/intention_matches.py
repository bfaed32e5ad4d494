"""Which match is counted against which intention. Who reads or changes it holds the enterprise's lock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from services.docking.domain.fairs import Intention, Match
from services.docking.queries.fairs import INTENTION
from shared.db import Tx
from shared.rows import Columns, fetch
from shared.values import EnterpriseId, IntentionId, PlacementId

MATCH = Columns(Match, "id AS placement, county, enterprise, matched_on")
# Until the transaction ends. In one order, so that two transactions cannot wait for each other.
LOCK_ENTERPRISES = """
SELECT pg_advisory_xact_lock(key)
FROM (SELECT DISTINCT hashtextextended('intentions ' || id::text, 0) AS key FROM unnest($1::uuid[]) AS one (id) ORDER BY key) AS keys
"""
LIST_OPEN = INTENTION.select("""
FROM intention
WHERE enterprise = ANY($1::uuid[]) AND state = 'recorded'
    AND headcount > (SELECT count(*) FROM intention_match WHERE intention_match.intention = intention.id)
ORDER BY held_on, id
""")
# Adopted placements were matched under a predecessor.
LIST_UNCOUNTED = MATCH.select("""
FROM placement
WHERE NOT adopted AND state NOT IN ('cancelled', 'voided')
    AND EXISTS (
        SELECT FROM intention
        WHERE intention.id = ANY($1::uuid[]) AND intention.enterprise = placement.enterprise AND intention.county = placement.county
            AND placement.matched_on BETWEEN intention.held_on AND intention.held_on + $2::integer
    )
    AND NOT EXISTS (SELECT FROM intention_match WHERE intention_match.placement = placement.id)
ORDER BY matched_on, id
""")
INSERT_ALL = "INSERT INTO intention_match (placement, intention, matched_on) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[])"
DELETE_ALL = """
WITH released AS (DELETE FROM intention_match WHERE placement = ANY($1::uuid[]) RETURNING placement, intention)
SELECT placement, intention FROM released ORDER BY placement
"""
# The last to come are the first to go.
DELETE_SURPLUS = """
WITH released AS (
    DELETE FROM intention_match WHERE placement IN (
        SELECT placement FROM intention_match WHERE intention = $1 ORDER BY matched_on, placement OFFSET $2
    )
    RETURNING placement
)
SELECT placement FROM released ORDER BY placement
"""

DELETE_OUTSIDE = """
WITH released AS (
    DELETE FROM intention_match WHERE intention = $1 AND NOT matched_on BETWEEN $2::date AND $2::date + $3::integer RETURNING placement
)
SELECT placement FROM released ORDER BY placement
"""


async def lock_enterprises(tx: Tx, enterprises: Collection[EnterpriseId]) -> None:
    """Nobody else counts matches of these enterprises until the transaction ends."""
    await tx.conn.execute(LOCK_ENTERPRISES, list(enterprises))


async def list_open(tx: Tx, enterprises: Collection[EnterpriseId]) -> list[Intention]:
    """Intentions that have not their headcount yet."""
    return await fetch(tx.conn, LIST_OPEN, list(enterprises))


async def list_uncounted(tx: Tx, intentions: Collection[IntentionId], days: int) -> list[Match]:
    """Matches within so many days of these intentions' fairs that no intention counts, the first to come first."""
    return await fetch(tx.conn, LIST_UNCOUNTED, list(intentions), days)


async def insert_all(tx: Tx, counted: Sequence[tuple[Intention, Match]]) -> None:
    await tx.conn.execute(
        INSERT_ALL,
        [match.placement for _, match in counted],
        [intention.id for intention, _ in counted],
        [match.matched_on for _, match in counted],
    )


async def delete_all(tx: Tx, placements: Collection[PlacementId]) -> list[tuple[PlacementId, IntentionId]]:
    """Returns those that were counted, and against which intention."""
    rows = await tx.conn.fetch(DELETE_ALL, list(placements))
    return [(PlacementId(row["placement"]), IntentionId(row["intention"])) for row in rows]


async def delete_surplus(tx: Tx, intention: IntentionId, headcount: int) -> list[PlacementId]:
    """Returns what was counted beyond the headcount."""
    return [PlacementId(row["placement"]) for row in await tx.conn.fetch(DELETE_SURPLUS, intention, headcount)]


async def delete_outside(tx: Tx, intention: IntentionId, held_on: date, days: int) -> list[PlacementId]:
    """Returns what was matched before the fair, or later than so many days after it."""
    return [PlacementId(row["placement"]) for row in await tx.conn.fetch(DELETE_OUTSIDE, intention, held_on, days)]
