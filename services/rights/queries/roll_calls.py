"""Roll-calls: everybody who is or was in a country while an emergency is open there."""

from __future__ import annotations

from collections.abc import Sequence

from services.rights.domain.emergencies import Condition, Emergency, Headcount, Member
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import Destination, EmergencyId, PlacementId

MEMBER = rows.Columns(
    Member,
    "roll_call.emergency, roll_call.placement, condition, whereabouts, reported_by, accounted_on, announced",
)
LOCK = MEMBER.select("FROM roll_call WHERE emergency = $1 AND placement = $2 FOR UPDATE")
LOCK_OPEN_OF = MEMBER.select("""
FROM roll_call JOIN emergency USING (emergency) WHERE placement = $1 AND state = 'open' ORDER BY emergency FOR UPDATE OF roll_call
""")
LIST_OPEN_OF = "SELECT placement FROM roll_call JOIN emergency USING (emergency) WHERE placement = ANY($1::uuid[]) AND state = 'open'"
LOCK_UNANNOUNCED = MEMBER.select("""
FROM roll_call WHERE NOT announced AND ($1::uuid IS NULL OR emergency = $1) ORDER BY placement LIMIT $2 FOR UPDATE SKIP LOCKED
""")
# Of one enterprise, or of some counties.
LIST = MEMBER.pages(
    "roll_call JOIN ledger USING (placement)",
    """
    emergency = $1 AND ($2::text IS NULL OR condition = $2) AND ($3::text IS NULL OR enterprise::text = $3)
    AND county ^@ ANY($4::text[])
    """,
    key="placement uuid",
)
GET_UNACCOUNTED = "SELECT count(*) FROM roll_call WHERE emergency = $1 AND condition IN ('pending', 'missing')"
HEADCOUNT = rows.Columns(Headcount, "enterprise, county, condition, count(*)::int AS workers")
LIST_HEADCOUNTS = HEADCOUNT.select("""
FROM roll_call JOIN ledger USING (placement)
WHERE emergency = $1 AND ($2::text IS NULL OR enterprise::text = $2) AND county ^@ ANY($3::text[])
GROUP BY enterprise, county, condition ORDER BY enterprise, county, condition
""")
INSERT_ABROAD = """
INSERT INTO roll_call (emergency, placement, condition, whereabouts, announced)
SELECT $1, placement, 'pending', 'unknown', false FROM ledger
WHERE destination = $2 AND departed_on IS NOT NULL AND returned_on IS NULL AND NOT voided
"""
INSERT = "INSERT INTO roll_call (emergency, placement, condition, whereabouts, announced) VALUES ($1, $2, 'pending', 'unknown', true)"
UPDATE = """
UPDATE roll_call SET condition = $3, whereabouts = $4, reported_by = $5, accounted_on = $6, announced = true
WHERE emergency = $1 AND placement = $2
"""
UPDATE_ANNOUNCED = """
UPDATE roll_call SET announced = true FROM unnest($1::uuid[], $2::uuid[]) AS done (emergency, placement)
WHERE roll_call.emergency = done.emergency AND roll_call.placement = done.placement
"""


async def lock(tx: Tx, emergency: EmergencyId, placement: PlacementId) -> Member | None:
    return await rows.fetch_one(tx.conn, LOCK, emergency, placement)


async def lock_open_of(tx: Tx, placement: PlacementId) -> list[Member]:
    """Of the placement, in emergencies that are open."""
    return await rows.fetch(tx.conn, LOCK_OPEN_OF, placement)


async def list_open_of(tx: Tx, placements: Sequence[PlacementId]) -> frozenset[PlacementId]:
    """Those that are in the roll-call of an emergency that is open."""
    return frozenset(row["placement"] for row in await tx.conn.fetch(LIST_OPEN_OF, list(placements)))


async def lock_unannounced(tx: Tx, emergency: EmergencyId | None, limit: int) -> list[Member]:
    """None: of every emergency. Those that somebody else holds are left out."""
    return await rows.fetch(tx.conn, LOCK_UNANNOUNCED, emergency, limit)


async def list_(
    tx: Tx, page: Page, emergency: EmergencyId, *, condition: Condition | None, enterprise: str | None, counties: Sequence[str]
) -> tuple[Sequence[Member], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, emergency, condition, enterprise, list(counties))


async def list_headcounts(tx: Tx, emergency: EmergencyId, *, enterprise: str | None, counties: Sequence[str]) -> list[Headcount]:
    """`counties`: what the codes begin with."""
    return await rows.fetch(tx.conn, LIST_HEADCOUNTS, emergency, enterprise, list(counties))


async def get_unaccounted(tx: Tx, emergency: EmergencyId) -> int:
    return int(await tx.conn.fetchval(GET_UNACCOUNTED, emergency))


async def insert_abroad(tx: Tx, emergency: EmergencyId, destination: Destination) -> int:
    """Everybody who is abroad there. Returns how many."""
    status: str = await tx.conn.execute(INSERT_ABROAD, emergency, destination)
    return int(status.rpartition(" ")[2])


async def insert(tx: Tx, emergency: Emergency, placement: PlacementId) -> None:
    await tx.conn.execute(INSERT, emergency.emergency, placement)


async def update(tx: Tx, member: Member) -> None:
    """What is known of the worker."""
    await tx.conn.execute(
        UPDATE, member.emergency, member.placement, member.condition, member.whereabouts, member.reported_by, member.accounted_on
    )


async def update_announced(tx: Tx, members: Sequence[Member]) -> None:
    await tx.conn.execute(UPDATE_ANNOUNCED, [one.emergency for one in members], [one.placement for one in members])
