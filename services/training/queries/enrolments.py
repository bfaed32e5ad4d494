"""Enrolments, attendance, assessments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.training.domain import Enrolment, EnrolmentState, Serial
from shared.db import Tx
from shared.values import EnrolmentId, PlacementId, SessionId

INSERT_ENROLMENTS = """
INSERT INTO enrolment (enrolment, session, placement, worker, county, designation, designation_version, destination, occupation)
SELECT enrolment, $9, placement, worker, county, designation, designation_version, destination, occupation
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
    AS entry (enrolment, placement, worker, county, designation, designation_version, destination, occupation)
"""
ENROLMENT = """
SELECT enrolment, session, placement, worker, county, designation, designation_version, destination, occupation, state, minutes_total,
    days_attended, score
FROM enrolment WHERE enrolment = $1
"""
LOCK_ROSTER = """
SELECT enrolment, session, placement, worker, county, designation, designation_version, destination, occupation, state, minutes_total,
    days_attended, score
FROM enrolment WHERE session = $1 AND ($2::uuid[] IS NULL OR enrolment = ANY($2)) ORDER BY enrolment FOR UPDATE
"""
SEAT_OF = """
SELECT enrolment, session, placement, worker, county, designation, designation_version, destination, occupation, state, minutes_total,
    days_attended, score
FROM enrolment WHERE placement = $1 AND state = 'enrolled'
"""
LIST_ENROLMENTS = """
SELECT enrolment.enrolment, session, enrolment.placement, enrolment.worker, enrolment.county, enrolment.designation,
    enrolment.designation_version, enrolment.destination, enrolment.occupation, state, minutes_total, days_attended, score, serial
FROM enrolment LEFT JOIN certificate ON certificate.enrolment = enrolment.enrolment
WHERE ($1::uuid IS NULL OR enrolment.enrolment > $1) AND ($2::uuid IS NULL OR enrolment.placement = $2)
  AND ($3::uuid IS NULL OR session = $3)
  AND ($4::text IS NULL OR state = $4)
  AND ($5::text IS NULL OR session IN (SELECT session FROM session JOIN course ON course.course = session.course WHERE centre = $5))
  AND EXISTS (SELECT FROM unnest($6::text[]) AS prefix WHERE starts_with(enrolment.county, prefix))
ORDER BY enrolment.enrolment LIMIT $7
"""
UNASSESSED_SESSION = """
SELECT session.session FROM session
WHERE ends_on < $1 AND EXISTS (SELECT FROM enrolment WHERE enrolment.session = session.session AND state = 'enrolled')
ORDER BY session.session LIMIT 1
"""
SET_STATES = "UPDATE enrolment SET state = $2 WHERE enrolment = ANY($1::uuid[])"
SET_RESULTS = """
UPDATE enrolment SET state = given.state, score = given.score, assessor = $4
FROM unnest($1::uuid[], $2::text[], $3::smallint[]) AS given (enrolment, state, score) WHERE enrolment.enrolment = given.enrolment
"""
# Only what is new or different comes back.
UPSERT_ATTENDANCE = """
INSERT INTO attendance (enrolment, day, session, worker, centre, minutes)
SELECT enrolment, $4, $5, worker, $6, minutes FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS entry (enrolment, worker, minutes)
ON CONFLICT (enrolment, day) DO UPDATE SET minutes = excluded.minutes WHERE attendance.minutes <> excluded.minutes
RETURNING enrolment
"""
SUM_ATTENDANCE = """
UPDATE enrolment SET minutes_total = attended.minutes, days_attended = attended.days
FROM (
    SELECT enrolment, sum(minutes) AS minutes, count(*) FILTER (WHERE minutes > 0) AS days
    FROM attendance WHERE enrolment = ANY($1::uuid[]) GROUP BY enrolment
) AS attended
WHERE enrolment.enrolment = attended.enrolment
RETURNING enrolment.enrolment, enrolment.minutes_total
"""
DAYS_HELD = "SELECT count(DISTINCT day) FROM attendance WHERE session = $1 AND minutes > 0"
FLAG_OVERLAPS = """
INSERT INTO overlap (worker, day, enrolment, other, found_at)
SELECT here.worker, here.day, least(here.enrolment, there.enrolment), greatest(here.enrolment, there.enrolment), $3
FROM attendance AS here JOIN attendance AS there
  ON there.worker = here.worker AND there.day = here.day AND there.centre <> here.centre AND there.minutes > 0
WHERE here.enrolment = ANY($1::uuid[]) AND here.day = $2 AND here.minutes > 0
ON CONFLICT DO NOTHING RETURNING worker
"""
OVERLAPS = """
SELECT day, overlap.enrolment, other, found_at FROM overlap JOIN enrolment ON enrolment.enrolment = overlap.enrolment
WHERE ($1::date IS NULL OR day >= $1) AND EXISTS (SELECT FROM unnest($2::text[]) AS prefix WHERE starts_with(county, prefix))
ORDER BY day, overlap.enrolment, other LIMIT $3
"""
COUNT_PASSES = """
INSERT INTO centre_day (centre, day, passes) VALUES ($1, $2, $3)
ON CONFLICT (centre, day) DO UPDATE SET passes = centre_day.passes + excluded.passes RETURNING passes
"""


@dataclass(frozen=True, slots=True)
class Listed:
    enrolment: Enrolment
    serial: Serial | None


async def insert_enrolments(tx: Tx, session: SessionId, enrolments: Sequence[Enrolment]) -> None:
    await tx.conn.execute(
        INSERT_ENROLMENTS,
        [one.id for one in enrolments],
        [one.placement for one in enrolments],
        [one.worker for one in enrolments],
        [one.county for one in enrolments],
        [one.designation for one in enrolments],
        [one.designation_version for one in enrolments],
        [one.destination for one in enrolments],
        [one.occupation for one in enrolments],
        session,
    )


async def enrolment(tx: Tx, enrolment_id: EnrolmentId) -> Enrolment | None:
    row = await tx.conn.fetchrow(ENROLMENT, enrolment_id)
    return _enrolment(row) if row else None


async def lock_roster(tx: Tx, session: SessionId, only: Sequence[EnrolmentId] | None) -> dict[EnrolmentId, Enrolment]:
    """Those of the session, by id; `only` narrows it."""
    rows = await tx.conn.fetch(LOCK_ROSTER, session, None if only is None else list(only))
    return {row["enrolment"]: _enrolment(row) for row in rows}


async def seat_of(tx: Tx, placement: PlacementId) -> Enrolment | None:
    """The enrolment that holds a seat for the placement and is not assessed yet."""
    row = await tx.conn.fetchrow(SEAT_OF, placement)
    return _enrolment(row) if row else None


async def enrolments(
    tx: Tx,
    *,
    after: EnrolmentId | None = None,
    placement: PlacementId | None = None,
    session: SessionId | None = None,
    state: EnrolmentState | None = None,
    centre: str | None = None,
    counties: Sequence[str],
    limit: int,
) -> list[Listed]:
    rows = await tx.conn.fetch(LIST_ENROLMENTS, after, placement, session, state, centre, list(counties), limit)
    return [Listed(_enrolment(row), row["serial"]) for row in rows]


async def unassessed_session(tx: Tx, ended_before: date) -> SessionId | None:
    found: SessionId | None = await tx.conn.fetchval(UNASSESSED_SESSION, ended_before)
    return found


async def set_states(tx: Tx, ids: Sequence[EnrolmentId], state: EnrolmentState) -> None:
    await tx.conn.execute(SET_STATES, list(ids), state)


async def set_results(tx: Tx, results: Sequence[tuple[EnrolmentId, EnrolmentState, int]], assessor: str) -> None:
    ids, states, scores = zip(*results, strict=True)
    await tx.conn.execute(SET_RESULTS, ids, states, scores, assessor)


async def upsert_attendance(
    tx: Tx, session: SessionId, centre: str, day: date, entries: Sequence[tuple[Enrolment, int]]
) -> list[EnrolmentId]:
    """Write one day's minutes; returns whose changed."""
    rows = await tx.conn.fetch(
        UPSERT_ATTENDANCE,
        [one.id for one, _ in entries],
        [one.worker for one, _ in entries],
        [minutes for _, minutes in entries],
        day,
        session,
        centre,
    )
    return [row["enrolment"] for row in rows]


async def sum_attendance(tx: Tx, ids: Sequence[EnrolmentId]) -> dict[EnrolmentId, int]:
    """Bring the totals up to date; returns the minutes of each."""
    return {row["enrolment"]: row["minutes_total"] for row in await tx.conn.fetch(SUM_ATTENDANCE, list(ids))}


async def days_held(tx: Tx, session: SessionId) -> int:
    """Days on which somebody attended."""
    count: int = await tx.conn.fetchval(DAYS_HELD, session)
    return count


async def flag_overlaps(tx: Tx, ids: Sequence[EnrolmentId], day: date, found_at: datetime) -> int:
    return len(await tx.conn.fetch(FLAG_OVERLAPS, list(ids), day, found_at))


async def overlaps(tx: Tx, since: date | None, counties: Sequence[str], limit: int) -> list[Any]:
    rows: list[Any] = await tx.conn.fetch(OVERLAPS, since, list(counties), limit)
    return rows


async def count_passes(tx: Tx, centre: str, day: date, count: int) -> int:
    """Add to the centre's passes of the day; returns how many there are now."""
    total: int = await tx.conn.fetchval(COUNT_PASSES, centre, day, count)
    return total


def _enrolment(row: Any) -> Enrolment:
    return Enrolment(
        row["enrolment"],
        row["session"],
        row["placement"],
        row["worker"],
        row["county"],
        row["designation"],
        row["designation_version"],
        row["destination"],
        row["occupation"],
        EnrolmentState(row["state"]),
        row["minutes_total"],
        row["days_attended"],
        row["score"],
    )
