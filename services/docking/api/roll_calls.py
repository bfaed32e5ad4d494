"""The roll-call of a country."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.docking.usecases import roll_calls
from services.docking.views import roll_calls as views
from shared.principals import Role
from shared.values import DestinationField, EnterpriseId, PlacementId
from shared.web.call import Call, allow
from shared.web.parameters import Limit

router = APIRouter()


@router.get("/roll-call/{destination}")
async def list_workers_abroad(
    destination: DestinationField,
    call: Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.ENTERPRISE, Role.OPERATOR, Role.AUDITOR)],
    enterprise: EnterpriseId | None = None,
    after: PlacementId | None = None,
    limit: Limit = 50,
) -> views.RollCall:
    """Departed to the country, neither returned nor voided."""
    return await call.query(lambda tx: roll_calls.call_roll(tx, destination, enterprise=enterprise, after=after, limit=limit))
