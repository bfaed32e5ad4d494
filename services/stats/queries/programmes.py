"""Plans entered, by code and version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.stats.domain.plans import Plan
from shared import rows
from shared.db import Tx
from shared.rows import Columns


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
    "FROM programme WHERE (code, version) IN (SELECT code, max(version) FROM programme GROUP BY code) ORDER BY code"
)
GET = PROGRAMME.select("FROM programme WHERE code = $1 ORDER BY version DESC LIMIT 1")
LIST_VERSIONS = PROGRAMME.select("FROM programme WHERE code = $1 ORDER BY version")
INSERT = """
INSERT INTO programme (code, version, document, reason, entered_by, entered_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code, version) DO NOTHING RETURNING true
"""


async def list_in_force(tx: Tx) -> list[ProgrammeVersion]:
    """The newest version of each."""
    return await rows.fetch(tx.conn, LIST_IN_FORCE)


async def get(tx: Tx, code: str) -> ProgrammeVersion | None:
    """The newest version."""
    return await rows.fetch_one(tx.conn, GET, code)


async def list_versions(tx: Tx, code: str) -> list[ProgrammeVersion]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_VERSIONS, code)


async def insert(tx: Tx, entered: ProgrammeVersion) -> bool:
    """False: this version exists already."""
    document = entered.plan.model_dump(mode="json")
    return bool(
        await tx.conn.fetchval(INSERT, entered.code, entered.version, document, entered.reason, entered.entered_by, entered.entered_at)
    )
