"""Personal data brought under the present master key, a bounded batch at a time; what is under it already is left alone."""

from __future__ import annotations

from services.registration.commands import RewrapKeys
from services.registration.personal_data.master_keys import Kept
from services.registration.queries import wrapped_keys
from services.registration.settings import vault
from services.registration.views.wrapped_keys import Rewrapped
from shared.db import Tx

BATCH = 1_000


async def rewrap(tx: Tx, command: RewrapKeys) -> Rewrapped:
    """Of data keys that no key here opens nothing is changed; they are counted. Raises KeysUnavailable."""
    found = await wrapped_keys.lock_after(tx, command.holder, command.after, BATCH)
    outcomes = await vault().keys.rewrap([(one.worker, one.wrapped_key) for one in found])
    changed = [(one.id, outcome) for one, outcome in zip(found, outcomes, strict=True) if isinstance(outcome, bytes)]
    await wrapped_keys.update_all(tx, command.holder, changed)
    following = found[-1].id if len(found) == BATCH else None
    return Rewrapped(seen=len(found), rewrapped=len(changed), unreadable=outcomes.count(Kept.UNREADABLE), next=following)
