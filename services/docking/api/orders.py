"""Job orders."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking import commands
from services.docking.api.callers import EnterpriseOrOfficer, Reader
from services.docking.domain.orders import OrderState
from services.docking.usecases import orders
from services.docking.views import orders as views
from shared.delivery.audit_trail import History
from shared.values import EnterpriseId, OrderId
from shared.web.parameters import AfterNumber, Limit

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
    after: OrderId | None = None,
    enterprise: EnterpriseId | None = None,
    state: OrderState | None = None,
    limit: Limit = 50,
) -> views.Orders:
    return await call.query(lambda tx: orders.list_orders(tx, after=after, enterprise=enterprise, state=state, limit=limit))


@router.get("/orders/{order}")
async def show_order(order: OrderId, call: Reader) -> views.Order:
    return await call.query(lambda tx: orders.show_order(tx, order))


@router.get("/orders/{order}/history")
async def order_history(order: OrderId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: orders.history(tx, order, after, limit))
