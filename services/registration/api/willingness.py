"""What workers are willing to do, and the supply they make up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import Reader, Writer
from services.registration.commands import RecordWillingness, WithdrawWillingness
from services.registration.domain.willingness import SupplyCell, SupplyFilter
from services.registration.usecases import willingness
from services.registration.views.willingness import Supplies
from services.registration.views.workers import Worker
from shared.values import CountyCode, CountyField, Destination, DestinationField, Occupation, OccupationField, WorkerId
from shared.web.parameters import Limit

router = APIRouter()


@router.post("/workers/{worker}/willingness", response_model=Worker)
async def record_willingness(worker: WorkerId, body: RecordWillingness, call: Writer) -> Response:
    return await call.command(lambda tx: willingness.record_willingness(tx, worker, body))


@router.post("/workers/{worker}/willingness/withdrawal", response_model=Worker)
async def withdraw_willingness(worker: WorkerId, body: WithdrawWillingness, call: Writer) -> Response:
    return await call.command(lambda tx: willingness.withdraw_willingness(tx, worker, body))


@router.get("/supply")
async def list_supply(
    call: Reader,
    *,
    county: CountyField | None = None,
    occupation: OccupationField | None = None,
    destination: DestinationField | None = None,
    after: Annotated[str | None, Query(pattern=r"^[0-9]{6}\.[0-9]{1,4}\.[A-Z]{3}$")] = None,
    limit: Limit = 200,
) -> Supplies:
    wanted = SupplyFilter(county, occupation, destination)
    last = _cell(after) if after else None
    return await call.query(lambda tx: willingness.list_supply(tx, wanted, last, limit))


def _cell(cursor: str) -> SupplyCell:
    """The cell of a cursor. Its codes are only compared, so they need not be known ones."""
    county, occupation, destination = cursor.split(".")
    return SupplyCell(CountyCode(county), Occupation(occupation), Destination(destination))
