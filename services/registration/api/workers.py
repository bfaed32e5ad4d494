"""Workers: registered, verified, found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import NumberReader, Officer, Reader, Writer
from services.registration.commands import (
    ChangeResidence,
    EraseWorker,
    RegisterWorker,
    ReinstateWorker,
    SetHouseholdStatus,
    SuspendWorker,
    VerifyWorker,
)
from services.registration.domain.validity import Validity
from services.registration.domain.willingness import Willingness
from services.registration.domain.workers import Assurance, WorkerFilter
from services.registration.usecases import erasures, residences, validity, workers
from services.registration.views.workers import Worker, WorkerNumbers, Workers
from shared.delivery.audit_trail import History
from shared.old_numbers import OldNumberText
from shared.paging import Page
from shared.values import CountyField, ImportId, OccupationField, WorkerId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/workers", status_code=201, response_model=Worker)
async def register_worker(body: RegisterWorker, call: Writer) -> Response:
    return await call.command(lambda tx: workers.register_worker(tx, body), status=201)


@router.get("/workers")
async def list_workers(
    call: Reader,
    page: Annotated[Page, paged("registered_on", "county")],
    *,
    worker_no: Annotated[str | None, Query(max_length=24)] = None,
    county: CountyField | None = None,
    state: Willingness | None = None,
    import_id: ImportId | None = None,
    occupation: OccupationField | None = None,
    assurance: Annotated[Assurance | None, Query(description="only with this assurance of the identity")] = None,
    validity: Annotated[Validity | None, Query(description="only of this validity")] = None,
    old_number: OldNumberText | None = None,
) -> Workers:
    wanted = WorkerFilter(
        worker_no=worker_no, county=county, state=state, import_id=import_id, occupation=occupation, assurance=assurance, validity=validity
    )
    return await call.query(lambda tx: workers.list_workers(tx, page, wanted, old_number))


@router.get("/workers/by-number/{worker_no}")
async def show_worker_by_number(worker_no: str, call: Reader) -> Worker:
    return await call.query(lambda tx: workers.show_worker_by_number(tx, worker_no))


@router.get("/worker-numbers")
async def list_worker_numbers(
    call: NumberReader, worker: Annotated[list[WorkerId], Query(max_length=200, description="ids of workers, repeated")]
) -> WorkerNumbers:
    """The numbers of workers whose ids another service has shown to the caller."""
    return await call.query(lambda tx: workers.list_worker_numbers(tx, worker))


@router.get("/workers/{worker}")
async def show_worker(worker: WorkerId, call: Reader) -> Worker:
    return await call.query(lambda tx: workers.show_worker(tx, worker))


@router.get("/workers/{worker}/history")
async def worker_history(worker: WorkerId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: workers.history(tx, worker, after, limit))


@router.post("/workers/{worker}/residence", response_model=Worker)
async def change_residence(worker: WorkerId, body: ChangeResidence, call: Writer) -> Response:
    return await call.command(lambda tx: residences.change_residence(tx, worker, body))


@router.post("/workers/{worker}/household-status", response_model=Worker)
async def set_household_status(worker: WorkerId, body: SetHouseholdStatus, call: Writer) -> Response:
    return await call.command(lambda tx: residences.set_household_status(tx, worker, body))


@router.post("/workers/{worker}/suspension", response_model=Worker)
async def suspend_worker(worker: WorkerId, body: SuspendWorker, call: Officer) -> Response:
    return await call.command(lambda tx: validity.suspend_worker(tx, worker, body))


@router.post("/workers/{worker}/reinstatement", response_model=Worker)
async def reinstate_worker(worker: WorkerId, body: ReinstateWorker, call: Officer) -> Response:
    return await call.command(lambda tx: validity.reinstate_worker(tx, worker, body))


@router.post("/workers/{worker}/erasure", response_model=Worker)
async def erase_worker(worker: WorkerId, body: EraseWorker, call: Officer) -> Response:
    """For good: the key to the personal data is destroyed."""
    return await call.command(lambda tx: erasures.erase_worker(tx, worker, body))


@router.post("/workers/{worker}/verification", response_model=Worker)
async def verify_worker(worker: WorkerId, body: VerifyWorker, call: Writer) -> Response:
    return await call.command(lambda tx: workers.verify_worker(tx, worker, body))
