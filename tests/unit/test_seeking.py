"""What the seeker remembers of partitions that another process reads from now on: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, cast

from shared.delivery.numbering import Number
from shared.delivery.positions import Position, TopicPartition
from shared.delivery.seeking import CONDITION, Seeker
from shared.health import Health

ZERO = TopicPartition("docking.events", 0)
GAP = Position(5, Number(1, 5), datetime(2020, 1, 1, tzinfo=UTC))


class _Subscription:
    """Everything is assigned until it is taken away."""

    def __init__(self) -> None:
        self.mine = {ZERO}

    def assignment(self) -> set[TopicPartition]:
        return self.mine

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        del partitions


def _seeker(health: Health) -> tuple[Seeker, _Subscription]:
    subscription = _Subscription()
    return Seeker(cast("Any", None), health, cast("Any", subscription), asyncio.Event()), subscription


def test_a_batch_that_commits_after_its_partition_was_revoked_leaves_no_gap_to_alarm_for() -> None:
    seeker, subscription = _seeker(Health())
    seeker._applied[ZERO] = GAP  # as sought
    seeker.revoke([ZERO])
    subscription.mine.clear()
    seeker.advance({ZERO: GAP})
    assert seeker.applied == {}


async def test_a_partition_outside_the_log_that_was_revoked_is_no_condition_of_this_process() -> None:
    health = Health()
    seeker, subscription = _seeker(health)
    seeker.hold([ZERO])
    health.raise_condition(CONDITION, "docking.events/0: offset 9 is to be read, the log holds 0 to 3")
    seeker.revoke([ZERO])
    subscription.mine.clear()
    await seeker.seek()
    assert health.ready
