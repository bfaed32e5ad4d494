"""Where enterprises have their seat: whose office handles their cases."""

from __future__ import annotations

from shared.db import Tx
from shared.values import CountyCode, EnterpriseId

GET_SEAT = "SELECT seat FROM enterprise WHERE enterprise = $1"
INSERT = "INSERT INTO enterprise (enterprise, seat) VALUES ($1, $2) ON CONFLICT (enterprise) DO UPDATE SET seat = excluded.seat"


async def get_seat(tx: Tx, enterprise: EnterpriseId) -> CountyCode | None:
    """None: it is not known."""
    seat: CountyCode | None = await tx.conn.fetchval(GET_SEAT, enterprise)
    return seat


async def insert(tx: Tx, enterprise: EnterpriseId, seat: CountyCode) -> None:
    """Enter the seat, or replace it."""
    await tx.conn.execute(INSERT, enterprise, seat)
