"""Worker lists: the empty list, a filled one, and what was found in it."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import Reader, Writer
from services.registration.usecases import imports
from services.registration.views.imports import Import, Imports
from services.registration.worker_lists.columns import COLUMNS, FORM
from shared.db import Cause
from shared.sheets.files import Kind, kind_of
from shared.sheets.templates import empty_list
from shared.values import ImportId
from shared.web.attachments import ANNOTATED, TEMPLATE, attachment
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()

_FILE = {"requestBody": {"required": True, "content": {kind.value: {"schema": {"type": "string", "format": "binary"}} for kind in Kind}}}


@router.post("/imports", openapi_extra=_FILE, response_model=Import, responses=ANNOTATED)
async def import_workers(call: Writer, *, dry_run: bool = False, annotated: bool = False) -> Import | Response:
    """The file itself as body. Its digest takes the place of an Idempotency-Key: of the same file again only refused rows are tried again.

    `annotated`: answered with the list as it was sent, and what was found beside each row. It is kept nowhere.
    """
    kind = kind_of(call.request.headers.get("content-type", ""))
    content = await call.request.body()
    digest = hashlib.sha256(content).hexdigest()[:32]
    cause = Cause(principal=call.principal, clock=call.clock, correlation_id=digest, causation_id=f"file:{digest}")
    if annotated:
        work = imports.rehearse_annotated if dry_run else imports.import_annotated
        return attachment(await work(call.service.database, cause, content, kind), Kind.XLSX, "workers-annotated.xlsx")
    answer = imports.rehearse_import if dry_run else imports.import_workers
    return await answer(call.service.database, cause, content, kind)


@router.get("/imports")
async def list_imports(call: Writer, limit: Limit = 50) -> Imports:
    """The caller's own, newest first: `done` of `rows`, while one is under way too."""
    return await call.query(lambda tx: imports.list_imports(tx, limit))


@router.get("/imports/template", response_class=Response, responses=TEMPLATE)
async def download_template(_: Writer, file: Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")] = "xlsx") -> Response:
    kind = Kind.CSV if file == "csv" else Kind.XLSX
    return attachment(empty_list(kind, "workers", COLUMNS, FORM.required), kind, f"workers.{file}")


@router.get("/imports/{import_id}")
async def show_import(import_id: ImportId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> Import:
    return await call.query(lambda tx: imports.show_import(tx, import_id, after, limit))
