"""Who is suspected to be registered twice: found by keys, which are hashes, at every registration and every change of one."""

from __future__ import annotations

from collections.abc import Mapping

from services.registration.queries import duplicates, personal_data
from services.registration.queries.personal_data import Hashes, PersonalRecord
from services.registration.settings import policy
from services.registration.usecases import event_fields
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import WorkerId


async def rewrite(tx: Tx, record: PersonalRecord) -> None:
    """Write what identifies a worker, and look who shares it now."""
    await personal_data.lock_keys(tx, [record])
    await personal_data.update(tx, record)
    await suspect(tx, {record.worker: record.hashes})


async def suspect(tx: Tx, keys: Mapping[WorkerId, Hashes]) -> int:
    """Whoever shares a key with one of these is suspected to be the same person. Returns how many pairs are new.

    The caller has locked their keys.
    """
    found = await duplicates.list_suspicions(tx, keys, policy().registration_duplicates_per_key)
    if not found:
        return 0
    suspicions = {(one.earlier, one.later): one for one in found}
    fresh = [one for one in await duplicates.insert_suspected(tx, found) if one.fresh]
    today = tx.clock.today()
    published = (event_fields.duplicate_suspected(one.duplicate, suspicions[one.earlier, one.later], today) for one in fresh)
    publish_and_audit(tx, *published)
    return len(fresh)
