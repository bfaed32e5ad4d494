"""Which event leads to which usecase."""

from __future__ import annotations

from services.docking.usecases import clearances, emergencies, merges, proposals, repatriations, scorecards, settlement_draws, workers
from shared import events
from shared.delivery import consumer
from shared.delivery.consumer import Together

TOPICS = (events.REGISTRATION, events.TRAINING, events.RIGHTS, events.STATS)

HANDLERS: consumer.Handlers = {
    events.WorkerRegistered: Together(workers.workers_registered),
    events.WorkerVerified: workers.worker_verified,
    events.WorkerCorrected: workers.worker_corrected,
    events.ResidenceChanged: workers.residence_changed,
    events.HouseholdStatusChanged: workers.household_status_changed,
    events.WorkerSuspended: workers.worker_suspended,
    events.WorkerErased: workers.worker_erased,
    events.WorkerReinstated: workers.worker_reinstated,
    events.RegistrationLapsed: workers.registration_lapsed,
    events.WorkersMerged: merges.workers_merged,
    events.WillingnessRecorded: Together(workers.willingness_recorded),
    events.WillingnessWithdrawn: Together(workers.willingness_ended),
    events.WillingnessExpired: Together(workers.willingness_ended),
    events.CertificateIssued: Together(clearances.certificates_issued),
    events.CertificateRevoked: clearances.certificate_revoked,
    events.CertificateCorrected: clearances.certificate_corrected,
    events.CertificateExpired: Together(clearances.certificates_expired),
    events.CaseOpened: scorecards.case_opened,
    events.CaseTriaged: scorecards.case_triaged,
    events.CaseReopened: scorecards.case_reopened,
    events.CaseClosed: scorecards.case_closed,
    events.CaseDeadlineMissed: scorecards.case_overdue,
    events.WageShortfallDetected: scorecards.shortfall_detected,
    events.WageShortfallCleared: scorecards.shortfall_cleared,
    events.EmergencyDeclared: emergencies.emergency_declared,
    events.EmergencyEnded: emergencies.emergency_ended,
    events.RepatriationCompleted: repatriations.repatriation_completed,
    events.ReserveDrawRequested: settlement_draws.draw_requested,
    events.ReserveDrawWithdrawn: settlement_draws.draw_withdrawn,
    events.QuotaStatusChanged: proposals.quota_status_changed,
}

apply = consumer.each(HANDLERS)
