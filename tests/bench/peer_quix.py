"""The fold as a Quix Streams application: a state of cells per partition, in RocksDB and a changelog topic, in Kafka transactions.

`group_by` would give a cell one place, at the price of sending every event once more through a repartition topic, which halved
the rate. Without it a cell has a value in each partition, and they are added up by who reads them, as Laowu adds up its blocks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from orjson import loads
from quixstreams import Application
from quixstreams.models import Deserializer

from tests.bench.peer_fold import COMMIT_RECORDS, COMMIT_SECONDS, Folded, Task, contributions, read_task, write_result

GROUP = "peer-quix"


class OneKey(Deserializer):  # type: ignore[misc]  # untyped where Quix Streams is not installed
    """State is kept by the key of a record, and that of the log is the placement: its cells would be spread over all of them."""

    def __call__(self, value: bytes, ctx: object) -> bytes:  # noqa: ARG002  # the names it is called with
        return b"cells"


def add(event: dict[str, Any], state: Any) -> None:
    for cell, amount in contributions(event):
        state.set(cell, state.get(cell, 0) + amount)


def fold(task: Task) -> Folded:
    began: list[float] = []
    app = Application(
        broker_address=task.bootstrap,
        consumer_group=GROUP,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_SECONDS,
        commit_every=COMMIT_RECORDS,
        state_dir=Path(task.folder) / "state",
        loglevel="WARNING",
        on_message_processed=lambda *_: None if began else began.append(time.perf_counter()),
    )
    for topic in task.topics:
        app.dataframe(app.topic(topic, key_deserializer=OneKey())).apply(add, stateful=True)
    app.run(count=task.records)
    return Folded.since(began[0])


def committed(task: Task) -> Iterator[tuple[str, int]]:
    """The cells as they lie in the changelog topics, without what no transaction has committed."""
    consumer = Consumer(
        {
            "bootstrap.servers": task.bootstrap,
            "group.id": f"{GROUP}-check",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    topics = {name: topic for name, topic in consumer.list_topics().topics.items() if name.startswith(f"changelog__{GROUP}")}
    unread = {(name, partition) for name, topic in topics.items() for partition in topic.partitions}
    consumer.assign([TopicPartition(name, partition, OFFSET_BEGINNING) for name, partition in unread])
    cells: dict[tuple[str, int, bytes], bytes] = {}
    while unread:
        for message in consumer.consume(10_000, 1.0):
            place = (message.topic(), message.partition())
            if message.error() is None:
                cells[*place, message.key()] = message.value()
            elif message.error().code() == KafkaError._PARTITION_EOF:
                unread.discard(place)
    consumer.close()
    return ((loads(key.partition(b"|")[2]), loads(value)) for (_, _, key), value in cells.items())


if __name__ == "__main__":
    task = read_task()
    folded = fold(task)
    write_result(task, folded, committed(task))
