"""A command repeated with its Idempotency-Key is done once: the answer is kept by its key, in the command's own transaction.

A key has one row, so a repeat cannot commit: all that it has done is rolled back, and it is given the answer that is there. It does not
look for that before, since nearly all requests are the first of their key. A repeat that comes while the first is being done waits for
it to end. The row would make it wait as well, but not if it is refused before: for what somebody else has changed since the first one
looked, or because it is past midnight. It would be answered so, and the first one would be done all the same.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

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


def turn_of(principal: str, key: str) -> int:
    """A number by which requests with one key are done one after the other, in whatever process; other keys may share it."""
    return int.from_bytes(hashlib.sha256(f"{principal} {key}".encode()).digest()[:7])


async def find_answer(tx: Tx, principal: str, key: str, hashes: Sequence[bytes]) -> tuple[int, bytes] | None:
    """(status, body) of the answer to the first request with this key; None if none is done. Raises KeyReused."""
    row = await tx.conn.fetchrow(STORED, principal, key)
    if row is None:
        return None
    if row["request_hash"] not in hashes:
        raise KeyReused(field="Idempotency-Key")
    return row["status"], row["body"]
