"""Job orders: opened, closed, matched to workers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.docking import commands, domain, matching, views
from services.docking.domain import OrderState, Placement, PlacementState
from services.docking.queries import enterprises, orders, placements, workers
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.event_fields import step
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.principals import Role, require_county, require_party
from shared.values import EnterpriseId, MatchId, OrderId, PlacementId, new_id

POVERTY_QUOTA = "Q1"  # the quota whose gap weighs in the ranking


async def open_job_order(tx: Tx, command: commands.OpenJobOrder) -> views.Order:
    """A need for workers, within the licence.

    Raises EnterpriseNotFound, EnterpriseNotActive, LicenceExpired, OutsideScope, DestinationNotFound, OccupationNotFound, CurrencyDiffers,
    PastDay, Forbidden.
    """
    today = tx.clock.today()
    enterprise = await enterprises.get(tx, command.enterprise)
    if enterprise is None:
        raise domain.EnterpriseNotFound(field="enterprise")
    scope.require_enterprise(tx.principal, enterprise)
    require_codes(command.destination, command.occupation)
    domain.require_licence(enterprise, today)
    if not domain.covers(enterprise, command.channel, command.destination):
        raise domain.OutsideScope(field="channel" if command.channel not in enterprise.scope else "destination")
    if command.fee_cap is not None and command.fee_cap.currency != command.wage.currency:
        raise domain.CurrencyDiffers(field="fee_cap.currency")
    expires = command.expires or today + timedelta(days=policy().docking_order_days)
    if expires < today:
        raise domain.PastDay(field="expires")
    order = domain.Order(
        id=OrderId(new_id()),
        enterprise=command.enterprise,
        employer=command.employer,
        destination=command.destination,
        occupation=command.occupation,
        channel=command.channel,
        positions=command.positions,
        reserved=0,
        filled=0,
        wage=command.wage,
        wage_period=command.wage_period,
        term_months=command.term_months,
        fee_cap=command.fee_cap,
        opened_on=today,
        expires=expires,
        state=OrderState.OPEN,
    )
    await orders.add_all(tx, [order])
    opened = events.JobOrderOpened(
        order=order.id,
        enterprise=order.enterprise,
        destination=order.destination,
        occupation=order.occupation,
        channel=order.channel,
        effective=today,
        employer=order.employer,
        positions=order.positions,
        wage=order.wage,
        wage_period=order.wage_period,
        term_months=order.term_months,
        fee_cap=order.fee_cap,
        expires=expires,
    )
    publish_and_audit(tx, opened)
    return views.order(order)


def require_codes(destination: str, occupation: str) -> None:
    """Raises DestinationNotFound, OccupationNotFound."""
    if not reference.known_destination(destination):
        raise domain.DestinationNotFound(field="destination")
    if not reference.known_occupation(occupation):
        raise domain.OccupationNotFound(field="occupation")


async def close_job_order(tx: Tx, order: OrderId, command: commands.CloseJobOrder) -> views.Order:
    """No more workers; placements under way keep their positions. Raises OrderNotFound, OrderNotOpen, VersionConflict, Forbidden."""
    found = await orders.lock(tx, order)
    if found is None:
        raise domain.OrderNotFound
    await _require_order(tx, found)
    scope.require_version(command.version, found.version)
    if found.state is not OrderState.OPEN:
        raise domain.OrderNotOpen(state=found.state)
    await orders.end(tx, order, OrderState.CLOSED)
    publish_and_audit(tx, events.JobOrderClosed.model_validate(ended(tx, found)))
    return views.order(replace(found, state=OrderState.CLOSED, version=found.version + 1))


def ended(tx: Tx, order: domain.Order) -> dict[str, object]:
    """Fields of JobOrderClosed and JobOrderExpired."""
    return {
        "order": order.id,
        "enterprise": order.enterprise,
        "destination": order.destination,
        "occupation": order.occupation,
        "channel": order.channel,
        "effective": tx.clock.today(),
        "unfilled": order.free,
    }


async def _require_order(tx: Tx, order: domain.Order) -> None:
    """The enterprise itself, or the authority of its seat."""
    if tx.principal.role is Role.ENTERPRISE:
        require_party(tx.principal, order.enterprise)
        return
    enterprise = await enterprises.get(tx, order.enterprise)
    scope.require_seat(tx.principal, enterprise.seat if enterprise else None)


# --- matching -----------------------------------------------------------------------------------------------------------
def _terms() -> matching.Terms:
    rules = policy()
    return matching.Terms(rules.docking_minimum_age, rules.docking_maximum_age, rules.docking_days_per_month, rules.docking_match_days)


async def propose_matches(tx: Tx, order: OrderId, command: commands.ProposeMatches) -> views.Proposals:
    """The best of those eligible, or one nominated worker; nothing is reserved.

    Raises OrderNotFound, OrderNotOpen, WorkerNotFound, AlreadyPlaced, NotEligible, Forbidden.
    """
    today, rules = tx.clock.today(), policy()
    found = await orders.get(tx, order)
    if found is None:
        raise domain.OrderNotFound
    require_party(tx.principal, found.enterprise)
    domain.require_open(found, today)
    gap = await workers.quota_gap(tx, POVERTY_QUOTA, str(today.year))
    if command.worker is not None:
        pool = [await _nominated(tx, command, found)]
    else:
        pool = await workers.candidates(
            tx,
            found.destination,
            matching.wanted_codes(found.occupation),
            rules.docking_candidates,
            today,
            (today.year - rules.docking_maximum_age, today.year - rules.docking_minimum_age),
            scope.county_patterns(tx.principal),
        )
    ranked = matching.rank(pool, found, today, _terms(), gap, command.n)
    expires = today + timedelta(days=rules.docking_proposal_days)
    ids = await placements.propose(tx, order, ranked, matching.VERSION, expires) if ranked else {}
    return views.Proposals(order=order, matches=tuple(views.proposal(one, ids[one.worker], expires) for one in ranked))


async def _nominated(tx: Tx, command: commands.ProposeMatches, order: domain.Order) -> matching.Worker:
    known = await workers.get(tx, command.worker) if command.worker else None
    if known is None:
        raise domain.WorkerNotFound(field="worker")
    worker, placed = known
    _require_worker(tx, worker)
    if placed:
        raise domain.AlreadyPlaced(field="worker")
    _require_eligible(tx, worker, order)
    return worker


def _require_worker(tx: Tx, worker: matching.Worker) -> None:
    if tx.principal.role is not Role.ENTERPRISE:
        require_county(tx.principal, worker.county)


def _require_eligible(tx: Tx, worker: matching.Worker, order: domain.Order) -> None:
    obstacles = matching.obstacles(worker, order, tx.clock.today(), _terms())
    if obstacles:
        raise domain.NotEligible(state={"failed": obstacles})


async def accept_match(tx: Tx, match: MatchId) -> views.Placement:
    """The worker's one active placement and a position of the order are taken.

    Raises MatchNotFound, MatchNotOpen, OrderNotOpen, PositionTaken, AlreadyPlaced, NotEligible, WorkerNotFound, EnterpriseNotActive,
    LicenceExpired, Forbidden.
    """
    today = tx.clock.today()
    proposal = await placements.lock_proposal(tx, match)
    if proposal is None:
        raise domain.MatchNotFound
    order = await orders.lock(tx, proposal.order)
    known = await workers.get(tx, proposal.worker)
    enterprise = await enterprises.get(tx, order.enterprise) if order else None
    if order is None or enterprise is None:
        raise domain.OrderNotFound
    if known is None:
        raise domain.WorkerNotFound
    worker, placed = known
    require_party(tx.principal, order.enterprise)
    _require_worker(tx, worker)
    domain.require_acceptable(proposal, today)
    domain.require_open(order, today)
    domain.require_licence(enterprise, today)
    if placed:
        raise domain.AlreadyPlaced
    _require_eligible(tx, worker, order)
    if order.free <= 0:
        raise domain.PositionTaken(state={"positions": order.positions, "reserved": order.reserved, "filled": order.filled})
    placement = _matched(tx, order, worker)
    if not await placements.accept(tx, match, placement):
        raise domain.AlreadyPlaced
    matched = step(
        tx,
        events.MatchedToEnterprise,
        placement,
        score=proposal.score,
        reasons=proposal.reasons,
        quota_effect=proposal.quota_effect,
        policy_version=proposal.policy_version,
        due=placement.due,
        registered_on=worker.registered_on,
    )
    publish_and_audit(tx, matched)
    return views.placement(placement)


def _matched(tx: Tx, order: domain.Order, worker: matching.Worker) -> Placement:
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


# --- queries ------------------------------------------------------------------------------------------------------------
async def list_orders(tx: Tx, after: OrderId | None, enterprise: EnterpriseId | None, state: OrderState | None, limit: int) -> views.Orders:
    """Orders and how far they are filled: demand is open to everyone who mediates it."""
    if enterprise is None and tx.principal.role is Role.ENTERPRISE:
        enterprise = scope.own_enterprise(tx.principal)
    if enterprise is not None:
        require_party(tx.principal, enterprise)
    found = await orders.page(tx, after, enterprise, state, limit)
    return views.Orders(items=tuple(views.order(one) for one in found), next=found[-1].id if len(found) == limit else None)


async def show_order(tx: Tx, order: OrderId) -> views.Order:
    """Raises OrderNotFound, Forbidden."""
    found = await orders.get(tx, order)
    if found is None:
        raise domain.OrderNotFound
    require_party(tx.principal, found.enterprise)
    return views.order(found)


async def history(tx: Tx, order: OrderId, after: int, limit: int) -> History:
    """Raises OrderNotFound, Forbidden."""
    await show_order(tx, order)
    return await changes_of(tx, order, after, limit)
