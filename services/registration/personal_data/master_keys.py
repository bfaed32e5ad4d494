"""What wraps the data keys of personal data: a master key of this process, or a provider that keeps it (transit.py).

Every call is for many, since a provider is asked over the network. The first byte of a wrapped key says who wrapped it, so that keys
can be taken from one to the other while people work (`laowu keys rewrap`).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.db import Unavailable
from shared.values import WorkerId

KEY_BYTES = 32
NONCE_BYTES = 12
SEALED = b"\x01"  # nonce (12) | AES-256-GCM, AAD = worker id
OfWorker = tuple[WorkerId, bytes]  # a data key, or a wrapped one, and whose it is


class Unreadable(Exception):
    """The ciphertext or its key was altered, belongs to another worker, or was sealed under another master key."""


class KeysUnavailable(Unavailable):
    """The keys of personal data are not to be had now; nothing was written. The caller may try again."""

    code = "KEYS_UNAVAILABLE"
    retry_seconds = 5


class Kept(Enum):
    """Why a wrapped key is left as it is."""

    CURRENT = "current"
    UNREADABLE = "unreadable"


class MasterKeys(Protocol):
    """`FORMAT`: the first byte of what it wraps."""

    FORMAT: ClassVar[bytes]

    async def wrap(self, keys: Sequence[OfWorker]) -> list[bytes]:
        """Raises KeysUnavailable."""

    async def unwrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | None]:
        """The data keys; None for what does not open. Raises KeysUnavailable."""

    async def rewrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | Kept]:
        """The same data keys under the newest master key. Raises KeysUnavailable."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`wrapping`: who wraps from now on. `others`: who wrapped before; they open what they wrapped."""

    wrapping: MasterKeys
    others: tuple[MasterKeys, ...] = ()

    async def wrap(self, keys: Sequence[OfWorker]) -> list[bytes]:
        return await self.wrapping.wrap(keys)

    async def unwrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | None]:
        found: dict[int, bytes | None] = {}
        for keys in (self.wrapping, *self.others):
            theirs = {place: one for place, one in enumerate(wrapped) if one[1][:1] == keys.FORMAT}
            if theirs:
                found |= zip(theirs, await keys.unwrap(list(theirs.values())), strict=True)
        return [found.get(place) for place in range(len(wrapped))]

    async def rewrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | Kept]:
        """What others wrapped is wrapped by the present one."""
        found: dict[int, bytes | Kept] = {}
        own = {place: one for place, one in enumerate(wrapped) if one[1][:1] == self.wrapping.FORMAT}
        if own:
            found |= zip(own, await self.wrapping.rewrap(list(own.values())), strict=True)
        theirs = {place: one for place, one in enumerate(wrapped) if place not in own}
        opened = dict(zip(theirs, await self.unwrap(list(theirs.values())), strict=True))
        moved = {place: (wrapped[place][0], key) for place, key in opened.items() if key is not None}
        if moved:
            found |= zip(moved, await self.wrap(list(moved.values())), strict=True)
        return [found.get(place, Kept.UNREADABLE) for place in range(len(wrapped))]


class LocalKeys:
    """A master key out of the environment or a file of /run/secrets, and those before it, which open and wrap nothing."""

    FORMAT: ClassVar[bytes] = SEALED

    def __init__(self, master_key: bytes, previous: Sequence[bytes] = ()) -> None:
        if any(len(key) != KEY_BYTES for key in (master_key, *previous)):
            message = f"keys must have {KEY_BYTES} bytes"
            raise ValueError(message)
        self._master = AESGCM(master_key)
        self._previous = [AESGCM(key) for key in previous]

    async def wrap(self, keys: Sequence[OfWorker]) -> list[bytes]:
        return [encrypt(self._master, secrets.token_bytes(NONCE_BYTES), key, worker) for worker, key in keys]

    async def unwrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | None]:
        return [self._unwrap(worker, one) for worker, one in wrapped]

    async def rewrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | Kept]:
        return await asyncio.to_thread(lambda: [self._rewrap(worker, one) for worker, one in wrapped])

    def _unwrap(self, worker: WorkerId, wrapped: bytes) -> bytes | None:
        for cipher in (self._master, *self._previous):
            with contextlib.suppress(Unreadable):
                return decrypt(cipher, wrapped, worker)
        return None

    def _rewrap(self, worker: WorkerId, wrapped: bytes) -> bytes | Kept:
        with contextlib.suppress(Unreadable):
            decrypt(self._master, wrapped, worker)
            return Kept.CURRENT
        key = self._unwrap(worker, wrapped)
        return Kept.UNREADABLE if key is None else encrypt(self._master, secrets.token_bytes(NONCE_BYTES), key, worker)


def encrypt(cipher: AESGCM, nonce: bytes, plain: bytes, worker: WorkerId) -> bytes:
    return SEALED + nonce + cipher.encrypt(nonce, plain, worker.bytes)


def decrypt(cipher: AESGCM, sealed: bytes, worker: WorkerId) -> bytes:
    """Raises Unreadable."""
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if sealed[:1] != SEALED or len(nonce) != NONCE_BYTES:
        raise Unreadable(f"personal data of worker {worker}: unknown format")
    try:
        return cipher.decrypt(nonce, body, worker.bytes)
    except InvalidTag as error:
        raise Unreadable(f"personal data of worker {worker} do not open") from error
