"""Registrations put out of force and back: by an officer with a reason, or by the time a provisional one lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from services.registration.commands import ReinstateWorker, SuspendWorker
from services.registration.domain import willingness
from services.registration.domain.validity import Step, validity_after
from services.registration.domain.willingness import Willingness
from services.registration.domain.workers import Worker, effective_day, supply_not_before
from services.registration.queries import workers
from services.registration.usecases import event_fields
from services.registration.usecases.willingness import lapsed
from services.registration.usecases.workers import changed, lock
from services.registration.views.workers import Worker as WorkerView
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Event
from shared.values import WorkerId


async def suspend_worker(tx: Tx, worker_id: WorkerId, command: SuspendWorker) -> WorkerView:
    """Out of the supply, and neither matched nor cleared until reinstated.

    Raises NotInForce, InFuture, OutOfOrder, and what `lock` raises.
    """
    worker = await lock(tx, worker_id, command.version)
    validity = validity_after(worker.validity, Step.SUSPEND)
    day = effective_day(command.suspended_on, tx.clock.today(), field="suspended_on", not_before=supply_not_before(worker))
    worker, changes = lapsed(worker, day)
    suspended = replace(unwilling(worker, day), validity=validity, validity_since=day, suspended_for=command.reason)
    await workers.update(tx, suspended)
    ends = worker.willingness is Willingness.WILLING
    publish_and_audit(tx, *changes, event_fields.suspended(worker, day, command.reason, ends_willingness=ends))
    return await changed(tx, suspended)


async def reinstate_worker(tx: Tx, worker_id: WorkerId, command: ReinstateWorker) -> WorkerView:
    """In force again; what the worker is willing to do has to be stated anew.

    Raises NotInForce, InFuture, OutOfOrder, and what `lock` raises.
    """
    worker = await lock(tx, worker_id, command.version)
    validity = validity_after(worker.validity, Step.REINSTATE)
    day = effective_day(command.reinstated_on, tx.clock.today(), field="reinstated_on", not_before=supply_not_before(worker))
    reinstated = replace(worker, validity=validity, validity_since=day, suspended_for=None)
    await workers.update(tx, reinstated)
    publish_and_audit(tx, event_fields.reinstated(worker, day, command.reason))
    return await changed(tx, reinstated)


def unwilling(worker: Worker, day: date) -> Worker:
    """A registration out of force offers nothing."""
    if worker.willingness is not Willingness.WILLING:
        return worker
    return replace(worker, willingness=willingness.next_state(worker.willingness, willingness.Step.WITHDRAW), willingness_since=day)


async def lapse_registrations(tx: Tx, limit: int) -> int:
    """Record one bounded batch of provisional registrations whose time ended before today; idempotent. Returns how many."""
    overdue = await workers.lock_provisional_overdue(tx, tx.clock.today(), limit)
    changes: list[Event] = []
    for worker in overdue:
        after, published = registration_lapsed(worker)
        await workers.update(tx, after)
        changes += published
    publish_and_audit(tx, *changes)
    return len(overdue)


def registration_lapsed(worker: Worker) -> tuple[Worker, list[Event]]:
    """The day after the last one, or when the present state began, if that was later."""
    ended = (worker.provisional_until or worker.registered_on) + timedelta(days=1)
    day = max(ended, supply_not_before(worker))
    worker, changes = lapsed(worker, day)
    after = replace(unwilling(worker, day), validity=validity_after(worker.validity, Step.LAPSE), validity_since=day)
    ends = worker.willingness is Willingness.WILLING
    return after, [*changes, event_fields.registration_lapsed(worker, day, ends_willingness=ends)]
