"""Payroll files."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.rights.api.callers import Reader, Reporter
from services.rights.payroll_files.columns import COLUMNS, FORM
from services.rights.usecases import payrolls
from services.rights.views.payrolls import Payroll
from shared.db import Cause
from shared.sheets.files import Kind, kind_of
from shared.sheets.templates import empty_list
from shared.values import ImportId
from shared.web.attachments import ANNOTATED, TEMPLATE, attachment

router = APIRouter()

_FILE = {"requestBody": {"required": True, "content": {kind.value: {"schema": {"type": "string", "format": "binary"}} for kind in Kind}}}


@router.post("/payrolls", openapi_extra=_FILE, response_model=Payroll, responses=ANNOTATED)
async def import_payroll(call: Reporter, *, dry_run: bool = False, annotated: bool = False) -> Payroll | Response:
    """The file itself as body. Its digest takes the place of an Idempotency-Key: of the same file again only refused rows are tried again.

    `annotated`: answered with the payroll as it was sent, and what was found beside each row. It is kept nowhere.
    """
    kind = kind_of(call.request.headers.get("content-type", ""))
    content = await call.request.body()
    digest = hashlib.sha256(content).hexdigest()[:32]
    cause = Cause(principal=call.principal, clock=call.clock, correlation_id=digest, causation_id=f"file:{digest}")
    if annotated:
        work = payrolls.try_annotated if dry_run else payrolls.import_annotated
        return attachment(await work(call.service.database, cause, content, kind), Kind.XLSX, "payroll-annotated.xlsx")
    enter = payrolls.try_payroll if dry_run else payrolls.import_payroll
    return await enter(call.service.database, cause, content, kind)


@router.get("/payrolls/template", response_class=Response, responses=TEMPLATE)
async def download_template(_: Reporter, file: Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")] = "xlsx") -> Response:
    kind = Kind.CSV if file == "csv" else Kind.XLSX
    return attachment(empty_list(kind, "payroll", COLUMNS, FORM.required), kind, f"payroll.{file}")


@router.get("/payrolls/{payroll}")
async def show_payroll(payroll: ImportId, call: Reader) -> Payroll:
    return await call.query(lambda tx: payrolls.show_payroll(tx, payroll))
