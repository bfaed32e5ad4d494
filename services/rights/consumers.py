"""Which event leads to which usecase."""

from __future__ import annotations

from services.rights.usecases import ledgers
from shared import events
from shared.delivery import consumer

TOPICS = (events.DOCKING,)

HANDLERS: consumer.Handlers = {
    events.ContractRegistered: ledgers.open_ledger,
    events.Dispatched: ledgers.start_wages,
    events.Returned: ledgers.end_wages,
    events.ReturnCorrected: ledgers.correct_return,
    events.DispatchCorrected: ledgers.correct_dispatch,
    events.DispatchVoided: ledgers.void_dispatch,
}

apply = consumer.each(HANDLERS)
