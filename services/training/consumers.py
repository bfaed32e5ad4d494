"""Which event leads to which usecase."""

from __future__ import annotations

from services.training.usecases import needs
from shared import events
from shared.delivery import consumer

TOPICS = (events.DOCKING,)

HANDLERS: consumer.Handlers = {
    events.MatchedToEnterprise: needs.open_need,
    events.PlacementCancelled: needs.cancel_need,
    events.Dispatched: needs.end_need,
}

apply = consumer.each(HANDLERS)
