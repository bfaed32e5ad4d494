"""Numbers that workers had in systems before this one."""

from __future__ import annotations

from collections.abc import Sequence

from services.registration.commands import RecordOldNumber
from services.registration.queries import old_numbers
from services.registration.usecases.workers import changed, lock
from services.registration.views import old_numbers as views
from services.registration.views.workers import Worker
from shared.db import Tx
from shared.delivery.audit_trail import note
from shared.old_numbers import OldNumber, OldNumberTaken, require_new
from shared.values import WorkerId


async def record_old_number(tx: Tx, worker_id: WorkerId, command: RecordOldNumber) -> Worker:
    """The worker is found by this number too; again for the same worker, nothing changes.

    Raises OldNumberTaken, OldNumberIsDocument, TooManyOldNumbers, and what `lock` raises.
    """
    worker = await lock(tx, worker_id, command.version)
    old = OldNumber(system=command.system, number=command.number)
    has = (await old_numbers.list_(tx, [worker.worker])).get(worker.worker, [])
    if old not in has:
        require_new(old, has)
        if await old_numbers.insert_all(tx, {worker.worker: old}):
            raise OldNumberTaken(field="number")
        await note(tx, worker.worker, "OldNumberRecorded", old.system)
    return await changed(tx, worker, written=False)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_known(tx: Tx, system: str, numbers: Sequence[str]) -> views.OldNumbers:
    """Whose they are, of workers of the principal's regions."""
    found = await old_numbers.list_known(tx, system, numbers)
    return views.OldNumbers(items=tuple(views.OldNumberOfWorker.model_validate(one) for one in found))


async def count(tx: Tx, system: str) -> views.OldNumberCounts:
    """How many of this system's numbers workers of the principal's regions have."""
    found = await old_numbers.get_counts(tx, system)
    return views.OldNumberCounts(system=system, items=tuple(views.NumbersOfProvince.model_validate(one) for one in found))
