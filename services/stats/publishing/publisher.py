"""Publishes what changed: stats.snapshot holds the newest value per key, stats.events the changes of state.

A pass compares every figure with its last publication and publishes only what differs, in one transaction with the outbox: a
crash between two passes loses nothing and repeats nothing.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.stats.figures import classifications
from services.stats.figures.freshness import Lag, freshness, lag_of
from services.stats.publishing import staleness
from services.stats.publishing.changes import PublishedValues, find_changes
from services.stats.publishing.staleness import LagWatch
from services.stats.queries import applied, dead_letters, generations, last_published, period_closes, programmes, rates, stream_events
from services.stats.queries.applied import Applied
from services.stats.settings import policy
from shared.db import Tx, Unavailable
from shared.delivery import outbox
from shared.metrics import PUBLISH_DELAY
from shared.pauses import pause
from shared.running_service import RunningService
from shared.values import Clock

logger = logging.getLogger("laowu.stats.publisher")
DEBOUNCE_SECONDS = 1.0  # a figure is published at most once a second
PAUSE_PER_PASS = 9  # a pass may take a tenth of the time: while much is counted it takes long, and counting comes first
INPUTS = "inputs"  # the key under which the inputs of the last pass are stored


async def run_publisher(service: RunningService) -> None:
    """Background loop: a pass whenever an input changed since the last one. A simulation publishes by sweep instead."""
    watch, pass_seconds = LagWatch(timedelta(seconds=policy().stats_stale_seconds)), 0.0
    seen = service.database.commits
    while True:
        await pause(service.database, seen, max(DEBOUNCE_SECONDS, PAUSE_PER_PASS * pass_seconds))
        if service.settings.simulation:
            continue
        committed, pass_seconds = service.database.commits, 0.0  # only a completed pass lengthens the pause, not an outage
        try:
            lag = await lag_of(service)
            began = time.monotonic()
            async with service.database.transaction(service.database.system_cause(), snapshot=True) as tx:
                await publish(tx, lag, watch)
            pass_seconds = time.monotonic() - began
            if lag is not None:
                seen = committed  # else figures wait, and are looked at again soon
        except Unavailable as error:
            logger.warning("%s: again in %s s", error, DEBOUNCE_SECONDS)


async def publish(tx: Tx, lag: Lag, watch: LagWatch | None = None) -> int:
    """One pass. Returns how many events it published. In a simulation they carry the time of the newest counted event.

    While the lag is unknown no figure is published: nobody knows how complete it is.
    """
    if not await last_published.lock(tx):
        return 0
    last = await last_published.list_(tx)
    published = await _publish_staleness(tx, last, lag, watch) if watch else 0
    return published + (0 if lag is None else await _publish_changes(tx, last, lag))


async def _publish_staleness(tx: Tx, last: PublishedValues, lag: Lag, watch: LagWatch) -> int:
    fresh = await freshness(tx, lag)
    events, value = staleness.changes(last.get(staleness.KEY), watch, fresh, lag, tx.clock.now())
    if value is not None:
        outbox.publish(tx, *events)
        await last_published.update(tx, {staleness.KEY: value})
    return len(events)


async def _publish_changes(tx: Tx, last: PublishedValues, lag: Lag) -> int:
    counted = await applied.list_(tx)
    inputs = await _inputs(tx, counted)
    if not counted or last.get(INPUTS) == inputs:
        return 0
    newest = max(recorded for _, recorded in counted.values())
    if tx.clock.at is not None:
        tx.cause = replace(tx.cause, clock=Clock(newest))
    elif last.get(INPUTS, {}).get("applied") != inputs["applied"]:
        PUBLISH_DELAY.observe(max((tx.clock.now() - newest).total_seconds(), 0.0))
    changes = await find_changes(tx, last, await freshness(tx, lag))
    outbox.publish(tx, *changes.events)
    await last_published.update(tx, {**changes.values, INPUTS: inputs})
    await stream_events.delete_old(tx, policy().stats_stream_tail)
    return len(changes.events)


async def _inputs(tx: Tx, counted: dict[str, Applied]) -> dict[str, Any]:
    """Everything that figures depend on: a pass is skipped while none of it has changed."""
    return {
        "applied": {topic: events for topic, (events, _) in sorted(counted.items())},
        "programmes": {entry.code: entry.version for entry in await programmes.list_in_force(tx)},
        "closed": sorted(f"{close.period}/{close.version}" for close in await period_closes.list_closed(tx)),
        "rates": await rates.get_count(tx),
        "classifications": {str(kind): version for kind, version in (await classifications.in_force(tx)).versions.items()},
        "generation": await generations.get_live(tx),
        "parked": await dead_letters.get_parked_count(tx) > 0,
        "day": tx.clock.today().isoformat() if tx.clock.at is None else "",
    }
