"""The words that cells are keyed by: codes of counties, destinations and occupations, ids of enterprises, and the like."""

from __future__ import annotations

from shared.db import Tx

LIST = "SELECT word FROM word"


async def list_(tx: Tx) -> frozenset[str]:
    """Every word that anything was ever counted by."""
    return frozenset(row["word"] for row in await tx.conn.fetch(LIST))
