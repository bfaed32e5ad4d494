"""Which event leads to which usecase."""

from __future__ import annotations

from services.training.usecases import erasures, merges, needs
from shared import events
from shared.delivery import consumer

TOPICS = (events.DOCKING, events.REGISTRATION)

HANDLERS: consumer.Handlers = {
    events.MatchedToEnterprise: needs.open_need,
    events.PlacementCancelled: needs.cancel_need,
    events.Dispatched: needs.end_need,
    events.WorkerErased: erasures.erase_explanations,
    events.WorkersMerged: merges.workers_merged,
}

apply = consumer.each(HANDLERS)
