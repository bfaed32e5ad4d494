"""A command repeated with its Idempotency-Key is done once: the key is claimed by an INSERT in the command's own transaction."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request

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


def require_key(request: Request) -> str:
    """Raises KeyMissing."""
    key = request.headers.get("idempotency-key", "")
    if not KEY.match(key):
        raise KeyMissing(field="Idempotency-Key")
    return key


async def request_hashes(request: Request, keys: Sequence[bytes]) -> tuple[bytes, ...]:
    """What tells another request from a repeat: SHA-256 over method, path, query and body, or HMAC under each key; the first is kept."""
    scope = request.scope
    head = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"] + b"\n"
    content = head + await request.body()
    return tuple(hmac.digest(key, content, "sha256") for key in keys) or (hashlib.sha256(content).digest(),)


async def claim(tx: Tx, principal: str, key: str, hashes: Sequence[bytes]) -> tuple[int, bytes] | None:
    """None: the key is ours, run the command. Otherwise (status, body) of the first request's answer. Raises KeyReused.

    While the first request runs, the INSERT of a repeat waits for its commit.
    """
    if await tx.conn.fetchval(CLAIM, principal, key, hashes[0]):
        return None
    return _answer_of(await tx.conn.fetchrow(STORED, principal, key), hashes)


async def find_answer(tx: Tx, principal: str, key: str, hashes: Sequence[bytes]) -> tuple[int, bytes] | None:
    """(status, body) of the answer to the first request with this key; None if none is done. Raises KeyReused."""
    row = await tx.conn.fetchrow(STORED, principal, key)
    return None if row is None else _answer_of(row, hashes)


def _answer_of(row: Mapping[str, Any], hashes: Sequence[bytes]) -> tuple[int, bytes]:
    if row["request_hash"] not in hashes:
        raise KeyReused(field="Idempotency-Key")
    return row["status"], row["body"]
