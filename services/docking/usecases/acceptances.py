"""The acceptance that makes a proposal a placement: one, or those of a list, in which every row is judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.docking.commands import proposals as commands
from services.docking.domain import errors
from services.docking.domain.enterprises import Enterprise, require_covered, require_licence
from services.docking.domain.orders import Order, require_free_position, require_open
from services.docking.domain.placements import Placement, PlacementState
from services.docking.domain.proposals import Proposal, ProposalState, require_acceptable
from services.docking.domain.workers import Worker, WorkerAvailability, require_not_placed
from services.docking.queries import enterprises, orders, placements, proposals, workers
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.event_fields import placement_event
from services.docking.usecases.intention_matches import count_matches
from services.docking.usecases.placement_rows import judge, parse_rows
from services.docking.usecases.proposals import require_eligible
from services.docking.views import placements as placement_views
from services.docking.views import proposals as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.listed_rows import by_row, refusal
from shared.principals import require_party
from shared.values import EnterpriseId, MatchId, OrderId, PlacementId, WorkerId, new_id


async def accept_match(tx: Tx, match: MatchId) -> placement_views.Placement:
    """The worker's one active placement and a position of the order are taken.

    Raises MatchNotFound, MatchNotOpen, OrderNotFound, OrderNotOpen, PositionTaken, AlreadyPlaced, NotEligible, WorkerNotFound,
    EnterpriseNotActive, LicenceExpired, LicenceNarrowed, Forbidden.
    """
    accepted = _accept(tx, await _lock_records(tx, [match]), match)
    if not await _take(tx, [accepted]):
        raise errors.AlreadyPlaced
    return placement_views.placement(accepted.placement)


async def accept_matches(tx: Tx, command: commands.AcceptMatches) -> views.Acceptances:
    """Each good row becomes a placement; each bad one is answered with its field and code."""
    rows, refused = parse_rows(commands.AcceptedMatch, command.rows)
    records = await _lock_records(tx, sorted({row.match for row in rows.values()}))
    accepted = judge(rows, lambda row: _accept(tx, records, row.match), refused)
    taken = await _take(tx, [*accepted.values()]) if accepted else []
    refused += [refusal(number, errors.AlreadyPlaced()) for number, one in accepted.items() if one not in taken]
    return views.Acceptances(accepted=len(taken), refused=by_row(refused), placements=tuple(one.placement.id for one in taken))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """What acceptances are judged by; each changes what the next is judged by."""

    proposals: dict[MatchId, Proposal]
    workers: dict[WorkerId, WorkerAvailability]
    orders: dict[OrderId, Order]
    enterprises: dict[EnterpriseId, Enterprise]


async def _lock_records(tx: Tx, matches: Sequence[MatchId]) -> _Records:
    """The workers as they stay, then the orders locked: the last position is not taken twice.

    Whoever needs several locks takes placement, worker, order in this order.
    """
    found = await proposals.lock_all(tx, matches)
    known = await workers.lock_all_shared(tx, sorted({one.worker for one in found.values()}))
    wanted = await orders.lock_all(tx, sorted({one.order for one in found.values()}))
    hiring = await enterprises.get_all(tx, sorted({one.enterprise for one in wanted.values()}))
    return _Records(proposals=found, workers=known, orders=wanted, enterprises=hiring)


@dataclass(frozen=True, slots=True)
class _Accepted:
    match: MatchId
    placement: Placement
    matched: events.Event


def _accept(tx: Tx, records: _Records, match: MatchId) -> _Accepted:
    """Raises what accept_match names."""
    proposal = records.proposals.get(match)
    if proposal is None:
        raise errors.MatchNotFound
    order, worker = records.orders.get(proposal.order), records.workers.get(proposal.worker)
    enterprise = records.enterprises.get(order.enterprise) if order else None
    if order is None or enterprise is None:
        raise errors.OrderNotFound
    if worker is None:
        raise errors.WorkerNotFound
    require_party(tx.principal, order.enterprise)
    scope.require_worker(tx.principal, worker)
    _require_takeable(tx, proposal, order, enterprise, worker)
    records.proposals[match] = replace(proposal, state=ProposalState.ACCEPTED)
    records.orders[order.id] = replace(order, reserved=order.reserved + 1)
    records.workers[worker.id] = replace(worker, placed=True)
    placement = _matched(tx, order, worker)
    return _Accepted(match, placement, _event(tx, proposal, placement, worker))


def _require_takeable(tx: Tx, proposal: Proposal, order: Order, enterprise: Enterprise, worker: WorkerAvailability) -> None:
    """Raises what accept_match names."""
    today = tx.clock.today()
    require_acceptable(proposal, today)
    require_open(order, today)
    require_licence(enterprise, today)
    require_covered(enterprise, order.channel, order.destination)
    require_not_placed(worker)
    require_eligible(tx, worker, order)
    require_free_position(order)


def _matched(tx: Tx, order: Order, worker: Worker) -> Placement:
    today = tx.clock.today()
    due = today + timedelta(days=policy().docking_match_days)
    return Placement(
        id=PlacementId(new_id()),
        order=order.id,
        enterprise=order.enterprise,
        worker=worker.id,
        county=worker.county,
        destination=order.destination,
        occupation=order.occupation,
        channel=order.channel,
        state=PlacementState.MATCHED,
        matched_on=today,
        match_due=due,
        due=due,
        since=today,
        registered_on=worker.registered_on,
    )


def _event(tx: Tx, proposal: Proposal, placement: Placement, worker: Worker) -> events.MatchedToEnterprise:
    return placement_event(
        tx,
        events.MatchedToEnterprise,
        placement,
        score=proposal.score,
        reasons=proposal.reasons,
        quota_effect=proposal.quota_effect,
        policy_version=proposal.policy_version,
        due=placement.due,
        registered_on=worker.registered_on,
        worker_no=worker.number,
    )


async def _take(tx: Tx, accepted: Sequence[_Accepted]) -> list[_Accepted]:
    """Write and publish those whose worker was not placed elsewhere in this moment."""
    placed = await placements.insert_matched(tx, {one.match: one.placement for one in accepted})
    taken = [one for one in accepted if one.match in placed]
    publish_and_audit(tx, *(one.matched for one in taken))
    await count_matches(tx, {one.placement.enterprise for one in taken})
    return taken
