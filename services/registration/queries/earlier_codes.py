"""The table `earlier_code`: what a worker's county or household status was, and until when."""

from __future__ import annotations

from datetime import date
from typing import Literal

from services.registration.domain.workers import EarlierCounty
from shared import rows
from shared.db import Tx
from shared.values import WorkerId

EARLIER_COUNTY = rows.Columns(EarlierCounty, "until, value AS county")
LIST_COUNTIES = EARLIER_COUNTY.select("FROM earlier_code WHERE worker = $1 AND code = 'county' ORDER BY until")
INSERT = "INSERT INTO earlier_code (worker, code, until, value) VALUES ($1, $2, $3, $4)"


async def list_counties(tx: Tx, worker: WorkerId) -> list[EarlierCounty]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_COUNTIES, worker)


async def insert(tx: Tx, worker: WorkerId, code: Literal["county", "household_status"], *, until: date, value: str) -> None:
    await tx.conn.execute(INSERT, worker, code, until, value)
