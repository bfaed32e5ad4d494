"""Personal data brought under the present master key, a bounded batch at a time; what is under it already is left alone."""

from __future__ import annotations

import asyncio
from uuid import UUID

from services.registration.commands import RewrapKeys
from services.registration.personal_data.vault import Unreadable
from services.registration.queries import wrapped_keys
from services.registration.queries.wrapped_keys import Wrapped
from services.registration.settings import vault
from services.registration.views.wrapped_keys import Rewrapped
from shared.db import Tx

BATCH = 1_000


async def rewrap(tx: Tx, command: RewrapKeys) -> Rewrapped:
    """Of data keys that no key here opens nothing is changed; they are counted."""
    found = await wrapped_keys.lock_after(tx, command.holder, command.after, BATCH)
    changed, unreadable = await asyncio.to_thread(_rewrap_all, found)
    await wrapped_keys.update_all(tx, command.holder, changed)
    following = found[-1].id if len(found) == BATCH else None
    return Rewrapped(seen=len(found), rewrapped=len(changed), unreadable=unreadable, next=following)


def _rewrap_all(found: list[Wrapped]) -> tuple[list[tuple[UUID, bytes]], int]:
    changed, unreadable = [], 0
    for one in found:
        try:
            wrapped = vault().rewrap(one.worker, one.wrapped_key)
        except Unreadable:
            unreadable += 1
            continue
        if wrapped is not None:
            changed.append((one.id, wrapped))
    return changed, unreadable
