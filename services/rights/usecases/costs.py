"""What recruitment cost a worker, in months of first income: told once both are known, and again whenever either changes."""

from __future__ import annotations

from collections.abc import Sequence

from services.rights import queries
from services.rights.domain import Cost
from services.rights.queries import Ledger
from services.rights.usecases import event_fields
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Event
from shared.values import PlacementId


async def assess(tx: Tx, ledgers: Sequence[Ledger]) -> None:
    """Measure anew after reports have changed. The caller holds the ledgers."""
    charged = {ledger.placement: ledger for ledger in ledgers if ledger.fee is not None}
    if not charged:
        return
    firsts = await queries.first_incomes(tx, list(charged))
    changed: dict[PlacementId, Cost | None] = {}
    told: list[Event] = []
    for placement, ledger in charged.items():
        first = firsts.get(placement)
        now = Cost(first[0], ledger.fee, first[1]) if first and ledger.fee else None
        if now != ledger.cost:
            changed[placement] = now
            told.append(assessed(tx, ledger, ledger.cost, now))
    if changed:
        await queries.save_costs(tx, changed)
        publish_and_audit(tx, *told)


def assessed(tx: Tx, ledger: Ledger, previous: Cost | None, fact: Cost | None) -> Event:
    """Under the codes of the ledger."""
    return events.RecruitmentCostAssessed.model_validate(
        {
            **event_fields.codes(ledger),
            "effective": tx.clock.today(),
            "previous": _told(previous),
            "fact": _told(fact),
        }
    )


def _told(cost: Cost | None) -> events.RecruitmentCost | None:
    if cost is None:
        return None
    return events.RecruitmentCost(period=cost.period, fee=cost.fee, first_income=cost.first_income, months_milli=cost.months_milli)
