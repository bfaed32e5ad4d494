"""Where a worker's household is registered, and what it is registered as: from which day on, and what it was before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.registration.commands import ChangeResidence, SetHouseholdStatus
from services.registration.domain.errors import NothingToChange
from services.registration.domain.workers import effective_day
from services.registration.queries import earlier_codes, workers
from services.registration.usecases import event_fields, suspicions
from services.registration.usecases.new_workers import sealed_record
from services.registration.usecases.willingness import lapsed
from services.registration.usecases.workers import changed, lock, open_personal
from services.registration.views.workers import Worker as WorkerView
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import WorkerId


async def change_residence(tx: Tx, worker_id: WorkerId, command: ChangeResidence) -> WorkerView:
    """The household is registered in another county from that day on: later departures count there, earlier ones stay.

    Whoever covers the county of now may record it: whoever covers the new one cannot see the worker yet. Raises NothingToChange, InFuture,
    OutOfOrder, and what `lock` raises.
    """
    worker = await lock(tx, worker_id, command.version)
    if command.county == worker.county:
        raise NothingToChange(field="county")
    since = (worker.residence_since or worker.registered_on) + timedelta(days=1)
    day = effective_day(command.moved_on, tx.clock.today(), field="moved_on", not_before=since)
    worker, changes = lapsed(worker, day)
    willing_from = (await workers.get_counted_days(tx, worker)).willing_from
    moved = replace(worker, county=command.county, residence_since=day)
    await earlier_codes.insert(tx, worker.worker, "county", until=day, value=worker.county)
    await workers.update(tx, moved)
    publish_and_audit(tx, *changes, event_fields.residence_changed(worker, moved, day, willing_from))
    await suspicions.rewrite(tx, await sealed_record(moved, await open_personal(tx, moved)))  # found again by name, birth date and county
    return await changed(tx, moved)


async def set_household_status(tx: Tx, worker_id: WorkerId, command: SetHouseholdStatus) -> WorkerView:
    """As of a day; later departures count with it. Raises NothingToChange, InFuture, OutOfOrder, and what `lock` raises."""
    worker = await lock(tx, worker_id, command.version)
    if command.household_status is worker.household_status:
        raise NothingToChange(field="household_status")
    since = worker.household_since + timedelta(days=1) if worker.household_since else worker.registered_on
    day = effective_day(command.as_of, tx.clock.today(), field="as_of", not_before=since)
    after = replace(worker, household_status=command.household_status, household_since=day)
    await earlier_codes.insert(tx, worker.worker, "household_status", until=day, value=worker.household_status)
    await workers.update(tx, after)
    publish_and_audit(tx, event_fields.household_status_changed(worker, after, day))
    return await changed(tx, after)
