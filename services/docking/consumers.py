"""Which event leads to which usecase."""

from __future__ import annotations

from services.docking.usecases import clearances, reactions
from shared import events
from shared.delivery import consumer

TOPICS = (events.REGISTRATION, events.TRAINING, events.RIGHTS, events.STATS)

HANDLERS: consumer.Handlers = {
    events.WorkerRegistered: reactions.worker_registered,
    events.WorkerVerified: reactions.worker_verified,
    events.WillingnessRecorded: reactions.willingness_recorded,
    events.WillingnessWithdrawn: reactions.willingness_ended,
    events.WillingnessExpired: reactions.willingness_ended,
    events.CertificateIssued: clearances.certificate_issued,
    events.CertificateRevoked: clearances.certificate_revoked,
    events.CaseOpened: reactions.case_opened,
    events.CaseClosed: reactions.case_closed,
    events.QuotaStatusChanged: reactions.quota_status_changed,
}

apply = consumer.each(HANDLERS)
