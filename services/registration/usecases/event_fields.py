"""What the events about a worker carry."""

from __future__ import annotations

from datetime import date
from typing import Literal

from services.registration.domain.willingness import Offer
from services.registration.domain.workers import CountedDays, Worker
from shared import events, reference


def registered(worker: Worker) -> events.WorkerRegistered:
    return events.WorkerRegistered(
        worker=worker.worker,
        worker_no=worker.worker_no,
        birth_year=worker.birth_year,
        sex=worker.sex,
        origin=reference.origin(worker.county, worker.registered_on),
        residence_basis=worker.residence_basis.value,
        education=worker.education,
        occupations=worker.occupations,
        assurance=worker.assurance.value,
        source=worker.source.value,
        household_status=worker.household_status,
        effective=worker.registered_on,
    )


def verified(worker: Worker, day: date) -> events.WorkerVerified:
    return events.WorkerVerified(worker=worker.worker, origin=reference.origin(worker.county, day), effective=day)


def worker_fact(worker: Worker, counted: CountedDays, day: date) -> events.WorkerFact:
    """The worker by codes on that day, and the steps that the figures count."""
    return events.WorkerFact(
        origin=reference.origin(worker.county, day),
        residence_basis=worker.residence_basis.value,
        sex=worker.sex,
        birth_year=worker.birth_year,
        education=worker.education,
        occupations=worker.occupations,
        household_status=worker.household_status,
        registration=_counted(worker, worker.registered_on),
        verification=_counted(worker, counted.verified_on) if counted.verified_on else None,
        willingness=_counted(worker, counted.willing_from) if counted.willing_from else None,
    )


def _counted(worker: Worker, on: date) -> events.CountedStep:
    return events.CountedStep(on=on, origin=reference.origin(worker.county, on), sex=worker.sex, birth_year=worker.birth_year)


def willingness_recorded(worker: Worker, offer: Offer, day: date, *, renewal: bool) -> events.WillingnessRecorded:
    return events.WillingnessRecorded(
        worker=worker.worker,
        origin=reference.origin(worker.county, day),
        destinations=offer.destinations,
        occupations=offer.occupations,
        wage_floor=offer.wage_floor,
        available_from=offer.available_from,
        expires_on=offer.expires_on,
        family_consent=offer.family_consent,
        renewal=renewal,
        effective=day,
    )


def willingness_withdrawn(worker: Worker, day: date, reason: Literal["worker", "dispatched"]) -> events.WillingnessWithdrawn:
    return events.WillingnessWithdrawn(worker=worker.worker, origin=reference.origin(worker.county, day), reason=reason, effective=day)


def willingness_expired(worker: Worker, ended: date) -> events.WillingnessExpired:
    return events.WillingnessExpired(worker=worker.worker, origin=reference.origin(worker.county, ended), effective=ended)
