"""Switching systems strands nobody: workers already abroad are taken over with the state they are in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from services.docking import commands, domain, views
from services.docking.departures import Dispatch
from services.docking.domain import Enterprise, Order, OrderState, Placement, PlacementState
from services.docking.matching import Worker
from services.docking.queries import dispatches, enterprises, orders, placements, workers
from services.docking.usecases.dispatches import departed, fact_of, moved, recount
from services.docking.usecases.event_fields import step
from services.docking.usecases.orders import require_codes
from services.docking.usecases.placements import contract_fields, contract_of
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.errors import Refused
from shared.events import Evidence
from shared.principals import Principal
from shared.values import EnterpriseId, OrderId, PlacementId, WorkerId, new_id

_STAND_IN = "adopted"  # the employer of the order that adopted placements stand under


@dataclass(frozen=True, slots=True)
class _World:
    """What the rows are judged against."""

    who: Principal
    today: date
    workers: dict[WorkerId, Worker]
    enterprises: dict[EnterpriseId, Enterprise]
    counted: dict[WorkerId, list[Dispatch]]
    placed: set[WorkerId]  # grows with every row taken


@dataclass(frozen=True, slots=True)
class _Taken:
    row: commands.AdoptedPlacement
    contract: domain.Contract
    worker: Worker


async def adopt_placements(tx: Tx, command: commands.AdoptPlacements) -> views.Adoption:
    """Each good row becomes a placement abroad with evidence `adopted`; each bad one is answered with its field and code."""
    rows, refused = _read(command)
    world = await _world(tx, list(rows.values()))
    taken: list[_Taken] = []
    for place, row in rows.items():
        try:
            taken.append(_judge(world, row))
        except Refused as error:
            refused.append(views.Refusal(row=place, field=error.field, code=error.slug))
    made = await _take(tx, world, taken) if taken else []
    return views.Adoption(accepted=len(made), refused=tuple(sorted(refused, key=lambda one: one.row)), placements=tuple(made))


def _read(command: commands.AdoptPlacements) -> tuple[dict[int, commands.AdoptedPlacement], list[views.Refusal]]:
    rows, refused = {}, []
    for place, raw in enumerate(command.rows):
        try:
            rows[place] = commands.AdoptedPlacement.model_validate_json(json.dumps(raw))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            refused.append(views.Refusal(row=place, field=field[:200] or None, code=first["type"].upper()))
    return rows, refused


async def _world(tx: Tx, rows: list[commands.AdoptedPlacement]) -> _World:
    ids = sorted({row.worker for row in rows})
    known = await workers.lock_all(tx, ids)
    counted: dict[WorkerId, list[Dispatch]] = {worker: [] for worker in known}
    for departure in await dispatches.lock_counted(tx, ids):
        counted[departure.worker].append(departure)
    firms = await enterprises.many(tx, sorted({row.enterprise for row in rows}))
    return _World(tx.principal, tx.clock.today(), known, firms, counted, await placements.placed(tx, ids))


def _judge(world: _World, row: commands.AdoptedPlacement) -> _Taken:
    """Raises Refused. An enterprise that has lost its licence since is no obstacle: its workers are abroad all the same."""
    worker = world.workers.get(row.worker)
    if worker is None:
        raise domain.WorkerNotFound(field="worker")
    if not world.who.covers_county(worker.county):
        raise domain.OutsideRegion(field="worker")
    if row.enterprise not in world.enterprises:
        raise domain.EnterpriseNotFound(field="enterprise")
    require_codes(row.destination, row.occupation)
    if row.departed_on > world.today:
        raise domain.FutureDay(field="departed_on")
    if row.worker in world.placed:
        raise domain.AlreadyPlaced(field="worker")
    if any(one.returned_on is None or one.returned_on > row.departed_on for one in world.counted[row.worker]):
        raise domain.StayOverlaps(field="departed_on")
    contract = contract_of(row.contract, signed_on=row.contract.start, filed_on=world.today)
    world.placed.add(row.worker)
    return _Taken(row, contract, worker)


async def _take(tx: Tx, world: _World, taken: list[_Taken]) -> list[PlacementId]:
    made = _orders(taken, world.today)
    await orders.add_all(tx, list(made.values()))
    adopted = [(one, _placement(one, made[_group(one)], world.today)) for one in taken]
    await placements.adopt_all(tx, [placement for _, placement in adopted])
    said: list[events.Event] = []
    departures: list[Dispatch] = []
    recounted: list[Dispatch] = []
    for one, placement in adopted:
        departure = departed(placement, one.worker.county, one.row.departed_on, one.row.port, Evidence.ADOPTED.value, traits=one.worker)
        before = world.counted[one.row.worker]
        now = recount([*before, departure])
        others, corrections = moved(before, now, "late_earlier_departure")
        departures.append(now[placement.id])
        recounted += others
        said += [
            step(tx, events.ContractRegistered, placement, **contract_fields(one.contract)),
            *corrections,
            events.Dispatched(placement=placement.id, worker=placement.worker, fact=fact_of(now[placement.id])),
        ]
    await dispatches.save_all(tx, recounted)
    await dispatches.add_all(tx, departures)
    publish_and_audit(tx, *said)
    return [placement.id for _, placement in adopted]


def _group(one: _Taken) -> tuple[object, ...]:
    """Placements of one demand: they stand under one order, which is full and closed from the start."""
    row = one.row
    wage = (one.contract.wage.minor, one.contract.wage.currency, one.contract.wage_period)
    return (row.enterprise, row.destination, row.occupation, row.channel, *wage, one.contract.months)


def _orders(taken: list[_Taken], today: date) -> dict[tuple[object, ...], Order]:
    groups: dict[tuple[object, ...], list[_Taken]] = {}
    for one in taken:
        groups.setdefault(_group(one), []).append(one)
    return {
        group: Order(
            id=OrderId(new_id()),
            enterprise=ones[0].row.enterprise,
            employer=_STAND_IN,
            destination=ones[0].row.destination,
            occupation=ones[0].row.occupation,
            channel=ones[0].row.channel,
            positions=len(ones),
            reserved=0,
            filled=len(ones),
            wage=ones[0].contract.wage,
            wage_period=ones[0].contract.wage_period,
            term_months=min(120, ones[0].contract.months),
            fee_cap=None,
            opened_on=today,
            expires=today,
            state=OrderState.CLOSED,
        )
        for group, ones in groups.items()
    }


def _placement(one: _Taken, order: Order, today: date) -> Placement:
    return Placement(
        id=PlacementId(new_id()),
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
