"""Certificates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training.domain.certificates import Certificate, Serial
from services.training.domain.needs import Need, NeedId
from shared import rows
from shared.db import Tx
from shared.values import Destination, EnrolmentId, Occupation, RecognitionId, WorkerId

CERTIFICATE = rows.Columns(
    Certificate,
    """
    serial, enrolment, recognition, certificate.course, centre, worker, placement, county, designation, designation_version,
    certificate.destination, certificate.occupation, minutes, credited, issued_on, valid_to, revoked_on, revoked_why
    """,
)
GET = CERTIFICATE.select("FROM certificate JOIN course ON course.course = certificate.course WHERE serial = $1")
LOCK = CERTIFICATE.select("FROM certificate JOIN course ON course.course = certificate.course WHERE serial = $1 FOR UPDATE OF certificate")
LOCK_OF = CERTIFICATE.select("""
FROM certificate JOIN course ON course.course = certificate.course WHERE enrolment = $1 FOR UPDATE OF certificate
""")
GET_VALID = """
SELECT serial FROM certificate
WHERE worker = $1 AND destination = $2 AND occupation = $3 AND revoked_on IS NULL AND valid_to >= $4
ORDER BY valid_to DESC, serial LIMIT 1
"""
LIST_VALID = """
SELECT need, valid.serial
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[]) AS asked (need, worker, destination, occupation, day)
CROSS JOIN LATERAL (
    SELECT serial FROM certificate
    WHERE worker = asked.worker AND destination = asked.destination AND occupation = asked.occupation
      AND revoked_on IS NULL AND valid_to >= asked.day
    ORDER BY valid_to DESC, serial LIMIT 1
) AS valid
"""
# Whose end is not published yet.
LOCK_LAPSED = CERTIFICATE.select("""
FROM certificate JOIN course ON course.course = certificate.course
WHERE revoked_on IS NULL AND expired_on IS NULL AND valid_to < $1 ORDER BY valid_to, serial LIMIT $2 FOR UPDATE OF certificate
""")
# What is valid again will end again.
UPDATE_DAYS = """
UPDATE certificate SET issued_on = $2, valid_to = $3, expired_on = CASE WHEN $3 < $4::date THEN expired_on END WHERE serial = $1
"""
UPDATE_EXPIRED = "UPDATE certificate SET expired_on = $2 WHERE serial = ANY($1::text[])"
LIST_OF_WORKER = CERTIFICATE.select("""
FROM certificate JOIN course ON course.course = certificate.course WHERE worker = $1 ORDER BY issued_on, serial LIMIT $2
""")
LIST_SERIALS = "SELECT recognition, serial FROM certificate WHERE recognition = ANY($1::uuid[])"
GET_NUMBERS = "SELECT nextval('certificate_number') AS number FROM generate_series(1, $1::integer)"
INSERT_ALL = """
INSERT INTO certificate (
    serial, enrolment, course, worker, placement, county, designation, designation_version, destination, occupation, minutes,
    issued_on, valid_to, recognition, credited
)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::integer[],
    $12::date[], $13::date[], $14::uuid[], $15::integer[]
)
"""
UPDATE_REVOKED = "UPDATE certificate SET revoked_on = $2, revoked_why = $3, revoked_explanation = $4 WHERE serial = $1"


async def get(tx: Tx, serial: Serial) -> Certificate | None:
    return await rows.fetch_one(tx.conn, GET, serial)


async def lock(tx: Tx, serial: Serial) -> Certificate | None:
    return await rows.fetch_one(tx.conn, LOCK, serial)


async def lock_lapsed(tx: Tx, today: date, limit: int) -> list[Certificate]:
    return await rows.fetch(tx.conn, LOCK_LAPSED, today, limit)


async def update_expired(tx: Tx, serials: Sequence[Serial], on: date) -> None:
    await tx.conn.execute(UPDATE_EXPIRED, list(serials), on)


async def lock_of(tx: Tx, enrolment: EnrolmentId) -> Certificate | None:
    """The certificate that the enrolment led to."""
    return await rows.fetch_one(tx.conn, LOCK_OF, enrolment)


async def update_days(tx: Tx, one: Certificate) -> None:
    await tx.conn.execute(UPDATE_DAYS, one.serial, one.issued_on, one.valid_to, tx.clock.today())


async def get_valid(tx: Tx, worker: WorkerId, destination: Destination, occupation: Occupation, on: date) -> Serial | None:
    """A certificate of the worker for exactly this, valid on the day."""
    serial: Serial | None = await tx.conn.fetchval(GET_VALID, worker, destination, occupation, on)
    return serial


async def list_valid(tx: Tx, asked: Sequence[tuple[Need, date]]) -> dict[NeedId, Serial]:
    """As get_valid(), for each need that has one on its day."""
    entries = ((need.id, need.worker, need.destination, need.occupation, day) for need, day in asked)
    columns = zip(*entries, strict=True) if asked else [()] * 5
    return {row["need"]: row["serial"] for row in await tx.conn.fetch(LIST_VALID, *columns)}


async def list_of_worker(tx: Tx, worker: WorkerId, limit: int) -> list[Certificate]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_OF_WORKER, worker, limit)


async def get_serials(tx: Tx, recognitions: Sequence[RecognitionId]) -> dict[RecognitionId, Serial]:
    """The certificates that recognitions have led to."""
    return {row["recognition"]: row["serial"] for row in await tx.conn.fetch(LIST_SERIALS, list(recognitions))}


async def get_numbers(tx: Tx, count: int) -> list[int]:
    """Numbers that no certificate has had yet."""
    return [row["number"] for row in await tx.conn.fetch(GET_NUMBERS, count)]


async def insert_all(tx: Tx, certificates: Sequence[Certificate]) -> None:
    entries = (
        (
            one.serial,
            one.enrolment,
            one.course,
            one.worker,
            one.placement,
            one.county,
            one.designation,
            one.designation_version,
            one.destination,
            one.occupation,
            one.minutes,
            one.issued_on,
            one.valid_to,
            one.recognition,
            one.credited,
        )
        for one in certificates
    )
    await tx.conn.execute(INSERT_ALL, *zip(*entries, strict=True))


async def update_revoked(tx: Tx, certificate: Certificate, explanation: str | None) -> None:
    await tx.conn.execute(UPDATE_REVOKED, certificate.serial, certificate.revoked_on, certificate.revoked_why, explanation)
