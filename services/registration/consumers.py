"""Which event leads to which usecase."""

from __future__ import annotations

from services.registration.usecases import merges, stays
from shared import events
from shared.delivery import consumer

TOPICS = (events.DOCKING,)

HANDLERS: consumer.Handlers = {
    events.MatchedToEnterprise: stays.matched,
    events.ContractRegistered: stays.contract_registered,
    events.PlacementCancelled: stays.cancelled,
    events.Dispatched: stays.departed,
    events.Returned: stays.returned,
    events.ReturnCorrected: stays.returned,
    events.DispatchCorrected: stays.corrected,
    events.DispatchVoided: stays.voided,
    events.MergeHeld: merges.merge_held,
    events.MergeResumed: merges.merge_resumed,
}

apply = consumer.each(HANDLERS)
