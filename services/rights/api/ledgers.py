"""Ledgers."""

from __future__ import annotations

from fastapi import APIRouter

from services.rights.api.callers import Reader
from services.rights.usecases import ledgers
from services.rights.views.ledgers import Ledger
from shared.delivery.audit_trail import History
from shared.values import PlacementId
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()


@router.get("/placements/{placement}/ledger")
async def show_ledger(placement: PlacementId, call: Reader) -> Ledger:
    return await call.query(lambda tx: ledgers.show_ledger(tx, placement))


@router.get("/placements/{placement}/history")
async def ledger_history(placement: PlacementId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: ledgers.ledger_history(tx, placement, after, limit))
