"""Personal data in clear, and workers found by their identity number."""

from __future__ import annotations

from services.registration.commands import DisclosePersonalData, LookUpWorker
from services.registration.domain import identity
from services.registration.queries import personal_data
from services.registration.queries import workers as worker_rows
from services.registration.settings import vault
from services.registration.usecases import workers
from services.registration.views.personal_data import PersonalData
from services.registration.views.workers import Workers
from shared.db import Tx
from shared.delivery.audit_trail import note
from shared.values import WorkerId


async def disclose(tx: Tx, worker_id: WorkerId, command: DisclosePersonalData) -> PersonalData:
    """Personal data in clear, to a clerk of the county; the look and its reason go into the history in the same transaction.

    Raises WorkerNotFound, Forbidden.
    """
    worker = await workers.get(tx, worker_id)
    personal = await workers.open_personal(tx, worker)
    await note(tx, worker.worker, "PersonalDataDisclosed", command.reason)
    return PersonalData.from_personal_data(worker.worker, personal)


async def look_up(tx: Tx, command: LookUpWorker) -> Workers:
    """Who is registered under this identity number, in the principal's regions; others are not mentioned.

    Raises IdNumberForm, IdNumberCheck.
    """
    document = identity.parse_id_number(command.id_number)
    ids = await personal_data.list_workers_by_id_hash(tx, vault().id_hash(document.text))
    found = [worker for worker in await worker_rows.list_(tx, ids) if tx.principal.covers_county(worker.county)]
    return Workers(items=await workers.show_all(tx, found), next=None)
