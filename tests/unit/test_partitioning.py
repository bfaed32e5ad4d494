"""A key's partition is the one that every Kafka client gives it, whatever lies beside it in the batch."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.partitioning import partitions_of

# Of UtilsTest in Kafka's own sources: key -> murmur2 as a signed number.
HASHES = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize("partitions", [1, 3, 6, 2**31 - 1])
def test_a_key_has_the_partition_that_the_java_client_gives_it(partitions: int) -> None:
    assert partitions_of(list(HASHES), partitions) == [(hashed & 0x7FFFFFFF) % partitions for hashed in HASHES.values()]


@given(st.lists(st.binary(max_size=50)), st.integers(1, 200))
def test_every_key_of_a_batch_has_the_partition_that_aiokafka_gives_it(keys: list[bytes], partitions: int) -> None:
    all_partitions = list(range(partitions))
    assert partitions_of(keys, partitions) == [DefaultPartitioner()(key, all_partitions, all_partitions) for key in keys]
