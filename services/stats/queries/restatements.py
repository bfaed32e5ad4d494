"""Every restatement that was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared import rows
from shared.db import Tx
from shared.events import FigureRestated
from shared.paging import Page, fetch_page
from shared.rows import Columns


@dataclass(frozen=True, slots=True)
class Restatement:
    """`version`: of the close that the figure was frozen by. `effective`: the day on which it became known, as ISO 8601 has it."""

    id: int
    version: int
    event: FigureRestated
    effective: str


RESTATEMENT = Columns(Restatement, "id, version, event, event ->> 'effective' AS effective")
INSERT_ALL = """
INSERT INTO restatement (period, version, event)
SELECT period, version, event FROM unnest($1::text[], $2::integer[], $3::jsonb[]) AS row (period, version, event)
"""
WANTED = "($1::text IS NULL OR period = $1) AND ($2::text IS NULL OR event ->> 'scope' = $2)"
LIST = RESTATEMENT.pages("restatement", WANTED, "effective text", key="id bigint")
LIST_NATIONAL = RESTATEMENT.select("""
FROM restatement
WHERE period = $1 AND version = $2 AND event ->> 'scope' = 'nation:CN' AND event ->> 'measure' = ANY($3::text[])
ORDER BY id DESC LIMIT $4
""")


async def insert_all(tx: Tx, restated: Sequence[tuple[int, FigureRestated]]) -> None:
    """(version of the close, restatement)."""
    periods, versions = [event.period for _, event in restated], [version for version, _ in restated]
    await tx.conn.execute(INSERT_ALL, periods, versions, [event.model_dump(mode="json") for _, event in restated])


async def list_(tx: Tx, page: Page, period: str | None, scope: str | None) -> tuple[Sequence[Restatement], str | None]:
    return await fetch_page(tx.conn, LIST, page, period, scope)


async def list_national(tx: Tx, period: str, version: int, *, measures: Sequence[str], limit: int) -> list[Restatement]:
    """Of the nation's figures of one close, newest first."""
    return await rows.fetch(tx.conn, LIST_NATIONAL, period, version, list(measures), limit)
