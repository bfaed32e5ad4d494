"""Names stored before they were spelt as passports do: spelt anew, so that they are found, and compared."""

from __future__ import annotations

import logging
from dataclasses import replace

from services.registration.personal_data.name_romanisation import romanise_by_character, romanise_name
from services.registration.personal_data.vault import PersonalData
from services.registration.queries import personal_data, workers
from services.registration.queries.personal_data import Hashes
from services.registration.settings import vault
from services.registration.usecases.new_workers import sealed_record
from services.registration.usecases.suspicions import suspect
from shared.db import Tx

logger = logging.getLogger(__name__)


async def respell(tx: Tx, limit: int) -> int:
    """One bounded batch; a killed process goes on with what is left. Returns how many. Whose key is not here stays as it was."""
    held = await personal_data.lock_respelt(tx, limit)
    if not held:
        return 0
    await personal_data.lock_all_keys(tx)
    opened = await vault().open_readable({one.worker: one.sealed for one in held})
    keys = {one.worker: Hashes((one.id_hash,) if one.id_hash else (), (one.blocking_hash,)) for one in held}
    for worker in await workers.list_stated(tx, list(opened)):
        record = await sealed_record(worker, respelt(opened[worker.worker]))
        await personal_data.update(tx, record)
        keys[worker.worker] = record.hashes
    unreadable = [one.worker for one in held if one.worker not in opened]
    if unreadable:
        logger.error("personal data of %s workers do not open under the present key: found by document only", len(unreadable))
        await personal_data.update_unreadable(tx, unreadable)
    await suspect(tx, keys)
    return len(held)


def respelt(personal: PersonalData) -> PersonalData:
    """A spelling that somebody stated stays; one that was made from the characters is made anew."""
    if personal.name_pinyin != romanise_by_character(personal.name):
        return personal
    return replace(personal, name_pinyin=romanise_name(personal.name))
