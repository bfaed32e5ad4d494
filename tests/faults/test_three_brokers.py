"""Three brokers, of which any may be killed, stopped, frozen or alone: every event accepted is in the log once, and counted once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import pytest_asyncio

from shared.db import Database, close_database, open_database
from shared.delivery import kafka, outbox
from shared.delivery.consumer import each
from shared.delivery.partitioning import partitions_of
from shared.events import DOCKING, JobOrderClosed
from shared.settings import Settings
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support import delivery
from tests.support.brokers import NODES, Brokers, three_brokers
from tests.support.delivery import Running, caught_up, consuming, counting, emptied, relaying, tallied, tally
from tests.support.wait import until

pytestmark = pytest.mark.timeout(600)  # rounds of killing and recovering
SUBJECTS = [UUID(int=1_000 + n) for n in range(12)]
RECOVERY_SECONDS = 90.0


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    with three_brokers(tmp_path_factory.mktemp("brokers")) as cluster:
        yield cluster


@pytest_asyncio.fixture(loop_scope="session")
async def config(brokers: Brokers, topic_prefix: str) -> Settings:
    made = delivery.settings(brokers.bootstrap, topic_prefix)
    await kafka.create_topics(made)
    return made


# --- a service that writes and one that counts ------------------------------------------------------------------------
@dataclass(slots=True)
class Traffic:
    """Commands without a pause, relayed and counted."""

    writer: Database
    reader: Database
    running: Running
    accepted: list[str] = field(default_factory=list)  # ids of events whose transaction committed

    async def some(self, events: int = 40) -> None:
        """Until so many more have been accepted."""
        goal = len(self.accepted) + events
        await until(lambda: len(self.accepted) >= goal, RECOVERY_SECONDS, "commands are accepted")

    async def counted(self, events: int = 40) -> None:
        """Until so many more have been counted: they pass through Kafka again."""
        goal = len(await tallied(self.reader)) + events

        async def reached() -> bool:
            return len(await tallied(self.reader)) >= goal

        await until(reached, RECOVERY_SECONDS, "events are counted")

    async def waiting(self) -> int:
        async with self.writer.connection() as conn:
            return await outbox.backlog(conn)


@pytest_asyncio.fixture(loop_scope="session")
async def traffic(config: Settings, make_database: MakeDatabase, make_database_url: MakeDatabaseUrl) -> AsyncIterator[Traffic]:
    """On leaving, everything accepted must be in the log once and counted once."""
    url, reader = await make_database_url("docking"), await counting(await make_database("rights"))
    writer = await open_database("docking", url, size=4)
    numbers, enough = Counter[UUID](), asyncio.Event()
    try:
        async with relaying(config, writer, url), consuming(config, reader, each({JobOrderClosed: tally})) as running:
            one = Traffic(writer, reader, running)

            async def command() -> None:
                while not enough.is_set():
                    for subject in SUBJECTS:
                        numbers[subject] += 1
                        (identity,) = await delivery.publish(writer, delivery.an_event(subject, numbers[subject]))
                        one.accepted.append(str(identity))
                    await asyncio.sleep(0.02)  # a steady load that leaves the machine to what is tested

            commanding = asyncio.create_task(command())
            try:
                await one.counted()
                yield one
            finally:
                enough.set()  # not cancelled: a command cut short may have been accepted or not
                await commanding
            await emptied(writer, RECOVERY_SECONDS)
            await caught_up(running, RECOVERY_SECONDS)
        log = await delivery.recount(config.kafka_bootstrap_servers, config)
        assert sorted(log.ids) == sorted(one.accepted)
        assert log.order == {str(subject): list(range(1, n + 1)) for subject, n in numbers.items()}
        assert sorted(await tallied(reader)) == sorted((subject, n) for subject, numbers in log.order.items() for n in numbers)
    finally:
        await close_database(writer)


# --- one of three -----------------------------------------------------------------------------------------------------
async def leader_of(brokers: Brokers, config: Settings) -> int:
    return await brokers.leader(kafka.topic_name(config, DOCKING), 0)


async def test_the_replicas_are_three_and_two_must_have_what_is_acknowledged(brokers: Brokers, config: Settings) -> None:
    assert await brokers.in_sync(kafka.topic_name(config, DOCKING)) == len(NODES)


@pytest.mark.parametrize("which", ["leader", "follower"])
async def test_a_killed_broker_loses_and_doubles_nothing(which: str, brokers: Brokers, config: Settings, traffic: Traffic) -> None:
    leader = await leader_of(brokers, config)
    node = leader if which == "leader" else next(other for other in NODES if other != leader)
    brokers.kill(node)
    await traffic.counted()
    brokers.start(node)
    await brokers.whole(kafka.topic_name(config, DOCKING))
    await traffic.counted()


async def test_a_rolling_restart_loses_and_doubles_nothing(brokers: Brokers, config: Settings, traffic: Traffic) -> None:
    for node in NODES:
        await asyncio.to_thread(brokers.stop, node)
        await traffic.counted()
        await asyncio.to_thread(brokers.start, node)
        await brokers.whole(kafka.topic_name(config, DOCKING))


async def test_a_leader_cut_off_and_back_loses_and_doubles_nothing(brokers: Brokers, config: Settings, traffic: Traffic) -> None:
    node = await leader_of(brokers, config)
    brokers.freeze(node)
    try:
        await traffic.counted()
    finally:
        brokers.thaw(node)
    await brokers.whole(kafka.topic_name(config, DOCKING))
    await traffic.counted()


async def test_without_enough_replicas_commands_are_accepted_and_wait(brokers: Brokers, config: Settings, traffic: Traffic) -> None:
    topic = kafka.topic_name(config, DOCKING)
    left = await leader_of(brokers, config)
    away = [node for node in NODES if node != left]
    for node in away:
        brokers.kill(node)
    await traffic.some(200)

    async def grows() -> bool:
        return await traffic.waiting() >= 100

    await until(grows, RECOVERY_SECONDS, "the outbox grows")
    for node in away:
        brokers.spawn(node)
    await brokers.whole(topic, RECOVERY_SECONDS)
    await traffic.counted()


# --- a cluster set up to lose data ------------------------------------------------------------------------------------
async def test_a_log_cut_short_by_an_unclean_election_is_said_and_nothing_is_skipped(
    brokers: Brokers, topic_prefix: str, make_database: MakeDatabase, make_database_url: MakeDatabaseUrl
) -> None:
    config = delivery.settings(brokers.bootstrap, topic_prefix, topic_replication=2)  # the third is needed to elect
    await kafka.create_topics(config)
    topic, (partition,) = kafka.topic_name(config, DOCKING), partitions_of([str(SUBJECTS[0]).encode()], config.topic_partitions)
    unsafe = kafka.needed(DOCKING, 2) | {"min.insync.replicas": "1", "unclean.leader.election.enable": "true"}
    url, reader = await make_database_url("docking"), await counting(await make_database("rights"))
    writer = await open_database("docking", url, size=4)

    async def publish(*numbers: int) -> None:
        async with relaying(config, writer, url):
            await delivery.publish(writer, *(delivery.an_event(SUBJECTS[0], n) for n in numbers))
            await emptied(writer, RECOVERY_SECONDS)

    try:
        await publish(1, 2, 3)
        await brokers.whole(topic)
        await brokers.configure(topic, unsafe)
        leader = await brokers.leader(topic, partition)
        (behind,) = set(await brokers.replicas(topic, partition)) - {leader}
        brokers.kill(behind)
        await publish(4, 5, 6)  # acknowledged by the leader alone
        async with consuming(config, reader, each({JobOrderClosed: tally})) as running:
            await caught_up(running, RECOVERY_SECONDS)
        counted = await tallied(reader)
        assert counted == [(str(SUBJECTS[0]), n) for n in range(1, 7)]
        brokers.kill(leader)
        brokers.spawn(behind)

        async def elected() -> bool:
            with suppress(*kafka.ERRORS):
                return await brokers.leader(topic, partition) == behind
            return False

        await until(elected, RECOVERY_SECONDS, "the replica that was behind leads")
        async with consuming(config, reader, each({JobOrderClosed: tally})) as running:
            conditions = running.health.conditions
            await until(lambda: "log" in conditions, RECOVERY_SECONDS, "the loss is said")
            await publish(7, 8, 9, 10)  # numbers that were never counted, at offsets that were
            await until(lambda: "gap" in conditions, RECOVERY_SECONDS, "the gap is said")
        assert await tallied(reader) == counted
    finally:
        await close_database(writer)
        brokers.start(leader)
