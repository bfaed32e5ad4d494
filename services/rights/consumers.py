"""Kafka in: which usecase follows from which event."""

from __future__ import annotations

from services.rights.usecases import ledgers
from shared import events
from shared.delivery.consumer import Handlers

HANDLERS: Handlers = {
    events.ContractRegistered: ledgers.open_ledger,
    events.Dispatched: ledgers.start_wages,
    events.Returned: ledgers.end_wages,
    events.DispatchCorrected: ledgers.correct_dispatch,
    events.DispatchVoided: ledgers.void_dispatch,
}
