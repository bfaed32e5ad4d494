"""Who is on offer: stated, withdrawn, run out, or gone abroad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.registration.commands import RecordWillingness, WithdrawWillingness
from services.registration.domain import validity
from services.registration.domain.errors import NotInForce
from services.registration.domain.validity import Validity
from services.registration.domain.willingness import Offer, Step, SupplyCell, SupplyFilter, Willingness, expires_on, lapsed_on, next_state
from services.registration.domain.workers import Worker, effective_day, provisional_expired, supply_not_before
from services.registration.queries import willingness as supply
from services.registration.queries import workers
from services.registration.settings import policy
from services.registration.usecases import event_fields
from services.registration.usecases.new_workers import require_occupations
from services.registration.usecases.workers import changed, lock
from services.registration.views.willingness import Supplies, Supply
from services.registration.views.workers import Worker as WorkerView
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import Reject, because_of
from shared.events import Event, EventEnvelope
from shared.paging import page
from shared.values import WorkerId


async def record_willingness(tx: Tx, worker_id: WorkerId, command: RecordWillingness) -> WorkerView:
    """State what the worker is willing to do. Raises what `offer_stated` and `lock` raise."""
    worker = await lock(tx, worker_id, command.version)
    worker, changes = offer_stated(worker, command, tx.clock.today())
    await workers.update(tx, worker)
    publish_and_audit(tx, *changes)
    return await changed(tx, worker)


def offer_stated(worker: Worker, command: RecordWillingness, today: date) -> tuple[Worker, list[Event]]:
    """The worker with the offer, and its events. Raises NotInForce, InFuture, OutOfOrder, DestinationNotFound, OccupationNotFound."""
    validity.validity_after(worker.validity, validity.Step.OFFER)
    require_occupations(command.occupations or ())
    for position, code in enumerate(command.destinations):
        reference.require_destination(code, f"destinations.{position}")
    day = effective_day(command.recorded_on, today, field="recorded_on", not_before=supply_not_before(worker))
    if provisional_expired(worker, day):
        raise NotInForce(state=Validity.LAPSED)  # which the sweep has not recorded yet
    worker, changes = lapsed(worker, day)
    renewal = worker.willingness is Willingness.WILLING
    offer = Offer(
        destinations=command.destinations,
        occupations=command.occupations or worker.occupations,
        wage_floor=command.wage_floor,
        available_from=command.available_from or day,
        expires_on=expires_on(day, policy().registration_willingness_days),
        family_consent=command.family_consent,
    )
    worker = replace(worker, willingness=next_state(worker.willingness, Step.RECORD), willingness_since=day, offer=offer)
    return worker, [*changes, event_fields.willingness_recorded(worker, offer, day, renewal=renewal)]


def lapsed(worker: Worker, day: date) -> tuple[Worker, list[Event]]:
    """What the sweep would have recorded by `day`, had it come earlier."""
    ended = lapsed_on(worker.willingness, worker.offer, day)
    if ended is None:
        return worker, []
    expired = replace(worker, willingness=next_state(worker.willingness, Step.EXPIRE), willingness_since=ended)
    return expired, [event_fields.willingness_expired(worker, ended)]


async def withdraw_willingness(tx: Tx, worker_id: WorkerId, command: WithdrawWillingness) -> WorkerView:
    """The worker has changed his mind. Raises NotWilling, InFuture, OutOfOrder and what `lock` raises."""
    worker = await lock(tx, worker_id, command.version)
    day = effective_day(command.withdrawn_on, tx.clock.today(), field="withdrawn_on", not_before=supply_not_before(worker))
    worker, _ = lapsed(worker, day)
    worker = replace(worker, willingness=next_state(worker.willingness, Step.WITHDRAW), willingness_since=day)
    await workers.update(tx, worker)
    publish_and_audit(tx, event_fields.willingness_withdrawn(worker, day, "worker"))
    return await changed(tx, worker)


async def withdraw_dispatched(tx: Tx, departures: Sequence[EventEnvelope[events.Dispatched]]) -> None:
    """Who has left is no longer on offer; a willingness stated after the departure stays. Rejects an unknown worker."""
    known = await workers.lock_all(tx, [one.data.worker for one in departures])
    withdrawn: dict[WorkerId, Worker] = {}
    for departure in departures:
        stated, day = departure.data.worker, departure.data.departed_on
        if stated not in known:
            raise Reject("WORKER_NOT_FOUND", f"no worker {stated}")
        worker = withdrawn.get(known[stated].worker, known[stated])
        if worker.willingness is not Willingness.WILLING or (worker.willingness_since is not None and day < worker.willingness_since):
            continue
        day = max(day, worker.residence_since or day)  # whoever has moved meanwhile is counted as willing in the new county
        worker, changes = lapsed(worker, day)
        if not changes:
            worker = replace(worker, willingness=next_state(worker.willingness, Step.WITHDRAW), willingness_since=day)
            changes = [event_fields.willingness_withdrawn(worker, day, "dispatched")]
        withdrawn[worker.worker] = worker
        because_of(tx, departure)
        publish_and_audit(tx, *changes)
    if withdrawn:
        await workers.update_willingness(tx, list(withdrawn.values()))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_supply(tx: Tx, wanted: SupplyFilter, after: SupplyCell | None, limit: int) -> Supplies:
    """Willing workers of the principal's regions, by county x occupation x destination."""
    found = await supply.list_supply(tx, wanted, after=after, limit=limit + 1)
    counts, last = page(found, limit, lambda count: count.cell)
    items = tuple(
        Supply(county=count.cell.county, occupation=count.cell.occupation, destination=count.cell.destination, willing=count.willing)
        for count in counts
    )
    return Supplies(items=items, next=f"{last.county}.{last.occupation}.{last.destination}" if last else None)
