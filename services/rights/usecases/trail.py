"""Every change is an event and a line of history, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.rights import queries
from services.rights.domain import Paid
from services.rights.queries import Ledger
from shared import outbox
from shared.db import Tx
from shared.events import Data, IncomeFact


async def record(tx: Tx, changes: Sequence[Data]) -> None:
    """Publish the events, in order, and write them into the history of what they are about."""
    ids = await outbox.publish_all(tx, changes)
    if ids:
        lines = [(UUID(one.subject), type(one).__name__, event, one.effective_on) for one, event in zip(changes, ids, strict=True)]
        await queries.insert_history(tx, lines)


def fact(paid: Paid) -> IncomeFact:
    """The report as events carry it."""
    return IncomeFact(
        period=paid.period, gross=paid.gross, deductions=paid.deductions, net=paid.net, remitted=paid.remitted, paid_on=paid.paid_on,
        source=paid.source,
    )  # fmt: skip


def codes(ledger: Ledger) -> dict[str, object]:
    """What every event about a ledger carries."""
    return {
        "placement": ledger.placement, "worker": ledger.worker, "enterprise": ledger.enterprise, "origin": ledger.origin,
        "destination": ledger.destination, "occupation": ledger.occupation, "channel": ledger.channel,
    }  # fmt: skip
