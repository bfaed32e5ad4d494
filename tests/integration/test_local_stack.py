"""The local stack: a real PostgreSQL and a real Kafka, and what can keep them from starting."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.conftest import MakeDatabase


async def test_each_test_has_a_migrated_database_of_its_own(make_database: MakeDatabase) -> None:
    one, two = await make_database("docking"), await make_database("docking")
    async with one.connection() as first, two.connection() as second:
        await first.execute("CREATE TABLE only_here ()")
        assert await second.fetchval("SELECT to_regclass('only_here') IS NULL")
        assert await second.fetchval("SELECT to_regclass('migration') IS NOT NULL")


async def test_kafka_gives_back_what_was_sent(kafka: str, topic_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{topic_prefix}t", num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        await producer.send_and_wait(f"{topic_prefix}t", b"hello")
    async with AIOKafkaConsumer(f"{topic_prefix}t", bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"hello"
