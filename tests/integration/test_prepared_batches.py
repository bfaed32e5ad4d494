"""What applying a batch needs besides the database is prepared while the batch before is taken."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka.record.util import calc_crc32c

from shared.db import Database, Tx
from shared.delivery import event_log
from shared.delivery.consumer import Bulk, each
from shared.delivery.inbox import BULK_ABOVE
from shared.delivery.kafka import topic_name
from shared.delivery.raw_records import Raw
from shared.events import EventEnvelope, JobOrderClosed, decode
from shared.settings import Settings
from tests.conftest import MakeDatabase
from tests.support.delivery import TOPIC, a_producer, caught_up, consuming, counting, numbered, tallied, tally, value_of, write
from tests.support.wait import until

A = UUID(int=0xA)


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    return await counting(await make_database("rights"))


async def test_the_next_batch_is_prepared_while_the_present_one_is_taken(kafka: str, config: Settings, database: Database) -> None:
    prepared = list[list[Raw]]()

    async def prepare(batch: Sequence[Raw]) -> list[Raw]:
        prepared.append(list(batch))
        return prepared[-1]

    async def count(tx: Tx, batch: Sequence[Raw], found: list[Raw]) -> frozenset[int]:
        await until(lambda: len(prepared) == 2, what="the batch behind this one is prepared")
        assert (found, found in prepared) == (list(batch), True)
        for event in (decode(value) for _, _, value in batch):
            assert isinstance(event, EventEnvelope)
            await tally(tx, event)
        return frozenset()

    each_batch = BULK_ABOVE + 1
    await write(kafka, config, *(numbered(A, n, n) for n in range(2 * each_batch)))
    apply = Bulk(events=each({JobOrderClosed: tally}), prepare=prepare, records=count)
    async with consuming(config, database, apply, max_records=each_batch) as running:
        await caught_up(running)
    assert await tallied(database) == [(str(A), n) for n in range(2 * each_batch)]
    assert [len(batch) for batch in prepared] == [each_batch, each_batch]  # each once


async def test_a_batch_whose_preparation_fails_is_applied_by_its_events(kafka: str, config: Settings, database: Database) -> None:
    async def prepare(batch: Sequence[Raw]) -> None:
        raise ValueError(f"a defect in preparing {len(batch)} records")

    async def count(_: Tx, batch: Sequence[Raw], found: None) -> frozenset[int]:
        raise AssertionError(f"{len(batch)} records are applied with {found}")

    await write(kafka, config, *(numbered(A, n, n) for n in range(BULK_ABOVE + 1)))
    async with consuming(config, database, Bulk(events=each({JobOrderClosed: tally}), prepare=prepare, records=count)) as running:
        await caught_up(running)
    assert await tallied(database) == [(str(A), n) for n in range(BULK_ABOVE + 1)]


@pytest.mark.parametrize("together", [False, True])
async def test_a_header_whose_name_is_no_utf8_costs_neither_its_record_nor_the_others(
    kafka: str, config: Settings, database: Database, together: bool
) -> None:
    async def prepare(batch: Sequence[Raw]) -> None:
        pass

    async def count(tx: Tx, batch: Sequence[Raw], _: None) -> frozenset[int]:
        await each_event(tx, [event for *_, value in batch if isinstance(event := decode(value), EventEnvelope)])
        return frozenset()

    each_event = each({JobOrderClosed: tally})
    async with a_producer(kafka) as producer:
        for begin in range(0, 3 * 20, 20):
            batch = producer.create_batch()
            for n in range(begin, begin + 20):
                headers = [("sequence", b"1.%d" % n), ("odd name", b"")]
                batch.append(key=str(A).encode(), value=value_of(A, n), timestamp=None, headers=headers)
            batch.close()
            data = batch._build()
            data[:] = data.replace(b"odd name", b"odd\xffname", 3)
            data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
            await (await producer.send_batch(batch, topic_name(config, TOPIC), partition=0))
    apply = Bulk(events=each_event, prepare=prepare, records=count) if together else each_event
    async with consuming(config, database, apply) as running:
        await caught_up(running)
    assert await tallied(database) == [(str(A), n) for n in range(60)]
    assert len([entry async for entry in event_log.read_log(config, [TOPIC])]) == 60
