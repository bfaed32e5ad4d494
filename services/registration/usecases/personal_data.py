"""Personal data in clear, workers found by their identity number, and who had either of them shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.registration.commands import CopyPersonalData, DisclosePersonalData, LookUpWorker
from services.registration.domain import identity
from services.registration.domain.accesses import AccessFilter, AccessKind
from services.registration.queries import corrections, personal_data, personal_data_accesses
from services.registration.queries import workers as worker_rows
from services.registration.queries.records import RECORDS
from services.registration.settings import vault
from services.registration.usecases import workers
from services.registration.views.accesses import Access, Accesses
from services.registration.views.corrections import IdentityAsked
from services.registration.views.personal_data import PersonalCopy, PersonalData
from services.registration.views.workers import Workers
from shared.db import Tx
from shared.paging import Page
from shared.records import list_records
from shared.values import WorkerId


async def disclose(tx: Tx, worker_id: WorkerId, command: DisclosePersonalData) -> PersonalData:
    """Personal data in clear, to a clerk of the county; who looked and why is recorded in the same transaction.

    Raises WorkerNotFound, Forbidden, WorkerErased.
    """
    worker = await workers.get(tx, worker_id)
    personal = await workers.open_personal(tx, worker)
    await personal_data_accesses.insert_all(tx, [worker.worker], AccessKind.SHOWN, command.reason)
    return PersonalData.from_personal_data(worker.worker, personal)


async def look_up(tx: Tx, command: LookUpWorker) -> Workers:
    """Who is registered under this identity number, in the principal's regions; others are not mentioned. Recorded like a look.

    Raises IdNumberForm, IdNumberCheck.
    """
    document = identity.parse_id_number(command.id_number)
    ids = await personal_data.list_workers_by_id_hash(tx, vault().id_hashes(document.text))
    found = [worker for worker in await worker_rows.list_(tx, ids) if tx.principal.covers_county(worker.county)]
    await personal_data_accesses.insert_all(tx, [worker.worker for worker in found], AccessKind.FOUND_BY_NUMBER, command.reason)
    return Workers(items=await workers.show_all(tx, found), next=None)


async def copy_personal_data(tx: Tx, worker_id: WorkerId, command: CopyPersonalData) -> PersonalCopy:
    """Everything held here, for the worker; also of one erased, then without personal data. Raises WorkerNotFound, Forbidden."""
    worker = await workers.get(tx, worker_id)
    absorbed = (await worker_rows.list_absorbed(tx, [worker.worker])).get(worker.worker, [])
    await personal_data_accesses.insert_all(tx, [worker.worker], AccessKind.COPIED, command.reason)
    held = await list_records(tx, RECORDS, worker.worker, county_in="worker")
    opened = await _open_all(tx, [worker.worker, *(one.worker for one in absorbed)])
    return PersonalCopy(
        worker=worker.worker,
        worker_no=worker.worker_no,
        personal=opened.pop(worker.worker, None),
        absorbed=tuple(opened.values()),
        correction_asked=await _correction_asked(tx, worker.worker),
        tables=held.tables,
    )


async def _open_all(tx: Tx, ids: Sequence[WorkerId]) -> dict[WorkerId, PersonalData]:
    """In clear; whoever is erased is absent."""
    sealed = await personal_data.get_sealed(tx, ids)
    opened = await vault().open_all(sealed)
    return {one: PersonalData.from_personal_data(one, opened[one]) for one in ids if one in opened}


async def _correction_asked(tx: Tx, worker_id: WorkerId) -> IdentityAsked | None:
    pending = await corrections.get_pending(tx, worker_id)
    sealed = await corrections.get_sealed(tx, pending.correction) if pending else None
    return IdentityAsked.from_change(pending, await vault().open_change(worker_id, sealed)) if pending and sealed else None


async def list_accesses(tx: Tx, page: Page, wanted: AccessFilter) -> Accesses:
    """Who read whose personal data: of workers of the principal's regions."""
    items, following = await personal_data_accesses.list_(tx, page, wanted)
    return Accesses(items=tuple(map(Access.model_validate, items)), next=following)


async def list_accesses_of(tx: Tx, page: Page, worker_id: WorkerId) -> Accesses:
    """Who read this worker's. Raises WorkerNotFound, Forbidden."""
    worker = await workers.get(tx, worker_id)
    return await list_accesses(tx, page, AccessFilter(worker=worker.worker))
