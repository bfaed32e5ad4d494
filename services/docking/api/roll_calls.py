"""The roll-call of a country."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.docking.usecases import roll_calls
from services.docking.views import roll_calls as views
from shared.paging import Page
from shared.principals import Role
from shared.values import DestinationField, EnterpriseId
from shared.web.call import Call, allow
from shared.web.parameters import paged

router = APIRouter()


@router.get("/roll-call/{destination}")
async def list_workers_abroad(
    destination: DestinationField,
    call: Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.ENTERPRISE, Role.OPERATOR, Role.AUDITOR)],
    page: Annotated[Page, paged("departed_on")],
    *,
    enterprise: EnterpriseId | None = None,
) -> views.RollCall:
    """Departed to the country, neither returned nor voided."""
    return await call.query(lambda tx: roll_calls.call_roll(tx, page, destination, enterprise=enterprise))
