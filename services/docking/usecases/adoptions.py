"""Workers already abroad when this system takes over are adopted with the state they are in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

from services.docking.commands import adoptions as commands
from services.docking.domain import errors
from services.docking.domain.contracts import Contract
from services.docking.domain.dispatches import Dispatch, changed, recount
from services.docking.domain.enterprises import Enterprise
from services.docking.domain.fees import Fee, require_no_own_employee
from services.docking.domain.orders import Order, OrderState
from services.docking.domain.placements import Placement, PlacementState
from services.docking.domain.workers import Worker, require_not_erased
from services.docking.queries import dispatches, enterprises, fees, merges, old_numbers, orders, placements, workers
from services.docking.usecases.contract_fees import fee_declared, new_contract_fee
from services.docking.usecases.dispatches import uncounted
from services.docking.usecases.event_fields import contract_fields, corrections, dispatch_fact, placement_event
from services.docking.usecases.managers import review_managers
from services.docking.usecases.placement_rows import judge, parse_rows
from services.docking.usecases.placements import contract
from services.docking.views import adoptions as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Evidence
from shared.listed_rows import Refusal, by_row
from shared.old_numbers import OldNumberTaken, require_no_document
from shared.principals import Principal
from shared.values import EnterpriseId, OrderId, PlacementId, WorkerId, new_id

EMPLOYER = "adopted"  # of the orders that adopted placements fill


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """What the rows are checked against."""

    who: Principal
    today: date
    workers: dict[WorkerId, Worker]
    enterprises: dict[EnterpriseId, Enterprise]
    counted: dict[WorkerId, list[Dispatch]]
    placed: set[WorkerId]  # grows with every row accepted


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A good row, and what it becomes."""

    placement: PlacementId
    row: commands.AdoptedPlacement
    contract: Contract
    worker: Worker


async def adopt_placements(tx: Tx, command: commands.AdoptPlacements) -> views.Adoption:
    """Each good row becomes a placement abroad with evidence `adopted`; each bad one is answered with its field and code."""
    rows, refused = parse_rows(commands.AdoptedPlacement, command.rows)
    current = await merges.list_current(tx, sorted({row.worker for row in rows.values()}))
    rows = {number: row.model_copy(update={"worker": current[row.worker]}) for number, row in rows.items()}
    records = await _read_records(tx, list(rows.values()))
    good = judge(rows, partial(_accept, records), refused)
    taken = await _claim(tx, list(good.values()))
    refused += (
        Refusal(row=number, field="old_number.number", code=OldNumberTaken.slug) for number in good if good[number].placement in taken
    )
    accepted = [one for one in good.values() if one.placement not in taken]
    adopted = await _adopt(tx, records, accepted) if accepted else []
    return views.Adoption(accepted=len(adopted), refused=by_row(refused), placements=tuple(adopted))


async def _claim(tx: Tx, good: list[_Accepted]) -> set[UUID]:
    """Those whose number in the system before this one is another placement's; the others are found by theirs."""
    return await old_numbers.insert_all(tx, "placement", {one.placement: one.row.old_number for one in good if one.row.old_number})


async def _read_records(tx: Tx, rows: list[commands.AdoptedPlacement]) -> _Records:
    ids = sorted({row.worker for row in rows})
    known = await workers.lock_all(tx, ids)
    counted: dict[WorkerId, list[Dispatch]] = {worker: [] for worker in known}
    for departure in await dispatches.lock_counted(tx, ids):
        counted[departure.worker].append(departure)
    return _Records(
        who=tx.principal,
        today=tx.clock.today(),
        workers=known,
        enterprises=await enterprises.get_all(tx, sorted({row.enterprise for row in rows})),
        counted=counted,
        placed=await placements.list_placed_workers(tx, ids),
    )


def _accept(records: _Records, row: commands.AdoptedPlacement) -> _Accepted:
    """Raises Refused. An enterprise that has lost its licence since is no obstacle: its workers are abroad all the same."""
    worker = records.workers.get(row.worker)
    if worker is None:
        raise errors.WorkerNotFound(field="worker")
    if not records.who.covers_county(worker.county):
        raise errors.OutsideRegion(field="worker")
    require_not_erased(worker, "worker")
    if row.enterprise not in records.enterprises:
        raise errors.EnterpriseNotFound(field="enterprise")
    reference.require_destination(row.destination)
    reference.require_occupation(row.occupation)
    if row.departed_on > records.today:
        raise errors.FutureDay(field="departed_on")
    if row.worker in records.placed:
        raise errors.AlreadyPlaced(field="worker")
    if any(one.returned_on is None or one.returned_on > row.departed_on for one in records.counted[row.worker]):
        raise errors.StayOverlaps(field="departed_on")
    require_no_own_employee(row.channel, row.contract.service_fee, "contract.service_fee")
    require_no_document(row.old_number)
    terms = contract(row.contract, signed_on=row.contract.start, filed_on=records.today)
    records.placed.add(row.worker)
    return _Accepted(PlacementId(new_id()), row, terms, worker)


async def _adopt(tx: Tx, records: _Records, accepted: list[_Accepted]) -> list[PlacementId]:
    filled = _orders(accepted, records.today)
    await orders.insert_all(tx, list(filled.values()))
    adopted = [(one, _placement(one, filled[_demand(one)], records.today)) for one in accepted]
    await placements.insert_adopted(tx, [placement for _, placement in adopted])
    published: list[events.Event] = []
    departures: list[Dispatch] = []
    recounted: list[Dispatch] = []
    charged: list[Fee] = []
    leaving = await workers.list_as_of(tx, [(one.worker, one.row.departed_on) for one in accepted])
    for (one, placement), worker in zip(adopted, leaving, strict=True):
        departure = uncounted(placement, worker, departed_on=one.row.departed_on, port=one.row.port, evidence=Evidence.ADOPTED.value)
        before = records.counted[one.row.worker]
        now = recount([*before, departure])
        changes = changed(before, now)
        departures.append(now[placement.id])
        recounted += [new for _, new in changes]
        service_fees = _service_fee(one.contract, placement)
        charged += service_fees
        published += [
            placement_event(tx, events.ContractRegistered, placement, **contract_fields(one.contract)),
            *(fee_declared(placement, fee) for fee in service_fees),
            *corrections(changes, "late_earlier_departure"),
            events.Dispatched(placement=placement.id, worker=placement.worker, fact=dispatch_fact(now[placement.id])),
        ]
    await dispatches.update_all(tx, recounted)
    await dispatches.insert_all(tx, departures)
    await fees.update_all(tx, charged)
    publish_and_audit(tx, *published)
    await review_managers(tx, *departures)
    return [placement.id for _, placement in adopted]


def _service_fee(terms: Contract, placement: Placement) -> list[Fee]:
    """The one that the contract names."""
    return [] if terms.service_fee is None else [new_contract_fee(placement, terms, terms.service_fee)]


def _demand(one: _Accepted) -> tuple[object, ...]:
    """What placements of one order have in common."""
    row = one.row
    wage = (one.contract.wage.minor, one.contract.wage.currency, one.contract.wage_period)
    return (row.enterprise, row.destination, row.occupation, row.channel, *wage, one.contract.months)


def _orders(accepted: list[_Accepted], today: date) -> dict[tuple[object, ...], Order]:
    """One order for each demand, filled and closed from the start."""
    demands: dict[tuple[object, ...], list[_Accepted]] = {}
    for one in accepted:
        demands.setdefault(_demand(one), []).append(one)
    return {demand: _order(several[0], len(several), today) for demand, several in demands.items()}


def _order(one: _Accepted, positions: int, today: date) -> Order:
    return Order(
        id=OrderId(new_id()),
        enterprise=one.row.enterprise,
        employer=EMPLOYER,
        destination=one.row.destination,
        occupation=one.row.occupation,
        channel=one.row.channel,
        positions=positions,
        reserved=0,
        filled=positions,
        wage=one.contract.wage,
        wage_period=one.contract.wage_period,
        term_months=min(120, one.contract.months),
        fee_cap=None,
        opened_on=today,
        expires=today,
        state=OrderState.CLOSED,
    )


def _placement(one: _Accepted, order: Order, today: date) -> Placement:
    return Placement(
        id=one.placement,
        order=order.id,
        enterprise=order.enterprise,
        worker=one.row.worker,
        county=one.worker.county,
        destination=order.destination,
        occupation=order.occupation,
        channel=order.channel,
        state=PlacementState.ABROAD,
        matched_on=today,
        match_due=today,
        due=None,
        since=one.row.departed_on,
        adopted=True,
        contract=one.contract,
    )
