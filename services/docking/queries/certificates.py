"""Training certificates that a clearance may rest on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.docking.domain.certificates import TrainingCertificate
from shared.db import Tx
from shared.rows import Columns, fetch
from shared.values import Destination, WorkerId

CERTIFICATE = Columns(TrainingCertificate, "serial, destination, occupation, valid_to")
LIST_VALID = CERTIFICATE.select("FROM certificate WHERE worker = $1 AND destination = $2 AND NOT revoked ORDER BY serial")
INSERT_ALL = """
INSERT INTO certificate (serial, destination, occupation, valid_to, worker, issued_on)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::uuid[], $6::date[])
ON CONFLICT (serial) DO NOTHING
"""
UPDATE_DAYS = "UPDATE certificate SET issued_on = $2, valid_to = $3 WHERE serial = $1"
UPDATE_REVOKED = "UPDATE certificate SET revoked = true WHERE serial = $1"


async def list_valid(tx: Tx, worker: WorkerId, destination: Destination) -> tuple[TrainingCertificate, ...]:
    """Those of the worker for the destination that are not revoked."""
    return tuple(await fetch(tx.conn, LIST_VALID, worker, destination))


async def insert_all(tx: Tx, issued: Sequence[tuple[TrainingCertificate, WorkerId, date]]) -> None:
    """With the worker and the day of issue."""
    entries = ((one.serial, one.destination, one.occupation, one.valid_to, worker, day) for one, worker, day in issued)
    await tx.conn.execute(INSERT_ALL, *zip(*entries, strict=True))


async def update_days(tx: Tx, serial: str, *, issued_on: date, valid_to: date) -> None:
    await tx.conn.execute(UPDATE_DAYS, serial, issued_on, valid_to)


async def update_revoked(tx: Tx, serial: str) -> None:
    await tx.conn.execute(UPDATE_REVOKED, serial)
