"""Countries with an emergency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.docking.domain.emergencies import CountryEmergency
from shared.db import Tx
from shared.rows import Columns, fetch
from shared.values import Destination, EmergencyId

EMERGENCY = Columns(CountryEmergency, "id, destination, declared_on, ended_on")
LIST = EMERGENCY.select("FROM country_emergency WHERE destination = ANY($1::text[]) ORDER BY declared_on, id")
INSERT = "INSERT INTO country_emergency (id, destination, declared_on) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING"
UPDATE_ENDED = "UPDATE country_emergency SET ended_on = greatest(declared_on, $2) WHERE id = $1 AND ended_on IS NULL"


async def list_(tx: Tx, destinations: Sequence[Destination]) -> list[CountryEmergency]:
    """All that there ever were in these countries."""
    return await fetch(tx.conn, LIST, destinations)


async def insert(tx: Tx, one: CountryEmergency) -> None:
    """Nothing where it is known."""
    await tx.conn.execute(INSERT, one.id, one.destination, one.declared_on)


async def update_ended(tx: Tx, emergency: EmergencyId, ended_on: date) -> None:
    """From that day on workers may be cleared again."""
    await tx.conn.execute(UPDATE_ENDED, emergency, ended_on)
