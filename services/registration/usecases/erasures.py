"""Personal data erased for good: the key is destroyed, what was counted stays."""

from __future__ import annotations

from dataclasses import replace

from services.registration.commands import EraseWorker
from services.registration.domain.errors import WorkerNumberDiffers
from services.registration.domain.stays import require_erasable
from services.registration.domain.validity import Step, validity_after
from services.registration.domain.willingness import Willingness
from services.registration.domain.workers import supply_not_before
from services.registration.queries import corrections, duplicates, imports, open_placements, personal_data, stays, workers
from services.registration.settings import policy
from services.registration.usecases import event_fields
from services.registration.usecases.validity import unwilling
from services.registration.usecases.willingness import lapsed
from services.registration.usecases.workers import changed, lock
from services.registration.views.workers import Worker as WorkerView
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import WorkerId


async def erase_worker(tx: Tx, worker_id: WorkerId, command: EraseWorker) -> WorkerView:
    """The row that holds ciphertext, wrapped key and hashes is deleted, and what hangs on it; codes, days and histories stay.

    With it those of every registration that was merged into this one.
    Raises WorkerNumberDiffers, ErasureNotYet, and what `lock` raises.
    """
    worker = await lock(tx, worker_id, command.version)
    if command.worker_no != worker.worker_no:
        raise WorkerNumberDiffers(field="worker_no")
    today = tx.clock.today()
    placements, been_abroad = await open_placements.list_of_worker(tx, worker.worker), await stays.list_(tx, [worker.worker])
    require_erasable(placements, been_abroad, today, days=policy().registration_erasure_days)
    day = max(today, supply_not_before(worker))
    worker, changes = lapsed(worker, day)
    if worker.willingness is Willingness.WILLING:
        changes.append(event_fields.willingness_withdrawn(worker, day, "erased"))
    erased = replace(unwilling(worker, day), validity=validity_after(worker.validity, Step.ERASE), validity_since=day, suspended_for=None)
    await personal_data.lock_all_keys(tx)  # whoever is compared with this one is so before: the pair is found below
    await workers.update(tx, erased)
    absorbed = (await workers.list_absorbed(tx, [worker.worker])).get(worker.worker, [])
    everyone = [worker, *await workers.list_stated(tx, [one.worker for one in absorbed])]
    await personal_data.delete(tx, [one.worker for one in everyone])
    await corrections.update_withdrawn(tx, worker.worker)
    await duplicates.update_erased(tx, worker.worker)
    for one in everyone:
        if one.import_id is not None:
            await imports.update_values_erased(tx, one.import_id, one.import_row)
    # Under every number: what other services hold under an absorbed one they join in the order of that number's events.
    gone = (
        events.WorkerErased(worker=one.worker, origin=reference.origin(one.county, day), reason=command.reason, effective=day)
        for one in everyone
    )
    publish_and_audit(tx, *changes, *gone)
    return await changed(tx, erased)
