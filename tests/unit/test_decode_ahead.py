"""Records that are decoded before they are taken: a help to the taking, which judges every record as if none had been."""

from __future__ import annotations

import asyncio
from uuid import UUID

from aiokafka import ConsumerRecord

from shared.delivery.batches import SLICE, Item, decode_ahead, decode_record
from shared.delivery.numbering import KafkaRecord, Number
from shared.events import DOCKING, Unwanted, decode
from tests.support.delivery import value_of

A = UUID(int=0xA)
NUMBER = Number(1, 0)


def record(value: bytes | None) -> KafkaRecord:
    return ConsumerRecord(DOCKING, 0, 0, 0, 0, str(A).encode(), value, None, 0, 0, ())


async def test_what_is_decoded_ahead_is_what_is_decoded_in_its_turn() -> None:
    values = [value_of(A, n) for n in range(3)]
    assert await decode_ahead([record(value) for value in values], None) == {value: decode(value) for value in values}
    assert await decode_ahead([record(values[0])], frozenset()) == {values[0]: Unwanted("docking.JobOrderClosed.v1")}


async def test_what_cannot_be_decoded_is_left_to_be_judged_in_its_turn_and_so_is_the_rest_of_its_slice() -> None:
    good = [value_of(A, n) for n in range(SLICE + 2)]
    decoded = await decode_ahead([record(value) for value in (good[0], b"no event", None, *good[1:])], None)
    assert set(decoded) == {good[0], *good[SLICE - 2 :]}
    found = decode_record(DOCKING, record(b"no event"), NUMBER, decoded=decoded)
    assert isinstance(found, Item)
    assert found.reason == "undecodable"


async def test_a_record_is_judged_by_what_was_decoded_ahead() -> None:
    value = value_of(A)
    decoded = await decode_ahead([record(value)], None)
    found = decode_record(DOCKING, record(value), NUMBER, decoded=decoded)
    assert isinstance(found, Item)
    assert found.event is decoded[value]


async def test_other_tasks_go_on_between_two_slices() -> None:
    decoding = asyncio.create_task(decode_ahead([record(value_of(A, n)) for n in range(3 * SLICE)], None))
    turns = 0
    while not decoding.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns == 3
