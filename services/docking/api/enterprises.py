"""Enterprises and their qualification."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.docking import commands
from services.docking.api.callers import Anybody, EnterpriseOrOfficer, Officer, RegisterReader
from services.docking.domain.enterprises import EnterpriseState
from services.docking.usecases import enterprises, scorecards
from services.docking.views import enterprises as views
from services.docking.views import scorecards as scorecard_views
from shared.delivery.audit_trail import History
from shared.principals import Role
from shared.values import Day, DestinationField, EnterpriseId
from shared.web.call import Call, allow
from shared.web.parameters import AfterNumber, Limit

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
    licence_no: commands.LicenceNo | None = None,
    destination: DestinationField | None = None,
    state: EnterpriseState | None = None,
    after: EnterpriseId | None = None,
    limit: Limit = 50,
) -> views.Register:
    """E3, E10: who may send workers where, whose qualification is suspended or revoked, and whether the reserve is there."""
    return await call.query(
        lambda tx: enterprises.public_register(tx, licence_no=licence_no, destination=destination, state=state, after=after, limit=limit)
    )


@router.get("/enterprises")
async def list_enterprises(call: RegisterReader, after: EnterpriseId | None = None, limit: Limit = 50) -> views.Enterprises:
    return await call.query(lambda tx: enterprises.list_enterprises(tx, after, limit))


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
