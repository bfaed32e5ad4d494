"""The roll-call of a country: everyone abroad there now."""

from __future__ import annotations

from services.docking.queries import roll_calls
from services.docking.usecases import scope
from services.docking.views import roll_calls as views
from shared import reference
from shared.db import Tx
from shared.paging import Page
from shared.principals import Role
from shared.values import Destination, EnterpriseId


async def call_roll(tx: Tx, page: Page, destination: Destination, *, enterprise: EnterpriseId | None) -> views.RollCall:
    """Those of the caller's regions, or of the caller's enterprise. Raises DestinationNotFound, Forbidden."""
    reference.require_destination(destination)
    if tx.principal.role is Role.ENTERPRISE:
        enterprise = scope.own_enterprise(tx.principal)
    counties = scope.visible_counties(tx.principal)
    rows, following = await roll_calls.list_(tx, page, destination, enterprise=enterprise, counties=counties)
    total = await roll_calls.get_total(tx, destination, enterprise=enterprise, counties=counties)
    return views.roll_call(destination, total, rows, following)
