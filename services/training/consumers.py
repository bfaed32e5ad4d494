"""Which event leads to which usecase."""

from __future__ import annotations

from services.training.usecases import erasures, merges, needs
from shared import events
from shared.delivery import consumer
from shared.delivery.consumer import Together

TOPICS = (events.DOCKING, events.REGISTRATION)

HANDLERS: consumer.Handlers = {
    events.MatchedToEnterprise: Together(needs.open_needs),
    events.PlacementCancelled: Together(needs.cancel_needs),
    events.Dispatched: Together(needs.end_needs),
    events.WorkerErased: erasures.erase_explanations,
    events.WorkersMerged: merges.workers_merged,
}

apply = consumer.each(HANDLERS)
