"""Job orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.docking.api.callers import EnterpriseOrOfficer, Reader
from services.docking.commands import orders as commands
from services.docking.domain.orders import OrderFilter, OrderState
from services.docking.usecases import orders
from services.docking.views import orders as views
from shared.delivery.audit_trail import History
from shared.old_numbers import OldNumberText
from shared.paging import Page
from shared.values import DestinationField, EnterpriseId, OccupationField, OrderId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/orders", status_code=201, response_model=views.Order)
async def open_job_order(body: commands.OpenJobOrder, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: orders.open_job_order(tx, body), status=201)


@router.post("/orders/{order}/amendment", response_model=views.Order)
async def amend_job_order(order: OrderId, body: commands.AmendJobOrder, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: orders.amend_job_order(tx, order, body))


@router.post("/orders/{order}/closure", response_model=views.Order)
async def close_job_order(order: OrderId, body: commands.CloseJobOrder, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: orders.close_job_order(tx, order, body))


@router.get("/orders")
async def list_orders(
    call: Reader,
    page: Annotated[Page, paged("opened_on", "expires", "positions")],
    *,
    enterprise: EnterpriseId | None = None,
    state: OrderState | None = None,
    destination: DestinationField | None = None,
    occupation: OccupationField | None = None,
    free: Annotated[bool | None, Query(description="only orders with a position that nobody holds, or without")] = None,
    old_number: OldNumberText | None = None,
) -> views.Orders:
    wanted = OrderFilter(enterprise=enterprise, state=state, destination=destination, occupation=occupation, free=free)
    return await call.query(lambda tx: orders.list_orders(tx, page, wanted, old_number))


@router.get("/orders/{order}")
async def show_order(order: OrderId, call: Reader) -> views.Order:
    return await call.query(lambda tx: orders.show_order(tx, order))


@router.get("/orders/{order}/history")
async def order_history(order: OrderId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: orders.history(tx, order, after, limit))
