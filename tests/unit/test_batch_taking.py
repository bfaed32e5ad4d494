"""Batches that hold nothing to take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from shared.delivery.aiokafka_internals import StoredBatches
from shared.delivery.batch_taking import BatchTaker
from shared.delivery.inbox import Bulk
from shared.delivery.subscription import FetchedBatch
from shared.delivery.watchdog import Heartbeat
from tests.support.delivery import settings


async def _never(*_: Any) -> Any:
    raise AssertionError("nothing is to be applied")


@pytest.mark.parametrize("simulation", [False, True])
async def test_stored_batches_without_records_need_no_transaction(simulation: bool) -> None:
    nothing = cast("Any", None)
    config = settings("127.0.0.1:1", "test.", simulation=simulation)
    taker = BatchTaker(
        config,
        nothing,
        Bulk(events=_never, prepare=_never, records=_never),
        health=nothing,
        seeker=nothing,
        heartbeat=Heartbeat(),
        wake=asyncio.Event(),
    )
    records: Sequence[StoredBatches] = [StoredBatches("test.docking.events", 0, [])]
    await taker.handle(FetchedBatch(records, rereads=0))
    assert (taker.defect, taker._newest) == (None, None)
