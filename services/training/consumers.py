"""What training does when docking has acted."""

from __future__ import annotations

from services.training.usecases import needs
from shared import events
from shared.delivery.consumer import Handlers

HANDLERS: Handlers = {
    events.MatchedToEnterprise: needs.matched,
    events.PlacementCancelled: needs.cancelled,
    events.Dispatched: needs.departed,
}
