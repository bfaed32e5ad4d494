"""Names stored before they were spelt as passports do: spelt anew, so that they are found, and compared."""

from __future__ import annotations

import logging
from dataclasses import replace

from services.registration.personal_data.name_romanisation import romanise_by_character, romanise_name
from services.registration.personal_data.vault import PersonalData, Unreadable
from services.registration.queries import personal_data, workers
from services.registration.queries.personal_data import Respelt
from services.registration.settings import vault
from services.registration.usecases.new_workers import sealed_record
from services.registration.usecases.suspicions import suspect
from shared.db import Tx
from shared.values import WorkerId

logger = logging.getLogger(__name__)


async def respell(tx: Tx, limit: int) -> int:
    """One bounded batch; a killed process goes on with what is left. Returns how many. Whose key is not here stays as it was."""
    held = await personal_data.lock_respelt(tx, limit)
    if not held:
        return 0
    await personal_data.lock_all_keys(tx)
    unreadable: list[WorkerId] = []
    for one in held:
        try:
            await _respell(tx, one)
        except Unreadable:
            unreadable.append(one.worker)
    if unreadable:
        logger.error("personal data of %s workers do not open under the present key: found by document only", len(unreadable))
        await personal_data.update_unreadable(tx, unreadable)
    await suspect(tx, [one.worker for one in held])
    return len(held)


async def _respell(tx: Tx, one: Respelt) -> None:
    worker = await workers.list_stated(tx, [one.worker])
    personal = respelt(vault().open(one.worker, one.sealed))
    await personal_data.update(tx, sealed_record(worker[0], personal))


def respelt(personal: PersonalData) -> PersonalData:
    """A spelling that somebody stated stays; one that was made from the characters is made anew."""
    if personal.name_pinyin != romanise_by_character(personal.name):
        return personal
    return replace(personal, name_pinyin=romanise_name(personal.name))
