"""Needs of placements: who waits for a seat."""

from __future__ import annotations

from collections.abc import Sequence

from services.training.domain.certificates import Serial
from services.training.domain.courses import Course
from services.training.domain.needs import Need, NeedId, NeedState, Waiting
from services.training.domain.sessions import Session
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import Destination, Occupation, PlacementId, WorkerId

NEED = rows.Columns(
    Need, "need AS id, placement, worker, county, designation, designation_version, destination, occupation, state, since, due, worker_no"
)
GET = NEED.select("FROM need WHERE placement = $1")
LOCK = NEED.select("FROM need WHERE placement = $1 FOR UPDATE")
LOCK_ALL = NEED.select("FROM need WHERE placement = ANY($1::uuid[]) ORDER BY need FOR UPDATE")
# Oldest first. Nobody is put into a session again that they have given up.
LOCK_BACKLOG = NEED.select("""
FROM need
WHERE state = 'open' AND destination = $1 AND starts_with(occupation, $2)
  AND NOT EXISTS (SELECT FROM enrolment WHERE enrolment.placement = need.placement AND enrolment.session = $3)
ORDER BY since, need LIMIT $4 FOR UPDATE
""")
GET_AHEAD = """
SELECT count(*) FROM need
WHERE state = 'open' AND destination = $1 AND starts_with(occupation, $2) AND (since, need) < ($3::timestamptz, $4::uuid)
"""
LOCK_MET_BY = NEED.select("FROM need WHERE state = 'met' AND certificate = ANY($1::text[]) ORDER BY need FOR UPDATE")
LOCK_OF_WORKER = NEED.select("FROM need WHERE worker = $1 ORDER BY need FOR UPDATE")
LIST = NEED.pages(
    "need",
    """
    state = $1 AND ($2::text IS NULL OR destination = $2) AND ($3::text IS NULL OR starts_with(occupation, $3))
    AND county ^@ ANY($4::text[])
    """,
    "since timestamptz",
)
LIST_OF_WORKER = NEED.select("FROM need WHERE worker = $1 ORDER BY since, need LIMIT $2")
WAITING = rows.Columns(Waiting, "destination, occupation, count(*) AS waiting, min(since) AS oldest, min(due) AS first_due")
LIST_BACKLOG = WAITING.select("""
FROM need WHERE state = 'open' AND county ^@ ANY($1::text[])
GROUP BY destination, occupation ORDER BY destination, occupation LIMIT $2
""")
INSERT_ALL = """
INSERT INTO need (need, placement, worker, county, designation, designation_version, destination, occupation, state, since, due, worker_no)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
    $11::date[], $12::text[]
)
ON CONFLICT (placement) DO NOTHING RETURNING placement
"""
UPDATE_STATE = "UPDATE need SET state = $2, certificate = NULL WHERE need = ANY($1::uuid[])"
UPDATE_MET = """
UPDATE need SET state = 'met', certificate = given.serial
FROM unnest($1::uuid[], $2::text[]) AS given (need, serial) WHERE need.need = given.need
"""


async def get(tx: Tx, placement: PlacementId) -> Need | None:
    return await rows.fetch_one(tx.conn, GET, placement)


async def get_ahead(tx: Tx, need: Need, course: Course) -> int:
    """How many that have waited longer would take a seat of the course first."""
    count: int = await tx.conn.fetchval(GET_AHEAD, course.destination, course.occupation, need.since, need.id)
    return count


async def lock(tx: Tx, placement: PlacementId) -> Need | None:
    return await rows.fetch_one(tx.conn, LOCK, placement)


async def lock_all(tx: Tx, placements: Sequence[PlacementId]) -> list[Need]:
    return await rows.fetch(tx.conn, LOCK_ALL, list(placements))


async def lock_backlog(tx: Tx, session: Session) -> list[Need]:
    """Those who wait for such a session, as many as it has seats free."""
    return await rows.fetch(tx.conn, LOCK_BACKLOG, session.course.destination, session.course.occupation, session.id, session.free)


async def lock_met_by(tx: Tx, serials: Sequence[Serial]) -> list[Need]:
    return await rows.fetch(tx.conn, LOCK_MET_BY, list(serials))


async def lock_of_worker(tx: Tx, worker: WorkerId) -> list[Need]:
    return await rows.fetch(tx.conn, LOCK_OF_WORKER, worker)


async def list_(
    tx: Tx, page: Page, *, state: NeedState, destination: Destination | None, occupation: Occupation | None, counties: Sequence[str]
) -> tuple[Sequence[Need], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, state, destination, occupation, list(counties))


async def list_of_worker(tx: Tx, worker: WorkerId, limit: int) -> list[Need]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_OF_WORKER, worker, limit)


async def list_backlog(tx: Tx, counties: Sequence[str], limit: int) -> list[Waiting]:
    """Open needs by what they are for; `counties`: what the codes begin with."""
    return await rows.fetch(tx.conn, LIST_BACKLOG, list(counties), limit)


async def insert_all(tx: Tx, opened: Sequence[Need]) -> list[PlacementId]:
    """The placements that had none before, in the order given."""
    entries = (
        (
            one.id,
            one.placement,
            one.worker,
            one.county,
            one.designation,
            one.designation_version,
            one.destination,
            one.occupation,
            one.state,
            one.since,
            one.due,
            one.worker_no,
        )
        for one in opened
    )
    return [row["placement"] for row in await tx.conn.fetch(INSERT_ALL, *zip(*entries, strict=True))]


async def update_state(tx: Tx, needs: Sequence[Need], state: NeedState) -> None:
    await tx.conn.execute(UPDATE_STATE, [need.id for need in needs], state)


async def update_met(tx: Tx, met: Sequence[tuple[NeedId, Serial]]) -> None:
    await tx.conn.execute(UPDATE_MET, [need for need, _ in met], [serial for _, serial in met])
