"""Certificates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.training.domain import Certificate, Serial
from shared.db import Tx
from shared.values import Destination, Occupation, WorkerId

TAKE_NUMBERS = "SELECT nextval('certificate_number') AS number FROM generate_series(1, $1::integer)"
INSERT_CERTIFICATES = """
INSERT INTO certificate (
    serial, enrolment, course, worker, placement, county, designation, designation_version, destination, occupation, minutes,
    issued_on, valid_to
)
SELECT serial, enrolment, course, worker, placement, county, designation, designation_version, destination, occupation, minutes,
    issued_on, valid_to
FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::integer[],
    $12::date[], $13::date[]
) AS entry (
    serial, enrolment, course, worker, placement, county, designation, designation_version, destination, occupation, minutes,
    issued_on, valid_to
)
"""
CERTIFICATE = """
SELECT serial, enrolment, certificate.course, centre, worker, placement, county, designation, designation_version, certificate.destination,
    certificate.occupation, minutes, issued_on, valid_to, revoked_on, revoked_why
FROM certificate JOIN course ON course.course = certificate.course WHERE serial = $1
"""
LOCK_CERTIFICATE = """
SELECT serial, enrolment, certificate.course, centre, worker, placement, county, designation, designation_version, certificate.destination,
    certificate.occupation, minutes, issued_on, valid_to, revoked_on, revoked_why
FROM certificate JOIN course ON course.course = certificate.course WHERE serial = $1 FOR UPDATE OF certificate
"""
HELD = """
SELECT serial FROM certificate
WHERE worker = $1 AND destination = $2 AND occupation = $3 AND revoked_on IS NULL AND valid_to >= $4
ORDER BY valid_to DESC, serial LIMIT 1
"""
REVOKE = "UPDATE certificate SET revoked_on = $2, revoked_why = $3, revoked_explanation = $4 WHERE serial = $1"


async def take_numbers(tx: Tx, count: int) -> list[int]:
    return [row["number"] for row in await tx.conn.fetch(TAKE_NUMBERS, count)]


async def insert_certificates(tx: Tx, certificates: Sequence[Certificate]) -> None:
    columns = zip(
        *(
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
            )
            for one in certificates
        ),
        strict=True,
    )
    await tx.conn.execute(INSERT_CERTIFICATES, *columns)


async def certificate(tx: Tx, serial: Serial) -> Certificate | None:
    row = await tx.conn.fetchrow(CERTIFICATE, serial)
    return _certificate(row) if row else None


async def lock_certificate(tx: Tx, serial: Serial) -> Certificate | None:
    row = await tx.conn.fetchrow(LOCK_CERTIFICATE, serial)
    return _certificate(row) if row else None


async def held(tx: Tx, worker: WorkerId, destination: Destination, occupation: Occupation, on: date) -> Serial | None:
    """A certificate of the worker for exactly this, valid on the day."""
    serial: Serial | None = await tx.conn.fetchval(HELD, worker, destination, occupation, on)
    return serial


async def revoke(tx: Tx, serial: Serial, on: date, why: str, explanation: str | None) -> None:
    await tx.conn.execute(REVOKE, serial, on, why, explanation)


def _certificate(row: Any) -> Certificate:
    return Certificate(*row.values())
