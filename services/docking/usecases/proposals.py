"""Workers proposed for an order: the best of those eligible, or given ones."""

from __future__ import annotations

from datetime import date, timedelta

from services.docking.commands import proposals as commands
from services.docking.domain import errors
from services.docking.domain.enterprises import Enterprise, require_covered, require_licence
from services.docking.domain.orders import Order, require_open
from services.docking.domain.proposals import Proposal
from services.docking.domain.workers import Worker, WorkerAvailability, require_not_placed
from services.docking.matching import eligibility, ranking
from services.docking.queries import enterprises, merges, orders, proposals, quota_gaps, workers
from services.docking.queries.workers import CandidateFilter
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.placement_rows import judge, parse_rows
from services.docking.views import proposals as views
from shared.db import Tx
from shared.events import EventEnvelope, QuotaStatusChanged
from shared.listed_rows import by_row
from shared.principals import require_party
from shared.values import MatchId, OrderId, WorkerId, new_id

POVERTY_QUOTA = "Q1"  # the quota whose gap weighs in the ranking


async def propose_matches(tx: Tx, order: OrderId, command: commands.ProposeMatches) -> views.Proposals:
    """The best of those eligible, or one nominated worker; nothing is reserved.

    Raises OrderNotFound, OrderNotOpen, EnterpriseNotActive, LicenceExpired, LicenceNarrowed, WorkerNotFound, AlreadyPlaced, NotEligible,
    Forbidden.
    """
    today = tx.clock.today()
    found = await orders.get(tx, order)
    enterprise = await enterprises.get(tx, found.enterprise) if found else None
    found = _require_taking(tx, found, enterprise)
    gap = await quota_gaps.get(tx, POVERTY_QUOTA, str(today.year))
    pool = await _candidates(tx, found) if command.worker is None else [await _nominated(tx, command.worker, found)]
    if command.worker is None:
        declined = await proposals.list_declined(tx, [order])
        pool = [worker for worker in pool if (order, worker.id) not in declined]
    ranked = ranking.rank(pool, found, today, matching_terms(), gap=gap, n=command.n)
    proposed = [proposal_of(today, found, one) for one in ranked]
    ids = await proposals.insert_all(tx, proposed) if proposed else {}
    return views.Proposals(order=order, matches=tuple(views.proposal(one, ids[order, one.worker]) for one in proposed))


async def nominate_workers(tx: Tx, command: commands.NominateWorkers) -> views.Nominations:
    """Each good row is proposed as propose_matches does; each bad one is answered with its field and code. Nothing is reserved."""
    rows, refused = parse_rows(commands.NominatedWorker, command.rows)
    wanted = await orders.get_all(tx, sorted({row.order for row in rows.values()}))
    hiring = await enterprises.get_all(tx, sorted({order.enterprise for order in wanted.values()}))
    current = await merges.list_current(tx, sorted({row.worker for row in rows.values()}))
    known = await workers.get_all(tx, sorted(set(current.values())))
    gap = await quota_gaps.get(tx, POVERTY_QUOTA, str(tx.clock.today().year))
    proposed: dict[tuple[OrderId, WorkerId], Proposal] = {}

    def propose(row: commands.NominatedWorker) -> Proposal:
        order = wanted.get(row.order)
        order = _require_taking(tx, order, hiring.get(order.enterprise) if order else None, "order")
        worker = _require_nominable(tx, known.get(current[row.worker]), order)
        if (order.id, worker.id) in proposed:
            raise errors.NamedTwice(field="worker")
        ranked = ranking.score(worker, order, tx.clock.today(), matching_terms(), gap)
        proposed[order.id, worker.id] = proposal_of(tx.clock.today(), order, ranked)
        return proposed[order.id, worker.id]

    good = [*judge(rows, propose, refused).values()]
    ids = await proposals.insert_all(tx, good) if good else {}
    return views.Nominations(proposed=len(good), refused=by_row(refused), matches=tuple(ids[one.order, one.worker] for one in good))


def _require_taking(tx: Tx, order: Order | None, enterprise: Enterprise | None, field: str | None = None) -> Order:
    """The order, if it takes workers.

    Raises OrderNotFound, OrderNotOpen, EnterpriseNotActive, LicenceExpired, LicenceNarrowed, Forbidden.
    """
    if order is None or enterprise is None:
        raise errors.OrderNotFound(field=field)
    require_party(tx.principal, order.enterprise)
    today = tx.clock.today()
    require_open(order, today)
    require_licence(enterprise, today)
    require_covered(enterprise, order.channel, order.destination)
    return order


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
    return _require_nominable(tx, await workers.get(tx, await merges.get_current(tx, nominated)), order)


def _require_nominable(tx: Tx, worker: WorkerAvailability | None, order: Order) -> Worker:
    """The worker, who fits the order. Raises WorkerNotFound, AlreadyPlaced, NotEligible, Forbidden."""
    if worker is None:
        raise errors.WorkerNotFound(field="worker")
    scope.require_worker(tx.principal, worker)
    require_not_placed(worker, "worker")
    require_eligible(tx, worker, order)
    return worker


def matching_terms() -> eligibility.Terms:
    rules = policy()
    return eligibility.Terms(
        minimum_age=rules.docking_minimum_age,
        maximum_age=rules.docking_maximum_age,
        days_per_month=rules.docking_days_per_month,
        match_days=rules.docking_match_days,
    )


def require_eligible(tx: Tx, worker: Worker, order: Order) -> None:
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


# --- reactions --------------------------------------------------------------------------------------------------------
async def quota_status_changed(tx: Tx, event: EventEnvelope[QuotaStatusChanged]) -> None:
    """The gap that the next proposals are ranked by."""
    await quota_gaps.update(tx, event.data)
