"""Names of enterprises and employers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from shared.db import Tx

LIST_NAMES = """
SELECT id, name FROM enterprise WHERE id = ANY($1::uuid[]) UNION ALL SELECT id, name FROM employer WHERE id = ANY($1::uuid[])
"""


async def list_names(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The name of each that there is."""
    return {row["id"]: row["name"] for row in await tx.conn.fetch(LIST_NAMES, ids)}
