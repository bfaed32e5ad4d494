"""Who is on offer: stated, withdrawn, run out, or gone abroad."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.registration import domain, queries, views
from services.registration.commands import RecordWillingness, WithdrawWillingness
from services.registration.domain import Offer, Rules, Step, Willingness, Worker
from services.registration.queries import Cell
from services.registration.settings import Programme
from services.registration.usecases.workers import as_changed, locked, require_occupations
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import Reject
from shared.events import Event, EventEnvelope
from shared.values import CountyCode, Destination, Occupation, WorkerId

SWEEP_BATCH = 500


async def record_willingness(tx: Tx, programme: Programme, worker_id: WorkerId, command: RecordWillingness) -> views.Worker:
    """State what the worker is willing to do. Raises what `stated` raises, WorkerNotFound, VersionConflict."""
    worker = await locked(tx, worker_id, command.version)
    worker, changes = stated(programme.rules, worker, command, tx.clock.today())
    await queries.save_worker(tx, worker)
    publish_and_audit(tx, *changes)
    return await as_changed(tx, worker)


def stated(rules: Rules, worker: Worker, command: RecordWillingness, today: date) -> tuple[Worker, list[Event]]:
    """The worker with the offer, and what happened. Raises InFuture, OutOfOrder, DestinationNotFound, OccupationNotFound."""
    require_occupations(command.occupations or ())
    for place, code in enumerate(command.destinations):
        if not reference.known_destination(code):
            raise domain.DestinationNotFound(field=f"destinations.{place}")
    since = worker.willingness_since or worker.registered_on
    day = domain.effective_day(command.recorded_on, today, field="recorded_on", not_before=since)
    worker, changes = _lapsed(worker, day)
    renewal = worker.willingness is Willingness.WILLING
    offer = Offer(
        destinations=command.destinations,
        occupations=command.occupations or worker.occupations,
        wage_floor=command.wage_floor,
        available_from=command.available_from or day,
        expires_on=domain.expires_on(rules, day),
        family_consent=command.family_consent,
    )
    worker = replace(worker, willingness=domain.after(worker.willingness, Step.RECORD), willingness_since=day, offer=offer)
    changes.append(
        events.WillingnessRecorded(
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
    )
    return worker, changes


def _lapsed(worker: Worker, day: date) -> tuple[Worker, list[Event]]:
    """What the sweep would have found by `day`, had it come earlier."""
    ended = domain.lapsed_on(worker, day)
    if ended is None:
        return worker, []
    return replace(worker, willingness=domain.after(worker.willingness, Step.EXPIRE), willingness_since=ended), [_expired(worker, ended)]


def _expired(worker: Worker, ended: date) -> events.WillingnessExpired:
    return events.WillingnessExpired(worker=worker.worker, origin=reference.origin(worker.county, ended), effective=ended)


async def withdraw_willingness(tx: Tx, worker_id: WorkerId, command: WithdrawWillingness) -> views.Worker:
    """The worker has changed his mind. Raises NotWilling, InFuture, OutOfOrder, WorkerNotFound, VersionConflict."""
    worker = await locked(tx, worker_id, command.version)
    day = domain.effective_day(command.withdrawn_on, tx.clock.today(), field="withdrawn_on", not_before=worker.willingness_since)
    worker, _ = _lapsed(worker, day)
    worker = replace(worker, willingness=domain.after(worker.willingness, Step.WITHDRAW), willingness_since=day)
    await queries.save_worker(tx, worker)
    origin = reference.origin(worker.county, day)
    publish_and_audit(tx, events.WillingnessWithdrawn(worker=worker_id, origin=origin, reason="worker", effective=day))
    return await as_changed(tx, worker)


async def withdraw_dispatched(tx: Tx, event: EventEnvelope[events.Dispatched]) -> None:
    """Who has left is no longer on offer; a willingness stated after the departure stands. Rejects an unknown worker."""
    worker_id, day = event.data.worker, event.data.departed_on
    worker = await queries.lock_worker(tx, worker_id)
    if worker is None:
        raise Reject("WORKER_NOT_FOUND", f"no worker {worker_id}")
    if worker.willingness is not Willingness.WILLING or (worker.willingness_since is not None and day < worker.willingness_since):
        return
    worker, changes = _lapsed(worker, day)
    if not changes:
        worker = replace(worker, willingness=domain.after(worker.willingness, Step.WITHDRAW), willingness_since=day)
        origin = reference.origin(worker.county, day)
        changes = [events.WillingnessWithdrawn(worker=worker_id, origin=origin, reason="dispatched", effective=day)]
    await queries.save_worker(tx, worker)
    publish_and_audit(tx, *changes)


async def sweep(tx: Tx) -> int:
    """Record a batch of willingness that ran out before today; how many. Repeat until 0."""
    lapsed = await queries.lock_lapsed(tx, tx.clock.today(), SWEEP_BATCH)
    ended = [_expired(worker, day) for worker in lapsed if (day := domain.lapsed_on(worker, tx.clock.today()))]
    await queries.expire(tx, [event.worker for event in ended])
    publish_and_audit(tx, *ended)
    return len(ended)


async def supply(
    tx: Tx,
    *,
    county: CountyCode | None,
    occupation: Occupation | None,
    destination: Destination | None,
    after: str | None,
    limit: int,
) -> views.Supplies:
    """Willing workers of the caller's regions, by county x occupation x destination."""
    start = Cell(*after.split(".")) if after else None  # type: ignore[arg-type]  # only compared, never shown
    cells = await queries.supply(
        tx,
        [f"{prefix}%" for prefix in tx.principal.county_prefixes()],
        tx.clock.today(),
        county=county,
        occupation=occupation,
        destination=destination,
        after=start,
        limit=limit + 1,
    )
    items = tuple(
        views.Supply(county=cell.county, occupation=cell.occupation, destination=cell.destination, willing=willing)
        for cell, willing in cells[:limit]
    )
    last = cells[limit - 1][0] if len(cells) > limit else None
    return views.Supplies(items=items, next=f"{last.county}.{last.occupation}.{last.destination}" if last else None)
