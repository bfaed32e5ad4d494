"""Workers proposed for an order, and the acceptance of a proposal."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import Mediator
from services.docking.commands import proposals as commands
from services.docking.usecases import acceptances, declines, proposals
from services.docking.views import placements as placement_views
from services.docking.views import proposals as views
from shared.values import MatchId, OrderId

router = APIRouter()


@router.post("/orders/{order}/matches", response_model=views.Proposals)
async def propose_matches(order: OrderId, body: commands.ProposeMatches, call: Mediator) -> Response:
    return await call.command(lambda tx: proposals.propose_matches(tx, order, body))


@router.post("/matches/nominations", response_model=views.Nominations)
async def nominate_workers(body: commands.NominateWorkers, call: Mediator) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: proposals.nominate_workers(tx, body))


@router.post("/matches/acceptances", response_model=views.Acceptances)
async def accept_matches(body: commands.AcceptMatches, call: Mediator) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: acceptances.accept_matches(tx, body))


@router.post("/matches/{match}/acceptance", status_code=201, response_model=placement_views.Placement)
async def accept_match(match: MatchId, body: commands.AcceptMatch, call: Mediator) -> Response:
    del body  # an empty object: the proposal has everything
    return await call.command(lambda tx: acceptances.accept_match(tx, match), status=201)


@router.post("/matches/{match}/decline", response_model=views.Declined)
async def decline_match(match: MatchId, body: commands.DeclineMatch, call: Mediator) -> Response:
    return await call.command(lambda tx: declines.decline_match(tx, match, body))
