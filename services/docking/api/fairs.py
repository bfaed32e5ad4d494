"""Docking fairs and the intentions recorded at them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.docking.api.callers import Officer, Reader
from services.docking.commands import fairs as commands
from services.docking.usecases import fairs
from services.docking.views import fairs as views
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.principals import Role
from shared.values import CountyField, EnterpriseId, FairId, IntentionId
from shared.web.call import Call, allow
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()
Authority = Annotated[Call, allow(Role.CLERK, Role.OFFICER)]


@router.post("/fairs", status_code=201, response_model=views.Fair)
async def hold_docking_fair(body: commands.HoldDockingFair, call: Officer) -> Response:
    return await call.command(lambda tx: fairs.hold_docking_fair(tx, body), status=201)


@router.get("/fairs")
async def list_fairs(
    call: Reader,
    page: Annotated[Page, paged("held_on", "name")],
    county: CountyField | None = None,
    enterprise: EnterpriseId | None = None,
) -> views.Fairs:
    """Those that the county, or the enterprise, took part in."""
    return await call.query(lambda tx: fairs.list_fairs(tx, page, county, enterprise))


@router.get("/fairs/{fair}")
async def show_fair(fair: FairId, call: Reader) -> views.Fair:
    return await call.query(lambda tx: fairs.show_fair(tx, fair))


@router.get("/fairs/{fair}/history")
async def fair_history(fair: FairId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: fairs.fair_history(tx, fair, after, limit))


@router.post("/fairs/{fair}/correction", response_model=views.Fair)
async def correct_docking_fair(fair: FairId, body: commands.CorrectDockingFair, call: Officer) -> Response:
    return await call.command(lambda tx: fairs.correct_docking_fair(tx, fair, body))


@router.post("/fairs/{fair}/void", response_model=views.Fair)
async def void_docking_fair(fair: FairId, body: commands.VoidDockingFair, call: Officer) -> Response:
    return await call.command(lambda tx: fairs.void_docking_fair(tx, fair, body))


@router.post("/fairs/{fair}/intentions", status_code=201, response_model=views.Intention)
async def record_intention(fair: FairId, body: commands.RecordIntention, call: Authority) -> Response:
    return await call.command(lambda tx: fairs.record_intention(tx, fair, body), status=201)


@router.post("/intentions/{intention}/correction", response_model=views.Intention)
async def correct_intention(intention: IntentionId, body: commands.CorrectIntention, call: Authority) -> Response:
    return await call.command(lambda tx: fairs.correct_intention(tx, intention, body))


@router.post("/intentions/{intention}/void", response_model=views.Intention)
async def void_intention(intention: IntentionId, body: commands.VoidIntention, call: Authority) -> Response:
    return await call.command(lambda tx: fairs.void_intention(tx, intention, body))


@router.get("/intentions")
async def list_intentions(
    call: Reader,
    page: Annotated[Page, paged("held_on", "headcount")],
    fair: FairId | None = None,
    county: CountyField | None = None,
    enterprise: EnterpriseId | None = None,
) -> views.Intentions:
    """Intentions and how much of each became matches."""
    return await call.query(lambda tx: fairs.list_intentions(tx, page, fair=fair, county=county, enterprise=enterprise))


@router.get("/intentions/{intention}")
async def show_intention(intention: IntentionId, call: Reader) -> views.Intention:
    return await call.query(lambda tx: fairs.show_intention(tx, intention))


@router.get("/intentions/{intention}/history")
async def intention_history(intention: IntentionId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: fairs.intention_history(tx, intention, after, limit))
