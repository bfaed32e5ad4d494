"""Explanations and evidence that people wrote about one worker: they may name somebody."""

from __future__ import annotations

from shared.db import Tx
from shared.values import WorkerId

UPDATE_CERTIFICATES = "UPDATE certificate SET revoked_explanation = NULL WHERE worker = $1"
UPDATE_FINDINGS = "UPDATE finding SET explanation = 'erased' WHERE worker = $1 AND explanation IS NOT NULL"
UPDATE_RECOGNITIONS = "UPDATE recognition SET evidence = 'erased' WHERE worker = $1"


async def update_explanations_erased(tx: Tx, worker: WorkerId) -> None:
    """What was decided, when and by whom stays."""
    await tx.conn.execute(UPDATE_CERTIFICATES, worker)
    await tx.conn.execute(UPDATE_FINDINGS, worker)
    await tx.conn.execute(UPDATE_RECOGNITIONS, worker)
