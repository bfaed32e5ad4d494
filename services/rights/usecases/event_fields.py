"""What every event about a ledger carries."""

from __future__ import annotations

from services.rights.domain import Paid
from services.rights.queries import Ledger
from shared.events import IncomeFact


def fact(paid: Paid) -> IncomeFact:
    """The report as events carry it."""
    return IncomeFact(
        period=paid.period,
        gross=paid.gross,
        deductions=paid.deductions,
        net=paid.net,
        remitted=paid.remitted,
        paid_on=paid.paid_on,
        source=paid.source,
    )


def codes(ledger: Ledger) -> dict[str, object]:
    """What every event about a ledger carries."""
    return {
        "placement": ledger.placement,
        "worker": ledger.worker,
        "enterprise": ledger.enterprise,
        "origin": ledger.origin,
        "destination": ledger.destination,
        "occupation": ledger.occupation,
        "channel": ledger.channel,
    }
