"""Findings."""

from __future__ import annotations

from fastapi import APIRouter

from services.rights.api.callers import Overseer
from services.rights.domain.shortfalls import Kind
from services.rights.usecases import shortfalls
from services.rights.views.shortfalls import Findings
from shared.values import EnterpriseId
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()


@router.get("/incomes/missing")
async def list_missing_incomes(
    call: Overseer, enterprise: EnterpriseId | None = None, after: AfterNumber = 0, limit: Limit = 50
) -> Findings:
    return await call.query(lambda tx: shortfalls.list_open(tx, "missing", enterprise, after, limit))


@router.get("/findings")
async def list_findings(
    call: Overseer, kind: Kind, enterprise: EnterpriseId | None = None, after: AfterNumber = 0, limit: Limit = 50
) -> Findings:
    return await call.query(lambda tx: shortfalls.list_open(tx, kind, enterprise, after, limit))
