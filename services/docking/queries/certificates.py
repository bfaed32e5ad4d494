"""Training certificates that a clearance may rest on."""

from __future__ import annotations

from datetime import date

from services.docking.domain.certificates import TrainingCertificate
from shared.db import Tx
from shared.rows import Columns, fetch
from shared.values import Destination, WorkerId

CERTIFICATE = Columns(TrainingCertificate, "serial, destination, occupation, valid_to")
LIST_VALID = CERTIFICATE.select("FROM certificate WHERE worker = $1 AND destination = $2 AND NOT revoked ORDER BY serial")
INSERT = """
INSERT INTO certificate (serial, destination, occupation, valid_to, worker, issued_on) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (serial) DO NOTHING
"""
UPDATE_DAYS = "UPDATE certificate SET issued_on = $2, valid_to = $3 WHERE serial = $1"
UPDATE_REVOKED = "UPDATE certificate SET revoked = true WHERE serial = $1"


async def list_valid(tx: Tx, worker: WorkerId, destination: Destination) -> tuple[TrainingCertificate, ...]:
    """Those of the worker for the destination that are not revoked."""
    return tuple(await fetch(tx.conn, LIST_VALID, worker, destination))


async def insert(tx: Tx, one: TrainingCertificate, *, worker: WorkerId, issued_on: date) -> None:
    await tx.conn.execute(INSERT, one.serial, one.destination, one.occupation, one.valid_to, worker, issued_on)


async def update_days(tx: Tx, serial: str, *, issued_on: date, valid_to: date) -> None:
    await tx.conn.execute(UPDATE_DAYS, serial, issued_on, valid_to)


async def update_revoked(tx: Tx, serial: str) -> None:
    await tx.conn.execute(UPDATE_REVOKED, serial)
