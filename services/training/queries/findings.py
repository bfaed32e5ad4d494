"""Findings that wait for an officer, and those decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training.domain.findings import Finding, FindingId, FindingKind, FindingState
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import EnrolmentId

FINDING = rows.Columns(
    Finding,
    """
    finding AS id, kind, day, worker, enrolment, other, minutes, state, found_at, decided_by, decided_at,
    (
        SELECT worker_no FROM enrolment AS seat JOIN need ON need.placement = seat.placement WHERE seat.enrolment = finding.enrolment
    ) AS worker_no
    """,
)
GET = FINDING.select("FROM finding WHERE finding = $1")
LOCK = FINDING.select("FROM finding WHERE finding = $1 FOR UPDATE")
LIST = FINDING.pages(
    "finding",
    """
    state = $1 AND ($2::text IS NULL OR kind = $2) AND ($3::date IS NULL OR day >= $3)
    AND EXISTS (
        SELECT FROM enrolment JOIN unnest($4::text[]) AS prefix ON starts_with(county, prefix)
        WHERE enrolment.enrolment = finding.enrolment
    )
    """,
    "day date",
)
# The ids come with the rows they are for: a UUIDv7 keeps the queue in the order in which things were found.
INSERT_TWO_CENTRES = FINDING.returning("""
INSERT INTO finding (finding, kind, day, worker, enrolment, other, found_at)
SELECT id, 'two_centres', here.day, here.worker, here.enrolment, there.enrolment, $4
FROM unnest($1::uuid[], $2::date[], $3::uuid[]) AS given (enrolment, day, id)
JOIN attendance AS here ON here.enrolment = given.enrolment AND here.day = given.day AND here.minutes > 0
JOIN LATERAL (
    SELECT enrolment FROM attendance
    WHERE worker = here.worker AND day = here.day AND centre <> here.centre AND minutes > 0 ORDER BY enrolment LIMIT 1
) AS there ON true
ON CONFLICT DO NOTHING
""")
INSERT_LONG_DAYS = FINDING.returning("""
INSERT INTO finding (finding, kind, day, worker, enrolment, minutes, found_at)
SELECT id, 'long_day', here.day, here.worker, here.enrolment, whole.minutes, $5
FROM unnest($1::uuid[], $2::date[], $3::uuid[]) AS given (enrolment, day, id)
JOIN attendance AS here ON here.enrolment = given.enrolment AND here.day = given.day AND here.minutes > 0
JOIN LATERAL (SELECT sum(minutes) AS minutes FROM attendance WHERE worker = here.worker AND day = here.day) AS whole ON whole.minutes > $4
ON CONFLICT DO NOTHING
""")
INSERT_CAPPED = """
INSERT INTO finding (finding, kind, day, worker, enrolment, found_at)
SELECT id, 'pass_cap', $3, worker, given.enrolment, $4
FROM unnest($1::uuid[], $2::uuid[]) AS given (enrolment, id) JOIN enrolment ON enrolment.enrolment = given.enrolment
ON CONFLICT DO NOTHING
"""
UPDATE_DECIDED = "UPDATE finding SET state = $2, decided_by = $3, decided_at = $4, explanation = $5 WHERE finding = $1"
LIST_CONCERNED = """
SELECT enrolment FROM finding WHERE state = 'open' AND enrolment = ANY($1::uuid[])
UNION SELECT other FROM finding WHERE state = 'open' AND other = ANY($1::uuid[])
"""
LIST_INVOLVED = """
SELECT assessor AS account FROM enrolment WHERE enrolment = ANY($1::uuid[]) AND assessor IS NOT NULL
UNION SELECT split_part(recorded_by, ':', 2) FROM attendance WHERE enrolment = ANY($1::uuid[]) AND day = $2 AND recorded_by IS NOT NULL
"""


async def get(tx: Tx, finding: FindingId) -> Finding | None:
    return await rows.fetch_one(tx.conn, GET, finding)


async def lock(tx: Tx, finding: FindingId) -> Finding | None:
    return await rows.fetch_one(tx.conn, LOCK, finding)


async def list_(
    tx: Tx, page: Page, *, state: FindingState, kind: FindingKind | None, since: date | None, counties: Sequence[str]
) -> tuple[Sequence[Finding], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, state, kind, since, list(counties))


async def insert_two_centres(tx: Tx, attended: Sequence[tuple[EnrolmentId, date, FindingId]]) -> list[Finding]:
    """Where these workers also attended in another centre on the day; what was found before is not found again."""
    return await rows.fetch(tx.conn, INSERT_TWO_CENTRES, *zip(*attended, strict=True), tx.clock.now())


async def insert_long_days(tx: Tx, attended: Sequence[tuple[EnrolmentId, date, FindingId]], longest: int) -> list[Finding]:
    """Where these workers attended for more than `longest` minutes on the day, over all their enrolments."""
    return await rows.fetch(tx.conn, INSERT_LONG_DAYS, *zip(*attended, strict=True), longest, tx.clock.now())


async def insert_pass_cap(tx: Tx, enrolments: Sequence[tuple[EnrolmentId, FindingId]], day: date) -> None:
    await tx.conn.execute(INSERT_CAPPED, *zip(*enrolments, strict=True), day, tx.clock.now())


async def update_decided(tx: Tx, one: Finding, explanation: str) -> None:
    await tx.conn.execute(UPDATE_DECIDED, one.id, one.state, one.decided_by, one.decided_at, explanation)


async def list_concerned(tx: Tx, enrolments: Sequence[EnrolmentId]) -> set[EnrolmentId]:
    """Those that an open finding is about."""
    return {row["enrolment"] for row in await tx.conn.fetch(LIST_CONCERNED, list(enrolments))}


async def list_involved(tx: Tx, finding: Finding) -> set[str]:
    """The accounts that recorded what the finding is about."""
    return {row["account"] for row in await tx.conn.fetch(LIST_INVOLVED, list(finding.enrolments), finding.day)}
