"""Plans entered, by code and version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from services.stats.domain.plans import Plan
from shared import rows
from shared.db import Tx
from shared.rows import Columns
from shared.values import PROGRAMME_ZONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeVersion:
    code: str
    version: int
    plan: Plan
    reason: str
    entered_by: str
    entered_at: datetime


PROGRAMME = Columns(ProgrammeVersion, "code, version, document AS plan, reason, entered_by, entered_at")
LIST_IN_FORCE = PROGRAMME.select(
    "FROM programme WHERE (code, version) IN"
    " (SELECT code, max(version) FROM programme WHERE $1::timestamptz IS NULL OR entered_at <= $1 GROUP BY code) ORDER BY code"
)
GET = PROGRAMME.select("FROM programme WHERE code = $1 AND ($2::timestamptz IS NULL OR entered_at <= $2) ORDER BY version DESC LIMIT 1")
LIST_VERSIONS = PROGRAMME.select("FROM programme WHERE code = $1 ORDER BY version")
INSERT = """
INSERT INTO programme (code, version, document, reason, entered_by, entered_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code, version) DO NOTHING RETURNING true
"""


async def list_in_force(tx: Tx, known_on: date | None = None) -> list[ProgrammeVersion]:
    """The newest version of each that was entered by the end of a day."""
    return await rows.fetch(tx.conn, LIST_IN_FORCE, _end_of(known_on))


async def get(tx: Tx, code: str, known_on: date | None = None) -> ProgrammeVersion | None:
    """The newest version that was entered by the end of a day."""
    return await rows.fetch_one(tx.conn, GET, code, _end_of(known_on))


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time.max, PROGRAMME_ZONE) if day else None


async def list_versions(tx: Tx, code: str) -> list[ProgrammeVersion]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_VERSIONS, code)


async def insert(tx: Tx, entered: ProgrammeVersion) -> bool:
    """False: this version exists already."""
    document = entered.plan.model_dump(mode="json")
    return bool(
        await tx.conn.fetchval(INSERT, entered.code, entered.version, document, entered.reason, entered.entered_by, entered.entered_at)
    )
