"""Enterprises and their qualification."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.docking.api.callers import Anybody, EnterpriseOrOfficer, Officer, RegisterReader
from services.docking.commands import enterprises as commands
from services.docking.domain.enterprises import EnterpriseFilter, EnterpriseState
from services.docking.usecases import enterprises, scorecards
from services.docking.views import enterprises as views
from services.docking.views import scorecards as scorecard_views
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.principals import Role
from shared.values import Day, DestinationField, EnterpriseId, Line
from shared.web.call import Call, allow
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/enterprises", status_code=201, response_model=views.Enterprise)
async def qualify_enterprise(body: commands.QualifyEnterprise, call: Officer) -> Response:
    return await call.command(lambda tx: enterprises.qualify_enterprise(tx, body), status=201)


@router.post("/enterprises/{enterprise}/renewal", response_model=views.Enterprise)
async def renew_qualification(enterprise: EnterpriseId, body: commands.RenewQualification, call: Officer) -> Response:
    """The same licence number, longer."""
    return await call.command(lambda tx: enterprises.renew_qualification(tx, enterprise, body))


@router.post("/enterprises/{enterprise}/suspension", response_model=views.Enterprise)
async def suspend_qualification(enterprise: EnterpriseId, body: commands.SuspendQualification, call: Officer) -> Response:
    return await call.command(lambda tx: enterprises.suspend_qualification(tx, enterprise, body))


@router.post("/enterprises/{enterprise}/reinstatement", response_model=views.Enterprise)
async def reinstate_qualification(enterprise: EnterpriseId, body: commands.ReinstateQualification, call: Officer) -> Response:
    return await call.command(lambda tx: enterprises.reinstate_qualification(tx, enterprise, body))


@router.post("/enterprises/{enterprise}/revocation", response_model=views.Enterprise)
async def revoke_qualification(enterprise: EnterpriseId, body: commands.RevokeQualification, call: Officer) -> Response:
    return await call.command(lambda tx: enterprises.revoke_qualification(tx, enterprise, body))


@router.post("/enterprises/{enterprise}/stop", response_model=views.Enterprise)
async def stop_business(enterprise: EnterpriseId, body: commands.StopBusiness, call: EnterpriseOrOfficer) -> Response:
    """For good: with a plan for workers still abroad."""
    return await call.command(lambda tx: enterprises.stop_business(tx, enterprise, body))


@router.get("/public/enterprises")
async def list_public_register(
    call: Anybody,
    page: Annotated[Page, paged("name", "licence_no", "valid_to")],
    *,
    licence_no: commands.LicenceNo | None = None,
    destination: DestinationField | None = None,
    state: EnterpriseState | None = None,
    name: Annotated[Line | None, Query(description="a part of the name")] = None,
) -> views.Register:
    """E3, E10: who may send workers where, whose qualification is suspended or revoked, and whether the reserve is there."""
    wanted = EnterpriseFilter(licence_no=licence_no, destination=destination, state=state, name=name)
    return await call.query(lambda tx: enterprises.public_register(tx, page, wanted))


@router.get("/enterprises")
async def list_enterprises(
    call: RegisterReader,
    page: Annotated[Page, paged("name", "licence_no", "valid_to")],
    *,
    licence_no: commands.LicenceNo | None = None,
    destination: DestinationField | None = None,
    state: EnterpriseState | None = None,
    name: Annotated[Line | None, Query(description="a part of the name")] = None,
) -> views.Enterprises:
    wanted = EnterpriseFilter(licence_no=licence_no, destination=destination, state=state, name=name)
    return await call.query(lambda tx: enterprises.list_enterprises(tx, page, wanted))


@router.get("/enterprises/{enterprise}")
async def show_enterprise(enterprise: EnterpriseId, call: RegisterReader) -> views.Enterprise:
    return await call.query(lambda tx: enterprises.show_enterprise(tx, enterprise))


@router.get("/enterprises/{enterprise}/scorecard")
async def show_scorecard(
    enterprise: EnterpriseId,
    call: Annotated[Call, allow(Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR)],
    since: Day | None = None,
    until: Day | None = None,
) -> scorecard_views.Scorecard:
    """How it does, between two days (from the beginning, up to today), each score with its definition."""
    return await call.query(lambda tx: scorecards.show_scorecard(tx, enterprise, since, until))


@router.get("/enterprises/{enterprise}/history")
async def enterprise_history(
    enterprise: EnterpriseId,
    call: Annotated[Call, allow(Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR)],
    after: AfterNumber = 0,
    limit: Limit = 50,
) -> History:
    return await call.query(lambda tx: enterprises.history(tx, enterprise, after, limit))
