"""Dead letters of stats: which published figures a redrive would change, and the event that one was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.stats.counting.measures import MEASURE_BY_CODE
from services.stats.domain.errors import RebuildRunning
from services.stats.periods.restatement import NATIONAL, figure_key
from services.stats.publishing import changes
from services.stats.queries import frozen_sums, generations
from shared.db import Tx
from shared.delivery import outbox
from shared.delivery.dead_letters import ParkedRecord
from shared.events import DeadLetterRedriven


async def published_figures(tx: Tx) -> dict[str, Any]:
    """Every published figure by its key, and the sums of closed periods by the keys they are restated under.

    Counting waits until the transaction ends: what is different afterwards was changed by the transaction itself.
    """
    await generations.lock_live_exclusively(tx)
    return {**await changes.published_figures(tx), **await _closed_figures(tx)}


async def _closed_figures(tx: Tx) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, value in (await frozen_sums.list_closed(tx)).items():
        for scope in (f"province:{key.province}", NATIONAL):
            found[figure_key(MEASURE_BY_CODE[key.measure].name, key.currency, scope, key.period)] += value
    return {f"closed {key}": value for key, value in found.items()}


async def publish_redriven(tx: Tx, dead_letters: Sequence[ParkedRecord]) -> None:
    """DeadLetterRedriven for each. Raises RebuildRunning: the generation being built may have read past these records already."""
    if await generations.exists_building(tx):
        raise RebuildRunning
    outbox.publish(
        tx,
        *(
            DeadLetterRedriven(
                key=f"dead_letter|{dead_letter.topic}/{dead_letter.partition}@{dead_letter.offset}",
                effective=tx.clock.today(),
                letter=dead_letter.id,
                topic=dead_letter.topic,
                partition=dead_letter.partition,
                offset=dead_letter.offset,
                event=dead_letter.event,
                event_type=dead_letter.event_type,
                why_parked=dead_letter.reason,
            )
            for dead_letter in dead_letters
        ),
    )
