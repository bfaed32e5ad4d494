"""Which event leads to which usecase."""

from __future__ import annotations

from services.registration.usecases import merges, stays
from shared import events
from shared.delivery import consumer
from shared.delivery.consumer import Together

TOPICS = (events.DOCKING,)

HANDLERS: consumer.Handlers = {
    events.MatchedToEnterprise: Together(stays.matched),
    events.ContractRegistered: Together(stays.contracts_registered),
    events.PlacementCancelled: Together(stays.cancelled),
    events.Dispatched: Together(stays.departed),
    events.Returned: Together(stays.returned),
    events.ReturnCorrected: Together(stays.returned),
    events.DispatchCorrected: stays.corrected,
    events.DispatchVoided: stays.voided,
    events.MergeHeld: merges.merge_held,
    events.MergeResumed: merges.merge_resumed,
}

apply = consumer.each(HANDLERS)
