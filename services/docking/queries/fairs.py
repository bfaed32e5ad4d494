"""Docking fairs and the intentions recorded at them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from services.docking.domain.fairs import Fair, Intention
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch, fetch_one
from shared.values import CountyCode, EnterpriseId, FairId, IntentionId

FAIR = Columns(Fair, "id, name, county, place, held_on, counties, enterprises, voided, version")
INTENTION = Columns(
    Intention,
    """
    id, fair, held_on, county, enterprise, destination, occupation, headcount,
    (SELECT count(*) FROM intention_match WHERE intention_match.intention = intention.id) AS matched, state, version
    """,
)
GET = FAIR.select("FROM fair WHERE id = $1")
LOCK = FAIR.select("FROM fair WHERE id = $1 FOR UPDATE")
LOCK_SHARED = FAIR.select("FROM fair WHERE id = $1 FOR SHARE")
LIST = FAIR.pages(
    "fair", "($1::text IS NULL OR $1 = ANY(counties)) AND ($2::uuid IS NULL OR $2 = ANY(enterprises))", "held_on date", "name text"
)
INSERT = """
INSERT INTO fair (id, name, county, place, held_on, counties, enterprises) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
UPDATE = """
UPDATE fair
SET name = $2, county = $3, place = $4, held_on = $5, counties = $6, enterprises = $7, voided = $8, version = version + 1
WHERE id = $1
"""
LOCK_RECORDED = INTENTION.select("FROM intention WHERE fair = $1 AND state = 'recorded' ORDER BY id FOR UPDATE")
GET_INTENTION = INTENTION.select("FROM intention WHERE id = $1")
LOCK_INTENTION = INTENTION.select("FROM intention WHERE id = $1 FOR UPDATE")
LIST_INTENTIONS = INTENTION.pages(
    "intention",
    "($1::uuid IS NULL OR fair = $1) AND ($2::text IS NULL OR county = $2) AND ($3::uuid IS NULL OR enterprise = $3)",
    "held_on date",
    "headcount integer",
)
GET_INTENTIONS = INTENTION.select("FROM intention WHERE id = ANY($1::uuid[])")
GET_RECORDED = """
SELECT id FROM intention
WHERE fair = $1 AND county = $2 AND enterprise = $3 AND destination IS NOT DISTINCT FROM $4 AND occupation IS NOT DISTINCT FROM $5
    AND state = 'recorded' AND id <> $6
"""
INSERT_INTENTION = """
INSERT INTO intention (id, fair, held_on, county, enterprise, destination, occupation, headcount, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
UPDATE_INTENTION = """
UPDATE intention
SET county = $2, enterprise = $3, destination = $4, occupation = $5, headcount = $6, state = $7, held_on = $8, version = version + 1
WHERE id = $1
"""


async def get(tx: Tx, fair: FairId) -> Fair | None:
    return await fetch_one(tx.conn, GET, fair)


async def lock(tx: Tx, fair: FairId) -> Fair | None:
    return await fetch_one(tx.conn, LOCK, fair)


async def lock_shared(tx: Tx, fair: FairId) -> Fair | None:
    """As it stays until the transaction ends."""
    return await fetch_one(tx.conn, LOCK_SHARED, fair)


async def list_(tx: Tx, page: Page, county: CountyCode | None, enterprise: EnterpriseId | None) -> tuple[Sequence[Fair], str | None]:
    """Those that the county, or the enterprise, took part in."""
    return await fetch_page(tx.conn, LIST, page, county, enterprise)


async def insert(tx: Tx, one: Fair) -> None:
    await tx.conn.execute(INSERT, one.id, one.name, one.county, one.place, one.held_on, list(one.counties), list(one.enterprises))


async def update(tx: Tx, one: Fair) -> None:
    """Everything that a correction or a voiding may change. The caller holds the row's lock."""
    await tx.conn.execute(
        UPDATE, one.id, one.name, one.county, one.place, one.held_on, list(one.counties), list(one.enterprises), one.voided
    )


# --- intentions -------------------------------------------------------------------------------------------------------
async def get_intention(tx: Tx, intention: IntentionId) -> Intention | None:
    return await fetch_one(tx.conn, GET_INTENTION, intention)


async def get_intentions(tx: Tx, ids: Collection[IntentionId]) -> dict[IntentionId, Intention]:
    return {one.id: one for one in await fetch(tx.conn, GET_INTENTIONS, list(ids))}


async def lock_recorded(tx: Tx, fair: FairId) -> list[Intention]:
    """The fair's intentions that are not voided."""
    return await fetch(tx.conn, LOCK_RECORDED, fair)


async def lock_intention(tx: Tx, intention: IntentionId) -> Intention | None:
    return await fetch_one(tx.conn, LOCK_INTENTION, intention)


async def list_intentions(
    tx: Tx, page: Page, *, fair: FairId | None, county: CountyCode | None, enterprise: EnterpriseId | None
) -> tuple[Sequence[Intention], str | None]:
    """Voided ones too."""
    return await fetch_page(tx.conn, LIST_INTENTIONS, page, fair, county, enterprise)


async def get_recorded(tx: Tx, like: Intention) -> IntentionId | None:
    """Another intention of the same fair, county and enterprise, for the same destination and occupation."""
    found = await tx.conn.fetchval(GET_RECORDED, like.fair, like.county, like.enterprise, like.destination, like.occupation, like.id)
    return None if found is None else IntentionId(found)


async def insert_intention(tx: Tx, one: Intention) -> None:
    await tx.conn.execute(
        INSERT_INTENTION,
        one.id,
        one.fair,
        one.held_on,
        one.county,
        one.enterprise,
        one.destination,
        one.occupation,
        one.headcount,
        one.state,
    )


async def update_intention(tx: Tx, one: Intention) -> None:
    """Everything that a correction or a voiding may change. The caller holds the row's lock."""
    await tx.conn.execute(
        UPDATE_INTENTION,
        one.id,
        one.county,
        one.enterprise,
        one.destination,
        one.occupation,
        one.headcount,
        one.state,
        one.held_on,
    )
