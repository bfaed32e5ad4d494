"""Worker lists: the empty list, a filled one, and what was found in it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import Reader, Writer
from services.registration.usecases import imports
from services.registration.views.imports import Import
from services.registration.worker_lists.annotated_sheet import annotated_sheet
from services.registration.worker_lists.columns import COLUMNS, FORM
from shared.db import Cause
from shared.sheets.files import Kind, kind_of
from shared.sheets.templates import empty_list
from shared.values import ImportId
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()

_FILE = {"requestBody": {"required": True, "content": {kind.value: {"schema": {"type": "string", "format": "binary"}} for kind in Kind}}}


@router.post("/imports", openapi_extra=_FILE)
async def import_workers(call: Writer, *, dry_run: bool = False) -> Import:
    """The file itself as body. Its digest takes the place of an Idempotency-Key: the same file again is the same import."""
    kind = kind_of(call.request.headers.get("content-type", ""))
    content = await call.request.body()
    digest = hashlib.sha256(content).hexdigest()[:32]
    cause = Cause(principal=call.principal, clock=call.clock, correlation_id=digest, causation_id=f"file:{digest}")
    if dry_run:
        return await imports.rehearse_import(cause, content, kind)
    return await imports.import_workers(call.service.database, cause, content, kind)


@router.get("/imports/template", response_class=Response)
async def template(_: Writer, file: Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")] = "xlsx") -> Response:
    kind = Kind.CSV if file == "csv" else Kind.XLSX
    return _attachment(empty_list(kind, "workers", COLUMNS, FORM.required), kind, f"workers.{file}")


@router.get("/imports/{import_id}")
async def show_import(import_id: ImportId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> Import:
    return await call.query(lambda tx: imports.show_import(tx, import_id, after, limit))


@router.get("/imports/{import_id}/annotated", response_class=Response)
async def annotated(import_id: ImportId, call: Reader) -> Response:
    findings = await call.query(lambda tx: imports.list_findings(tx, import_id))
    content = await asyncio.to_thread(annotated_sheet, findings)
    return _attachment(content, Kind.XLSX, f"import-{import_id}.xlsx")


def _attachment(content: bytes, kind: Kind, name: str) -> Response:
    return Response(content, media_type=kind.value, headers={"content-disposition": f'attachment; filename="{name}"'})
