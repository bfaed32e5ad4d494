"""What workers say after their arrival: where the terms are others than agreed, a case is opened."""

from __future__ import annotations

from collections.abc import Collection

from services.rights.domain.cases import Severity
from services.rights.queries import ledgers
from services.rights.usecases.case_openings import Opening, open_case
from shared import events
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import ArrivalFact, EventEnvelope
from shared.values import PlacementId

GRAVE = frozenset({"employer", "passport"})  # sold on, or held back


async def arrival_confirmed(tx: Tx, event: EventEnvelope[events.ArrivalConfirmed]) -> None:
    """Raises Reject for a placement without a contract."""
    await _open(tx, event.data.placement, event.data.fact, known=())


async def arrival_corrected(tx: Tx, event: EventEnvelope[events.ArrivalCorrected]) -> None:
    """For differences that were not known; what a case was opened for is judged there. Raises Reject."""
    await _open(tx, event.data.placement, event.data.fact, known=event.data.previous.differences)


async def _open(tx: Tx, placement: PlacementId, fact: ArrivalFact, known: Collection[str]) -> None:
    differences = [term for term in fact.differences if term not in known]
    if not differences:
        return
    ledger = await ledgers.get(tx, placement)
    if ledger is None:
        raise Reject("no_contract", f"no contract was registered for placement {placement}")
    severity: Severity = "high" if GRAVE.intersection(differences) else "normal"
    text = f"{fact.day} days after the departure not as agreed: {', '.join(differences)}"
    opening = Opening(enterprise=ledger.enterprise, category="contract", severity=severity, via="worker", text=text, ledger=ledger)
    await open_case(tx, opening)
