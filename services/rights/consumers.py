"""Which event leads to which usecase."""

from __future__ import annotations

from services.rights.usecases import arrivals, case_openings, erasures, fees, ledgers, merges, settlements
from shared import events
from shared.delivery import consumer
from shared.delivery.consumer import Together

TOPICS = (events.DOCKING, events.REGISTRATION)

HANDLERS: consumer.Handlers = {
    events.EnterpriseQualified: case_openings.enter_seat,
    events.EnterpriseRenewed: case_openings.enter_seat,
    events.ContractRegistered: Together(ledgers.open_ledgers),
    events.FeeDeclared: Together(fees.fees_declared),
    events.FeeCorrected: fees.fee_corrected,
    events.FeeVoided: fees.fee_voided,
    events.ArrivalConfirmed: arrivals.arrival_confirmed,
    events.ArrivalCorrected: arrivals.arrival_corrected,
    events.EmployerTransferred: ledgers.transfer_employer,
    events.TransferVoided: ledgers.void_transfer,
    events.Dispatched: Together(ledgers.start_wages),
    events.Returned: Together(ledgers.end_wages),
    events.ReturnCorrected: ledgers.correct_return,
    events.DispatchCorrected: ledgers.correct_dispatch,
    events.DispatchVoided: ledgers.void_dispatch,
    events.ReserveDrawn: settlements.reserve_paid,
    events.ReserveDrawRefused: settlements.reserve_refused,
    events.WorkerErased: erasures.erase_texts,
    events.WorkersMerged: merges.workers_merged,
}

apply = consumer.each(HANDLERS)
