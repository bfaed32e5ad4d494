"""Enrolments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.training.domain.certificates import Serial
from services.training.domain.enrolments import Enrolment, EnrolmentState, Result
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import EnrolmentId, PlacementId, SessionId, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Enrolment):
    """With the certificate it led to, and the number that people know the worker by."""

    serial: Serial | None
    worker_no: str | None


ENROLMENT = rows.Columns(
    Enrolment,
    """
    enrolment AS id, session, placement, worker, county, designation, designation_version, destination, occupation, enrolled_on, state,
    minutes_total, days_attended, score, assessed_on, credited
    """,
)
LISTED = ENROLMENT.extend(
    Listed,
    """
    (SELECT serial FROM certificate WHERE certificate.enrolment = enrolment.enrolment) AS serial,
    (SELECT worker_no FROM need WHERE need.placement = enrolment.placement) AS worker_no
    """,
)
GET = ENROLMENT.select("FROM enrolment WHERE enrolment = $1")
GET_LISTED = LISTED.select("FROM enrolment WHERE enrolment = $1")
GET_SEATED = ENROLMENT.select("FROM enrolment WHERE placement = $1 AND state = 'enrolled'")
LIST_SEATED = "SELECT placement FROM enrolment WHERE placement = ANY($1::uuid[]) AND state = 'enrolled'"
GET_HOLDING = ENROLMENT.select("FROM enrolment WHERE placement = $1 AND state IN ('enrolled', 'held', 'passed')")
GET_HOLDING_BUT = ENROLMENT.select("""
FROM enrolment WHERE placement = $1 AND enrolment <> $2 AND state IN ('enrolled', 'held', 'passed')
""")
LOCK_ROSTER = ENROLMENT.select("""
FROM enrolment WHERE session = $1 AND ($2::uuid[] IS NULL OR enrolment = ANY($2)) ORDER BY enrolment FOR UPDATE
""")
LOCK_ALL = ENROLMENT.select("FROM enrolment WHERE enrolment = ANY($1::uuid[]) ORDER BY enrolment FOR UPDATE")
LIST = LISTED.pages(
    "enrolment",
    """
    ($1::uuid IS NULL OR placement = $1) AND ($2::uuid IS NULL OR session = $2) AND ($3::text IS NULL OR state = $3)
    AND ($4::text IS NULL OR session IN (SELECT session FROM session JOIN course ON course.course = session.course WHERE centre = $4))
    AND county ^@ ANY($5::text[]) AND ($6::text IS NULL OR placement IN (SELECT placement FROM need WHERE worker_no = $6))
    """,
    "enrolled_on date",
)
LIST_OF_WORKER = LISTED.select("FROM enrolment WHERE worker = $1 ORDER BY enrolment LIMIT $2")
INSERT_ALL = """
INSERT INTO enrolment (
    enrolment, session, placement, worker, county, designation, designation_version, destination, occupation, enrolled_on
)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::date[]
)
"""
UPDATE_STATES = "UPDATE enrolment SET state = $2 WHERE enrolment = ANY($1::uuid[])"
UPDATE_TAKEN_BACK = """
UPDATE enrolment SET state = 'enrolled', score = NULL, assessor = NULL, assessed_on = NULL, credited = 0 WHERE enrolment = ANY($1::uuid[])
"""
UPDATE_CORRECTED = "UPDATE enrolment SET state = $2, score = $3, assessed_on = $4 WHERE enrolment = $1"
UPDATE_RESULTS = """
UPDATE enrolment SET state = given.state, score = given.score, assessor = $5, assessed_on = $6, credited = given.credited
FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::integer[]) AS given (enrolment, state, score, credited)
WHERE enrolment.enrolment = given.enrolment
"""
UPDATE_TOTALS = """
UPDATE enrolment SET minutes_total = attended.minutes, days_attended = attended.days
FROM (
    SELECT enrolment, sum(minutes) AS minutes, count(*) FILTER (WHERE minutes > 0) AS days
    FROM attendance WHERE enrolment = ANY($1::uuid[]) GROUP BY enrolment
) AS attended
WHERE enrolment.enrolment = attended.enrolment
RETURNING enrolment.enrolment, enrolment.minutes_total
"""


async def get(tx: Tx, enrolment: EnrolmentId) -> Enrolment | None:
    return await rows.fetch_one(tx.conn, GET, enrolment)


async def get_listed(tx: Tx, enrolment: EnrolmentId) -> Listed | None:
    return await rows.fetch_one(tx.conn, GET_LISTED, enrolment)


async def get_seated(tx: Tx, placement: PlacementId) -> Enrolment | None:
    """The enrolment that holds a seat for the placement and is not assessed yet."""
    return await rows.fetch_one(tx.conn, GET_SEATED, placement)


async def list_seated(tx: Tx, placements: Sequence[PlacementId]) -> frozenset[PlacementId]:
    """Those that hold a seat and are not assessed yet."""
    return frozenset(row["placement"] for row in await tx.conn.fetch(LIST_SEATED, list(placements)))


async def get_holding(tx: Tx, placement: PlacementId) -> Enrolment | None:
    """The enrolment that holds a seat for the placement, assessed or not."""
    return await rows.fetch_one(tx.conn, GET_HOLDING, placement)


async def get_holding_but(tx: Tx, placement: PlacementId, enrolment: EnrolmentId) -> Enrolment | None:
    """Another enrolment that holds a seat for the placement."""
    return await rows.fetch_one(tx.conn, GET_HOLDING_BUT, placement, enrolment)


async def lock_roster(tx: Tx, session: SessionId, only: Sequence[EnrolmentId] | None) -> dict[EnrolmentId, Enrolment]:
    """The session's enrolments; `only` of them, where it names some."""
    found = await rows.fetch(tx.conn, LOCK_ROSTER, session, None if only is None else list(only))
    return {enrolment.id: enrolment for enrolment in found}


async def lock_all(tx: Tx, enrolments: Sequence[EnrolmentId]) -> list[Enrolment]:
    return await rows.fetch(tx.conn, LOCK_ALL, list(enrolments))


async def list_(
    tx: Tx,
    page: Page,
    *,
    placement: PlacementId | None = None,
    session: SessionId | None = None,
    state: EnrolmentState | None = None,
    worker_no: str | None = None,
    centre: str | None = None,
    counties: Sequence[str],
) -> tuple[Sequence[Listed], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, placement, session, state, centre, list(counties), worker_no)


async def list_of_worker(tx: Tx, worker: WorkerId, limit: int) -> list[Listed]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_OF_WORKER, worker, limit)


async def insert_all(tx: Tx, enrolments: Sequence[Enrolment]) -> None:
    entries = (
        (
            one.id,
            one.session,
            one.placement,
            one.worker,
            one.county,
            one.designation,
            one.designation_version,
            one.destination,
            one.occupation,
            one.enrolled_on,
        )
        for one in enrolments
    )
    await tx.conn.execute(INSERT_ALL, *zip(*entries, strict=True))


async def update_states(tx: Tx, enrolments: Sequence[Enrolment], state: EnrolmentState) -> None:
    await tx.conn.execute(UPDATE_STATES, [one.id for one in enrolments], state)


async def update_taken_back(tx: Tx, enrolments: Sequence[Enrolment]) -> None:
    """Their examination does not count."""
    await tx.conn.execute(UPDATE_TAKEN_BACK, [one.id for one in enrolments])


async def update_corrected(tx: Tx, one: Enrolment) -> None:
    await tx.conn.execute(UPDATE_CORRECTED, one.id, one.state, one.score, one.assessed_on)


async def update_results(tx: Tx, results: Sequence[Result], assessor: str, day: date) -> None:
    columns = zip(*((one.enrolment.id, one.state, one.score, one.enrolment.credited) for one in results), strict=True)
    await tx.conn.execute(UPDATE_RESULTS, *columns, assessor, day)


async def update_totals(tx: Tx, enrolments: Sequence[EnrolmentId]) -> dict[EnrolmentId, int]:
    """Bring what was attended up to date; returns the minutes of each."""
    return {row["enrolment"]: row["minutes_total"] for row in await tx.conn.fetch(UPDATE_TOTALS, list(enrolments))}
