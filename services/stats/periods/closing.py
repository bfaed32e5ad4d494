"""Closing and reopening a period.

A close is a point in the logs, not a clock time: it is taken while no batch is in flight, and stores the position reached
per topic and partition. Whatever is counted afterwards and touches the period is restated (restatement.py).
"""

from __future__ import annotations

from dataclasses import replace

from services.stats.commands import ClosePeriod, ReopenPeriod
from services.stats.counting.measures import MEASURES, cuts_for
from services.stats.domain.errors import PeriodAlreadyClosed, PeriodNotClosed, PeriodRunning, SecondApproverNeeded
from services.stats.domain.periods import period_end, period_start
from services.stats.queries import cells, frozen_sums, generations, period_closes
from services.stats.queries.period_closes import Close
from shared.db import Tx
from shared.delivery import outbox
from shared.events import PeriodClosed, PeriodReopened

# The cut whose provinces a measure's frozen sums are taken from: any of its cuts would give the same. What is counted by no
# province (open positions) is frozen in the digest only.
CUT_OF = {
    measure.code: cuts[0].code
    for measure in MEASURES
    if (cuts := [cut for cut in cuts_for(measure.name) if cut.k1 in ("province", "county")])
}


async def close_period(tx: Tx, command: ClosePeriod) -> Close:
    """Freeze the period as counted so far. Raises PeriodRunning, PeriodAlreadyClosed."""
    starts, ends = period_start(command.period), period_end(command.period)
    if ends >= tx.clock.today():
        raise PeriodRunning(f"{command.period} ends on {ends.isoformat()}", field="period")
    generation = await generations.lock_live_exclusively(tx)
    if any(close.period == command.period for close in await period_closes.list_closed(tx)):
        raise PeriodAlreadyClosed(field="period")
    close = Close(
        period=command.period,
        version=await period_closes.get_newest_version(tx, command.period) + 1,
        starts=starts,
        ends=ends,
        digest=await cells.get_digest(tx, generation, starts, ends),
        positions=[[*at, offset] for at, offset in (await generations.list_next_offsets(tx.conn)).items()],
        closed_by=str(tx.principal),
        closed_at=tx.clock.now(),
    )
    await period_closes.insert(tx, close)
    await frozen_sums.insert(tx, generation, close, CUT_OF)
    at = tuple((str(topic), int(partition), int(offset)) for topic, partition, offset in close.positions)
    outbox.publish(
        tx,
        PeriodClosed(
            key=f"period|{close.period}",
            effective=tx.clock.today(),
            period=close.period,
            version=close.version,
            digest=close.digest,
            positions=at,
        ),
    )
    return close


async def close_in_force(tx: Tx, period: str) -> Close:
    """Raises PeriodNotClosed."""
    found = next((close for close in await period_closes.list_closed(tx) if close.period == period), None)
    if found is None:
        raise PeriodNotClosed(field="period")
    return found


async def reopen_period(tx: Tx, command: ReopenPeriod) -> Close:
    """Let the period change without restatements until it is closed again. Raises PeriodNotClosed, SecondApproverNeeded."""
    await generations.lock_live_exclusively(tx)
    found = await close_in_force(tx, command.period)
    if found.closed_by == str(tx.principal):
        raise SecondApproverNeeded(field="period")
    close = replace(
        found, reopened_by=str(tx.principal), reopened_at=tx.clock.now(), reason=command.reason, explanation=command.explanation
    )
    await period_closes.update_reopened(tx, close)
    outbox.publish(
        tx,
        PeriodReopened(
            key=f"period|{close.period}",
            effective=tx.clock.today(),
            period=close.period,
            version=close.version,
            approver=str(tx.principal),
            reason=command.reason,
        ),
    )
    return close
