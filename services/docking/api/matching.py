"""Matches for all open orders at once, and the proposals that are open."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import EnterpriseOrOfficer, Reader
from services.docking.commands import matching as commands
from services.docking.usecases import matching
from services.docking.views import matching as views
from shared.values import MatchId, OrderId
from shared.web.parameters import Limit

router = APIRouter()


@router.post("/matching", response_model=views.Matching)
async def match_all_orders(body: commands.MatchAllOrders, call: EnterpriseOrOfficer) -> Response | views.Matching:
    """All open orders, an enterprise's own; takes up to a minute. `dry_run` shows the same and writes nothing."""
    repeated = await call.stored_answer()
    if repeated is not None:
        return repeated
    market = await call.query(lambda tx: matching.read_market(tx, body))
    found = await matching.plan_market(market, call.service.stopping)
    if body.dry_run:
        return await call.query(lambda tx: matching.show_plan(tx, body, found))
    return await call.command(lambda tx: matching.propose_plan(tx, body, found))


@router.get("/orders/{order}/matches")
async def list_matches(order: OrderId, call: Reader, after: MatchId | None = None, limit: Limit = 50) -> views.Matches:
    return await call.query(lambda tx: matching.list_matches(tx, order, after, limit))
