"""The words that cells are keyed by: codes of counties, destinations and occupations, ids of enterprises, and the like."""

from __future__ import annotations

from collections.abc import Sequence

from shared.db import Tx

LIST = "SELECT word FROM word"
LIST_NUMBERS = "SELECT coalesce(array_agg(code), '{}') FROM word WHERE word = ANY ($1)"
# Six digits that are no province: whatever came where a county's code is expected.
LIST_COUNTIES = "SELECT word FROM word WHERE word ~ '^[1-9][0-9]{5}$' AND right(word, 4) <> '0000'"


async def list_(tx: Tx) -> frozenset[str]:
    """Every word that anything was ever counted by."""
    return frozenset(row["word"] for row in await tx.conn.fetch(LIST))


async def list_numbers(tx: Tx, words: Sequence[str]) -> list[int]:
    """The numbers that words are stored as. PostgreSQL plans by how many there are, which it does not see in a sub-select."""
    found: list[int] = await tx.conn.fetchval(LIST_NUMBERS, words)
    return found


async def list_counties(tx: Tx) -> set[str]:
    """Every county that cells are keyed by, known to a list or not."""
    return {row["word"] for row in await tx.conn.fetch(LIST_COUNTIES)}
