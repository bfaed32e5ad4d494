"""Dead letters of stats: which published figures a redrive would change, and telling that one was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.stats import queries
from services.stats.counting.measures import MEASURE_BY_CODE
from services.stats.domain.errors import RebuildRunning
from services.stats.publishing import publisher
from services.stats.queries import sums
from shared.db import Tx
from shared.delivery import outbox
from shared.delivery.dead_letters import Parked
from shared.events import DeadLetterRedriven
from shared.principals import NATION


async def standing(tx: Tx) -> dict[str, Any]:
    """Every published figure by its key, and the sums of closed periods by the keys they are restated under.

    Counting is held up until the transaction ends: what is different afterwards was changed by the transaction itself.
    """
    await queries.live_generation_alone(tx)
    return {**await publisher.standing(tx), **await _closed(tx)}


async def _closed(tx: Tx) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (period, measure, currency, province), value in (await sums.closed_sums(tx)).items():
        for scope in (f"province:{province}", f"nation:{NATION}"):
            found["|".join(filter(None, (MEASURE_BY_CODE[measure].name, currency, scope, period)))] += value
    return {f"closed {key}": value for key, value in found.items()}


async def told(tx: Tx, letters: Sequence[Parked]) -> None:
    """DeadLetterRedriven for each. Raises RebuildRunning: the generation being built may have read past these records already."""
    if await sums.rebuilding(tx):
        raise RebuildRunning
    outbox.publish(
        tx,
        *(
            DeadLetterRedriven(
                key=f"dead_letter|{letter.topic}/{letter.partition}@{letter.offset}",
                effective=tx.clock.today(),
                letter=letter.id,
                topic=letter.topic,
                partition=letter.partition,
                offset=letter.offset,
                event=letter.event,
                event_type=letter.event_type,
                why_parked=letter.reason,
            )
            for letter in letters
        ),
    )
