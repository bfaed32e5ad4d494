"""What the events about a worker carry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from services.registration.domain.duplicates import Duplicate
from services.registration.domain.validity import ReinstatementReason, SuspensionReason
from services.registration.domain.willingness import Offer
from services.registration.domain.workers import CountedDays, EarlierCounty, Worker, county_on
from services.registration.queries.duplicates import Suspicion
from shared import events, reference
from shared.values import CountyCode, DuplicateId


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
        outreach=conversion(worker, worker.county),
    )


def conversion(worker: Worker, county: CountyCode) -> events.Conversion | None:
    """`county`: of the registration."""
    if worker.outreach is None:
        return None
    return events.Conversion(
        announcement=worker.outreach.announcement,
        outreach_channel=worker.outreach.channel,
        origin=reference.origin(county, worker.registered_on),
        on=worker.registered_on,
    )


def verified(worker: Worker, county: CountyCode, day: date) -> events.WorkerVerified:
    """`county`: of that day."""
    return events.WorkerVerified(worker=worker.worker, origin=reference.origin(county, day), effective=day)


def worker_fact(worker: Worker, counted: CountedDays, earlier: Sequence[EarlierCounty], day: date) -> events.WorkerFact:
    """The worker by codes on that day, and the steps that the figures count: each under the county of its own day."""

    def step(on: date) -> events.CountedStep:
        return counted_step(worker, county_on(worker, earlier, on), on)

    return events.WorkerFact(
        origin=reference.origin(worker.county, day),
        residence_basis=worker.residence_basis.value,
        sex=worker.sex,
        birth_year=worker.birth_year,
        education=worker.education,
        occupations=worker.occupations,
        household_status=worker.household_status,
        registration=step(worker.registered_on),
        verification=step(counted.verified_on) if counted.verified_on else None,
        willingness=step(counted.willing_from) if counted.willing_from else None,
        outreach=conversion(worker, county_on(worker, earlier, worker.registered_on)),
    )


def counted_step(worker: Worker, county: CountyCode, on: date) -> events.CountedStep:
    return events.CountedStep(on=on, origin=reference.origin(county, on), sex=worker.sex, birth_year=worker.birth_year)


def residence_changed(before: Worker, after: Worker, moved_on: date, willing_from: date | None) -> events.ResidenceChanged:
    """`willing_from`: since when the worker is counted as willing; None: not willing."""

    def fact(worker: Worker) -> events.ResidenceFact:
        willing = counted_step(worker, worker.county, max(moved_on, willing_from)) if willing_from else None
        return events.ResidenceFact(origin=reference.origin(worker.county, moved_on), willingness=willing)

    return events.ResidenceChanged(worker=before.worker, previous=fact(before), fact=fact(after), effective=moved_on)


def suspended(worker: Worker, day: date, reason: SuspensionReason, *, ends_willingness: bool) -> events.WorkerSuspended:
    origin = reference.origin(worker.county, day)
    return events.WorkerSuspended(worker=worker.worker, origin=origin, reason=reason, ends_willingness=ends_willingness, effective=day)


def reinstated(worker: Worker, day: date, reason: ReinstatementReason) -> events.WorkerReinstated:
    return events.WorkerReinstated(worker=worker.worker, origin=reference.origin(worker.county, day), reason=reason, effective=day)


def registration_lapsed(worker: Worker, day: date, *, ends_willingness: bool) -> events.RegistrationLapsed:
    origin = reference.origin(worker.county, day)
    return events.RegistrationLapsed(worker=worker.worker, origin=origin, ends_willingness=ends_willingness, effective=day)


def household_status_changed(before: Worker, after: Worker, day: date) -> events.HouseholdStatusChanged:
    return events.HouseholdStatusChanged(
        worker=before.worker,
        origin=reference.origin(after.county, day),
        previous=before.household_status,
        fact=after.household_status,
        effective=day,
    )


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


def willingness_withdrawn(worker: Worker, day: date, reason: Literal["worker", "dispatched", "erased"]) -> events.WillingnessWithdrawn:
    return events.WillingnessWithdrawn(worker=worker.worker, origin=reference.origin(worker.county, day), reason=reason, effective=day)


def willingness_expired(worker: Worker, ended: date) -> events.WillingnessExpired:
    return events.WillingnessExpired(worker=worker.worker, origin=reference.origin(worker.county, ended), effective=ended)


def duplicate_suspected(duplicate: DuplicateId, found: Suspicion, day: date) -> events.DuplicateSuspected:
    return events.DuplicateSuspected.model_validate(
        {
            "worker": found.later,
            "other": found.earlier,
            "duplicate": duplicate,
            "keys": found.keys,
            "origin": reference.origin(found.county, day),
            "effective": day,
        }
    )


def merged(one: Duplicate, survivor: Worker, absorbed: Worker, by: str, day: date) -> events.WorkersMerged:
    """`absorbed`: as it was before."""
    return events.WorkersMerged(
        absorbed=absorbed.worker,
        survivor=survivor.worker,
        absorbed_no=absorbed.worker_no,
        survivor_no=survivor.worker_no,
        duplicate=one.duplicate,
        origin=reference.origin(absorbed.county, day),
        ends_willingness=absorbed.is_willing,
        linked_by=one.linked_by,
        confirmed_by=by,
        effective=day,
    )
