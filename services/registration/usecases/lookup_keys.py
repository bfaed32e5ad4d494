"""The hashes by which people are found brought under the present lookup key, a bounded batch at a time.

Meanwhile two keys are valid: whoever is registered, found or put right is looked for under both, so it does not matter under which
of them a person is stored, or which of them a process writes.
"""

from __future__ import annotations

from services.registration.commands import RehashKeys
from services.registration.queries import personal_data, verified_documents, workers
from services.registration.queries.personal_data import HashedRow, Hashes
from services.registration.settings import vault
from services.registration.usecases.new_workers import hashes_of
from services.registration.views.lookup_keys import Rehashed
from shared.db import Tx
from shared.values import WorkerId

BATCH = 1_000


async def rehash(tx: Tx, command: RehashKeys) -> Rehashed:
    """Of personal data that no key here opens nothing is changed; they are counted. Raises KeysUnavailable."""
    held = await personal_data.lock_after(tx, WorkerId(command.after) if command.after else None, BATCH)
    hashes = await _present(tx, held)
    outdated = {one.worker: hashes[one.worker] for one in held if one.worker in hashes and not _is_present(one, hashes[one.worker])}
    documents = [(one, all_[0]) for all_ in (found.ids for found in hashes.values()) for one in all_[1:]]
    if not command.check:
        await personal_data.update_hashes(tx, outdated)
        await verified_documents.update_hashes(tx, documents)
    is_last = len(held) < BATCH
    return Rehashed(
        seen=len(held),
        outdated=len(outdated),
        unreadable=len(held) - len(hashes),
        next=None if is_last else held[-1].worker,
        unknown_documents=await verified_documents.get_unknown_count(tx) if is_last else None,
    )


async def _present(tx: Tx, held: list[HashedRow]) -> dict[WorkerId, Hashes]:
    """Of those that open. The county is read once the rows are locked: who moves meanwhile is hashed anew by whoever moves them."""
    opened = await vault().open_readable({one.worker: one.sealed for one in held})
    counties = {worker.worker: worker.county for worker in await workers.list_stated(tx, list(opened))}
    return {worker: hashes_of(personal, counties[worker]) for worker, personal in opened.items()}


def _is_present(one: HashedRow, hashes: Hashes) -> bool:
    return (one.id_hash, one.blocking_hash) == (hashes.ids[0] if hashes.ids else None, hashes.blocking[0])
