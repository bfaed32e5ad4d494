"""registration over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.registration import sheet, views
from services.registration.commands import (
    DisclosePersonalData,
    LookUpWorker,
    RecordWillingness,
    RegisterWorker,
    VerifyWorker,
    WithdrawWillingness,
)
from services.registration.domain import Willingness
from services.registration.queries import Filter
from services.registration.settings import Programme, Settings, programme
from services.registration.usecases import imports, willingness, workers
from shared.db import Cause
from shared.delivery.audit_trail import History
from shared.principals import Role
from shared.sheets import Kind, kind_of
from shared.values import CountyField, DestinationField, ImportId, OccupationField, WorkerId
from shared.web.call import Call, allow

router = APIRouter()

Writer = Annotated[Call, allow(Role.CLERK, Role.OFFICER)]
Reader = Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.AUDITOR)]
Clerk = Annotated[Call, allow(Role.CLERK)]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int, Query(ge=0, lt=2**63)]


def _programme(call: Call) -> Programme:
    settings = call.service.settings
    if not isinstance(settings, Settings):
        message = "registration runs on its own settings"
        raise TypeError(message)
    return programme(settings)


# --- workers ----------------------------------------------------------------------------------------------------------
@router.post("/workers", status_code=201, response_model=views.Worker)
async def register_worker(body: RegisterWorker, call: Writer) -> Response:
    return await call.command(lambda tx: workers.register_worker(tx, _programme(call), body), status=201)


@router.get("/workers")
async def search(
    call: Reader,
    *,
    worker_no: Annotated[str | None, Query(max_length=24)] = None,
    county: CountyField | None = None,
    state: Willingness | None = None,
    import_id: ImportId | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> views.Workers:
    wanted = Filter(worker_no=worker_no, county=county, state=state, import_id=import_id)
    return await call.query(lambda tx: workers.search(tx, _programme(call), wanted, after, limit))


@router.post("/workers/lookup")
async def look_up(body: LookUpWorker, call: Writer) -> views.Workers:
    """By identity number. Reads only, so it needs no Idempotency-Key and its answer is not kept."""
    return await call.query(lambda tx: workers.look_up(tx, _programme(call), body))


@router.get("/workers/by-number/{worker_no}")
async def show_by_number(worker_no: str, call: Reader) -> views.Worker:
    return await call.query(lambda tx: workers.show_by_number(tx, _programme(call), worker_no))


@router.get("/workers/{worker}")
async def show_worker(worker: WorkerId, call: Reader) -> views.Worker:
    return await call.query(lambda tx: workers.show_worker(tx, _programme(call), worker))


@router.get("/workers/{worker}/history")
async def history(worker: WorkerId, call: Reader, after: After = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: workers.history(tx, worker, after, limit))


@router.post("/workers/{worker}/verification", response_model=views.Worker)
async def verify_worker(worker: WorkerId, body: VerifyWorker, call: Writer) -> Response:
    return await call.command(lambda tx: workers.verify_worker(tx, _programme(call), worker, body))


@router.post("/workers/{worker}/willingness", response_model=views.Worker)
async def record_willingness(worker: WorkerId, body: RecordWillingness, call: Writer) -> Response:
    return await call.command(lambda tx: willingness.record_willingness(tx, _programme(call), worker, body))


@router.post("/workers/{worker}/willingness/withdrawal", response_model=views.Worker)
async def withdraw_willingness(worker: WorkerId, body: WithdrawWillingness, call: Writer) -> Response:
    return await call.command(lambda tx: willingness.withdraw_willingness(tx, worker, body))


@router.post("/workers/{worker}/personal-data")
async def disclose(worker: WorkerId, body: DisclosePersonalData, call: Clerk, answer: Response) -> views.PersonalData:
    """In clear. Not a command whose answer is kept for repeats: every request is a look of its own and is recorded as one."""
    answer.headers["cache-control"] = "no-store"
    async with call.service.database.transaction(Cause(call.principal, call.clock)) as tx:
        return await workers.disclose(tx, _programme(call), worker, body)


@router.get("/supply")
async def supply(
    call: Reader,
    *,
    county: CountyField | None = None,
    occupation: OccupationField | None = None,
    destination: DestinationField | None = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9]{6}\.[0-9]{1,4}\.[A-Z]{3}$")] = None,
    limit: Limit = 200,
) -> views.Supplies:
    return await call.query(
        lambda tx: willingness.supply(tx, county=county, occupation=occupation, destination=destination, after=after, limit=limit)
    )


# --- imports ----------------------------------------------------------------------------------------------------------
_FILE = {"requestBody": {"required": True, "content": {kind.value: {"schema": {"type": "string", "format": "binary"}} for kind in Kind}}}


@router.post("/imports", openapi_extra=_FILE)
async def import_workers(call: Writer, *, dry_run: bool = False) -> views.Import:
    """The file itself as body. Its digest takes the place of an Idempotency-Key: the same file again is the same import."""
    kind = kind_of(call.request.headers.get("content-type", ""))
    content = await call.request.body()
    digest = hashlib.sha256(content).hexdigest()[:32]
    cause = Cause(call.principal, call.clock, correlation_id=digest, causation_id=f"file:{digest}")
    if dry_run:
        return await imports.try_import(cause, _programme(call), content, kind)
    return await imports.import_workers(call.service.database, cause, _programme(call), content, kind)


@router.get("/imports/template", response_class=Response)
async def template(_: Writer, file: Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")] = "xlsx") -> Response:
    kind = Kind.CSV if file == "csv" else Kind.XLSX
    return _attachment(sheet.template(kind), kind, f"workers.{file}")


@router.get("/imports/{import_id}")
async def show_import(import_id: ImportId, call: Reader, after: After = 0, limit: Limit = 50) -> views.Import:
    return await call.query(lambda tx: imports.show_import(tx, import_id, after, limit))


@router.get("/imports/{import_id}/annotated", response_class=Response)
async def annotated(import_id: ImportId, call: Reader) -> Response:
    marks = await call.query(lambda tx: imports.annotate(tx, import_id))
    content = await asyncio.to_thread(sheet.annotated, marks)
    return _attachment(content, Kind.XLSX, f"import-{import_id}.xlsx")


def _attachment(content: bytes, kind: Kind, name: str) -> Response:
    return Response(content, media_type=kind.value, headers={"content-disposition": f'attachment; filename="{name}"'})
