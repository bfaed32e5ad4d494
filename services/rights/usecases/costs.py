"""What recruitment cost a worker, in months of first income: published once both are known, and again whenever either changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.rights.domain.costs import Cost
from services.rights.domain.ledgers import Ledger
from services.rights.queries import incomes, ledgers
from services.rights.usecases.event_fields import codes, cost_fact
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Event


async def assess_costs(tx: Tx, affected: Sequence[Ledger]) -> None:
    """Measure anew after reports have changed. The caller holds the ledgers."""
    publish_and_audit(tx, *[cost_assessed(tx, before, before.cost, after.cost) for before, after in await measured(tx, affected)])


async def measured(tx: Tx, affected: Sequence[Ledger]) -> list[tuple[Ledger, Ledger]]:
    """Write what fees are measured against from now on. Returns the ledgers where that is another income, before and after."""
    charged = {ledger.placement: ledger for ledger in affected if ledger.fee is not None}
    if not charged:
        return []
    found = await incomes.list_first(tx, list(charged))
    changed = {placement: found.get(placement) for placement, ledger in charged.items() if found.get(placement) != ledger.first_income}
    if changed:
        await ledgers.update_first_incomes(tx, changed)
    return [(charged[placement], replace(charged[placement], first_income=first)) for placement, first in changed.items()]


def cost_assessed(tx: Tx, ledger: Ledger, previous: Cost | None, fact: Cost | None) -> Event:
    """Under the codes of the ledger."""
    return events.RecruitmentCostAssessed(previous=cost_fact(previous), fact=cost_fact(fact), **codes(ledger, tx.clock.today()))
