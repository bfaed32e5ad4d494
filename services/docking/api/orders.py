"""Job orders and the matching of workers to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.docking import commands, views
from services.docking.api.bounds import READING, WORKING, After, Limit
from services.docking.domain import OrderState
from services.docking.usecases import orders
from shared.delivery.audit_trail import History
from shared.principals import Role
from shared.values import EnterpriseId, MatchId, OrderId
from shared.web.call import Call, allow

router = APIRouter()
Demander = Annotated[Call, allow(Role.ENTERPRISE, Role.OFFICER)]
Mediator = Annotated[Call, allow(*WORKING)]
Reader = Annotated[Call, allow(*READING)]


@router.post("/orders", status_code=201, response_model=views.Order)
async def open_job_order(body: commands.OpenJobOrder, call: Demander) -> Response:
    return await call.command(lambda tx: orders.open_job_order(tx, body), status=201)


@router.post("/orders/{order}/closure", response_model=views.Order)
async def close_job_order(order: OrderId, body: commands.CloseJobOrder, call: Demander) -> Response:
    return await call.command(lambda tx: orders.close_job_order(tx, order, body))


@router.get("/orders")
async def list_orders(
    call: Reader,
    after: OrderId | None = None,
    enterprise: EnterpriseId | None = None,
    state: OrderState | None = None,
    limit: Limit = 50,
) -> views.Orders:
    return await call.query(lambda tx: orders.list_orders(tx, after, enterprise, state, limit))


@router.get("/orders/{order}")
async def show_order(order: OrderId, call: Reader) -> views.Order:
    return await call.query(lambda tx: orders.show_order(tx, order))


@router.get("/orders/{order}/history")
async def order_history(order: OrderId, call: Reader, after: After = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: orders.history(tx, order, after, limit))


@router.post("/orders/{order}/matches", response_model=views.Proposals)
async def propose_matches(order: OrderId, body: commands.ProposeMatches, call: Mediator) -> Response:
    return await call.command(lambda tx: orders.propose_matches(tx, order, body))


@router.post("/matches/{match}/acceptance", status_code=201, response_model=views.Placement)
async def accept_match(match: MatchId, body: commands.AcceptMatch, call: Mediator) -> Response:
    del body  # an empty object: the proposal says it all
    return await call.command(lambda tx: orders.accept_match(tx, match), status=201)
