"""The words that people wrote in cases about one worker: they may name somebody."""

from __future__ import annotations

from shared.db import Tx
from shared.values import WorkerId

UPDATE_CASES = "UPDATE rights_case SET text = 'erased' WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1)"
UPDATE_STATEMENTS = """
UPDATE case_statement SET text = 'erased' FROM rights_case JOIN ledger USING (placement)
WHERE rights_case."case" = case_statement."case" AND worker = $1
"""


async def update_texts_erased(tx: Tx, worker: WorkerId) -> None:
    """What was done, when and by whom stays."""
    await tx.conn.execute(UPDATE_CASES, worker)
    await tx.conn.execute(UPDATE_STATEMENTS, worker)
