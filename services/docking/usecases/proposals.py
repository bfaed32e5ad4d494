"""Workers proposed for an order, and the acceptance that makes a proposal a placement."""

from __future__ import annotations

from datetime import date, timedelta

from services.docking.commands import proposals as commands
from services.docking.domain import errors
from services.docking.domain.enterprises import Enterprise, require_covered, require_licence
from services.docking.domain.orders import Order, require_free_position, require_open
from services.docking.domain.placements import Placement, PlacementState
from services.docking.domain.proposals import Proposal, require_acceptable
from services.docking.domain.workers import Worker, WorkerAvailability, require_not_placed
from services.docking.matching import eligibility, ranking
from services.docking.queries import enterprises, merges, orders, placements, proposals, quota_gaps, workers
from services.docking.queries.workers import CandidateFilter
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.event_fields import placement_event
from services.docking.usecases.intention_matches import count_matches
from services.docking.views import placements as placement_views
from services.docking.views import proposals as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import EventEnvelope, QuotaStatusChanged
from shared.principals import require_party
from shared.values import MatchId, OrderId, PlacementId, WorkerId, new_id

POVERTY_QUOTA = "Q1"  # the quota whose gap weighs in the ranking


async def propose_matches(tx: Tx, order: OrderId, command: commands.ProposeMatches) -> views.Proposals:
    """The best of those eligible, or one nominated worker; nothing is reserved.

    Raises OrderNotFound, OrderNotOpen, EnterpriseNotActive, LicenceExpired, LicenceNarrowed, WorkerNotFound, AlreadyPlaced, NotEligible,
    Forbidden.
    """
    today = tx.clock.today()
    found = await orders.get(tx, order)
    if found is None:
        raise errors.OrderNotFound
    require_party(tx.principal, found.enterprise)
    require_open(found, today)
    enterprise = await enterprises.get(tx, found.enterprise)
    if enterprise is None:
        raise errors.EnterpriseNotFound
    require_licence(enterprise, today)
    require_covered(enterprise, found.channel, found.destination)
    gap = await quota_gaps.get(tx, POVERTY_QUOTA, str(today.year))
    pool = await _candidates(tx, found) if command.worker is None else [await _nominated(tx, command.worker, found)]
    if command.worker is None:
        declined = await proposals.list_declined(tx, [order])
        pool = [worker for worker in pool if (order, worker.id) not in declined]
    ranked = ranking.rank(pool, found, today, matching_terms(), gap=gap, n=command.n)
    proposed = [proposal_of(today, found, one) for one in ranked]
    ids = await proposals.insert_all(tx, proposed) if proposed else {}
    return views.Proposals(order=order, matches=tuple(views.proposal(one, ids[one.worker]) for one in proposed))


async def _candidates(tx: Tx, order: Order) -> list[Worker]:
    today, rules = tx.clock.today(), policy()
    wanted = CandidateFilter(
        destination=order.destination,
        occupations=eligibility.wanted_codes(order.occupation),
        willing_on=today,
        born=(today.year - rules.docking_maximum_age, today.year - rules.docking_minimum_age),
        counties=scope.visible_counties(tx.principal),
        per_group=rules.docking_candidates,
    )
    return await workers.list_candidates(tx, wanted)


async def _nominated(tx: Tx, nominated: WorkerId, order: Order) -> Worker:
    worker = await workers.get(tx, await merges.get_current(tx, nominated))
    if worker is None:
        raise errors.WorkerNotFound(field="worker")
    scope.require_worker(tx.principal, worker)
    require_not_placed(worker, "worker")
    _require_eligible(tx, worker, order)
    return worker


def matching_terms() -> eligibility.Terms:
    rules = policy()
    return eligibility.Terms(
        minimum_age=rules.docking_minimum_age,
        maximum_age=rules.docking_maximum_age,
        days_per_month=rules.docking_days_per_month,
        match_days=rules.docking_match_days,
    )


def _require_eligible(tx: Tx, worker: Worker, order: Order) -> None:
    obstacles = eligibility.obstacles(worker, order, tx.clock.today(), matching_terms())
    if obstacles:
        raise errors.NotEligible(state={"failed": obstacles})


def proposal_of(today: date, order: Order, ranked: ranking.Ranked) -> Proposal:
    return Proposal(
        id=MatchId(new_id()),
        order=order.id,
        worker=ranked.worker,
        score=ranked.score,
        reasons=ranked.reasons,
        quota_effect=ranked.quota_effect,
        policy_version=ranking.POLICY_VERSION,
        expires=today + timedelta(days=policy().docking_proposal_days),
    )


async def accept_match(tx: Tx, match: MatchId) -> placement_views.Placement:
    """The worker's one active placement and a position of the order are taken.

    Raises MatchNotFound, MatchNotOpen, OrderNotOpen, PositionTaken, AlreadyPlaced, NotEligible, WorkerNotFound, EnterpriseNotActive,
    LicenceExpired, LicenceNarrowed, Forbidden.
    """
    proposal = await proposals.lock(tx, match)
    if proposal is None:
        raise errors.MatchNotFound
    order, enterprise, worker = await _parties(tx, proposal)
    require_party(tx.principal, order.enterprise)
    scope.require_worker(tx.principal, worker)
    _require_takeable(tx, proposal, order, enterprise, worker)
    placement = _matched(tx, order, worker)
    if not await placements.insert_matched(tx, match, placement):
        raise errors.AlreadyPlaced
    matched = placement_event(
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
    publish_and_audit(tx, matched)
    await count_matches(tx, [placement.enterprise])
    return placement_views.placement(placement)


async def _parties(tx: Tx, proposal: Proposal) -> tuple[Order, Enterprise, WorkerAvailability]:
    """The worker as they stay, then the order locked: the last position is not taken twice. Raises OrderNotFound, WorkerNotFound.

    Whoever needs several locks takes placement, worker, order in this order.
    """
    worker = await workers.lock_shared(tx, proposal.worker)
    order = await orders.lock(tx, proposal.order)
    enterprise = await enterprises.get(tx, order.enterprise) if order else None
    if order is None or enterprise is None:
        raise errors.OrderNotFound
    if worker is None:
        raise errors.WorkerNotFound
    return order, enterprise, worker


def _require_takeable(tx: Tx, proposal: Proposal, order: Order, enterprise: Enterprise, worker: WorkerAvailability) -> None:
    """Raises what accept_match names."""
    today = tx.clock.today()
    require_acceptable(proposal, today)
    require_open(order, today)
    require_licence(enterprise, today)
    require_covered(enterprise, order.channel, order.destination)
    require_not_placed(worker)
    _require_eligible(tx, worker, order)
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


# --- reactions --------------------------------------------------------------------------------------------------------
async def quota_status_changed(tx: Tx, event: EventEnvelope[QuotaStatusChanged]) -> None:
    """The gap that the next proposals are ranked by."""
    await quota_gaps.update(tx, event.data)
