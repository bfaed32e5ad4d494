"""A command repeated with its Idempotency-Key is done once: the key is claimed by an INSERT in the command's own transaction."""

from __future__ import annotations

import re

from shared.db import Tx
from shared.errors import Invalid

KEY = re.compile(r"^[\x21-\x7e]{8,200}$")


class KeyMissing(Invalid):
    """A POST needs an Idempotency-Key header of 8 to 200 printable ASCII characters."""

    slug = "IDEMPOTENCY_KEY_MISSING"
    status = 400


class KeyReused(Invalid):
    """The Idempotency-Key was used for another request."""

    slug = "IDEMPOTENCY_KEY_REUSED"


CLAIM = """
INSERT INTO idempotency (principal, key, request_hash, created_at) VALUES ($1, $2, $3, now())
ON CONFLICT (principal, key) DO NOTHING RETURNING true
"""
STORED = "SELECT request_hash, status, body FROM idempotency WHERE principal = $1 AND key = $2"


async def claim(tx: Tx, principal: str, key: str, digest: bytes) -> tuple[int, bytes] | None:
    """None: ours to run. Otherwise the answer stored by the first. Raises KeyReused."""
    if await tx.conn.fetchval(CLAIM, principal, key, digest):
        return None
    row = await tx.conn.fetchrow(STORED, principal, key)
    if row["request_hash"] != digest:
        raise KeyReused(field="Idempotency-Key")
    return row["status"], row["body"]
