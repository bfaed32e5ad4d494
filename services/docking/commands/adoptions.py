"""Workers already abroad when this system takes over."""

from __future__ import annotations

from typing import Annotated, Any

from services.docking.commands.dispatches import Port
from services.docking.commands.fields import Command, DocumentedAs, ListRows
from services.docking.commands.placements import ContractTerms
from shared.old_numbers import OldNumber
from shared.values import Channel, Day, DestinationField, EnterpriseId, OccupationField, WorkerId


class AdoptedPlacement(Command):
    """One row of an adoption."""

    worker: WorkerId
    enterprise: EnterpriseId
    destination: DestinationField
    occupation: OccupationField
    channel: Channel
    departed_on: Day
    port: Port
    contract: ContractTerms
    old_number: OldNumber | None = None


class AdoptPlacements(Command):
    """Workers already abroad when this system takes over. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(AdoptedPlacement)]]
