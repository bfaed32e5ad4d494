"""Tokens that are locked out by their id (`jti`), such as one that has leaked: refused everywhere a few seconds after the command."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from shared.db import Database, Tx, Unavailable
from shared.values import Line
from shared.web.claims import Name

logger = logging.getLogger("laowu.tokens")

LOOK_SECONDS = 2.0
LIST_DIGESTS = "SELECT digest FROM token_lock ORDER BY digest"
INSERT = """
INSERT INTO token_lock (digest, locked_at, locked_by, reason) VALUES ($1, now(), $2, $3) ON CONFLICT (digest) DO NOTHING
"""


class LockToken(BaseModel):
    """Let nobody in with this token any more. `token_id`: its claim `jti`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token_id: Name
    why: Line


class TokenLocked(BaseModel):
    """`digest`: by which the token is known from now on."""

    digest: str


class LockedTokens(BaseModel):
    """SHA-256 of the ids of all tokens that are locked out."""

    digests: list[str]


@lru_cache(10_000)
def digest(token_id: str) -> str:
    return hashlib.sha256(token_id.encode()).hexdigest()


async def lock(tx: Tx, command: LockToken) -> TokenLocked:
    """Again is the same."""
    found = digest(command.token_id)
    await tx.conn.execute(INSERT, found, str(tx.principal), command.why)
    logger.warning("%s locked out the token of digest %s", tx.principal, found)
    return TokenLocked(digest=found)


async def list_locks(tx: Tx) -> LockedTokens:
    return LockedTokens(digests=[row["digest"] for row in await tx.conn.fetch(LIST_DIGESTS)])


async def read_locks(database: Database) -> frozenset[str]:
    """Raises Unavailable."""
    async with database.connection() as conn:
        return frozenset(row["digest"] for row in await conn.fetch(LIST_DIGESTS))


@dataclass(slots=True)
class TokenLocks:
    """What `read` gives, asked for again every LOOK_SECONDS while requests come; one that finds it older than twice that waits for it.

    Nothing is ever unlocked, so what is known holds on where `read` raises Unavailable, or gives a part only.
    """

    read: Callable[[], Awaitable[frozenset[str]]]
    _: KW_ONLY
    now: Callable[[], float] = time.monotonic
    _digests: frozenset[str] = field(default=frozenset(), init=False)
    _looked_at: float = field(default=float("-inf"), init=False)
    _looking: asyncio.Task[None] | None = field(default=None, init=False)

    async def holds(self, token_id: str) -> bool:
        age = self.now() - self._looked_at
        if self._looking is None and age >= LOOK_SECONDS:
            self._looking = asyncio.create_task(self._look(), name="token locks")
        if self._looking is not None and age >= 2 * LOOK_SECONDS:
            await asyncio.shield(self._looking)
        return digest(token_id) in self._digests

    async def _look(self) -> None:
        try:
            self._digests |= await self.read()
        except Unavailable as error:
            logger.warning("token locks cannot be read, those known hold on: %s", error)
        finally:
            self._looked_at = self.now()
            self._looking = None
