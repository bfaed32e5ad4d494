"""A full disk. PostgreSQL's: commands are refused and to be repeated, reads are served. Kafka's: commands are accepted, and wait. With room
all goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from console.local import postgres
from console.local.postgres import Postgres
from shared.db import SHARED_MIGRATIONS, Unavailable, close_database, migrate, open_database
from shared.delivery import kafka, outbox, relay
from shared.delivery.consumer import each
from shared.events import JobOrderClosed
from shared.settings import Settings
from tests.bench.writing import an_enterprise
from tests.conftest import ROOT, MakeDatabase, MakeDatabaseUrl
from tests.support import delivery, recount
from tests.support.delivery import caught_up, consuming, counting, dead_letters, emptied, relaying, tallied, tally
from tests.support.http import serving
from tests.support.small_disk import WITHOUT, Broker, SmallDisk, broker_on, can_mount, postgres_beside, small_disk
from tests.support.wait import until

pytestmark = pytest.mark.timeout(240)
A = UUID(int=0xA)
FULL = "the database is out of disk, memory or connections"


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SmallDisk]:
    if not can_mount(tmp_path):
        pytest.skip(WITHOUT)
    with small_disk(owner=getattr(request, "param", None)) as one:
        yield one


# --- of PostgreSQL ----------------------------------------------------------------------------------------------------
@pytest.fixture
def server(disk: SmallDisk, tmp_path: Path) -> Iterator[Postgres]:
    with postgres_beside(disk, tmp_path / "postgres") as one:
        yield one


async def databases(server: Postgres, folder: Path) -> None:
    """Of docking and rights, migrated, on the small disk."""
    admin = await asyncpg.connect(server.url())
    await admin.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
    for service in ("docking", "rights"):
        await admin.execute(f"CREATE DATABASE {service} TABLESPACE small")
        conn = await asyncpg.connect(server.url(service))
        await migrate(conn, SHARED_MIGRATIONS, ROOT / "services" / service / "migrations")
        await conn.close()
    await admin.close()


@pytest.mark.parametrize("disk", [postgres.account()], indirect=True)
async def test_a_full_disk_refuses_commands_serves_reads_and_loses_nothing(
    config: Settings, topic_prefix: str, disk: SmallDisk, server: Postgres
) -> None:
    await databases(server, disk.mount)
    url, numbers, accepted = server.url("docking"), itertools.count(1), list[str]()
    reasons = set[str]()
    writer, reader = await open_database("docking", url, size=4), await open_database("rights", server.url("rights"), size=4)
    await counting(reader)

    async def publishes() -> bool:
        try:
            accepted.extend(map(str, await delivery.publish(writer, *(delivery.an_event(A, next(numbers)) for _ in range(50)))))
        except Unavailable as error:
            reasons.add(str(error))
            return False
        return True

    async def refuses() -> bool:
        return not await publishes()

    try:
        async with (
            serving("docking", writer) as docking,
            relaying(config, writer, url) as health,
            consuming(config, reader, each({JobOrderClosed: tally}), service="rights") as counts,
        ):
            assert await publishes()
            await caught_up(counts)
            disk.fill()
            await until(refuses, 30, "the disk to be full")

            async def commands_are_refused() -> bool:
                answer = await docking.post("/enterprises", an_enterprise(next(numbers)))
                if answer.status == 201:  # it found room in pages that were there
                    return False
                assert (answer.status, answer.code, answer.body["detail"]) == (503, "UNAVAILABLE", FULL)
                assert answer.headers["retry-after"] == "1"
                return True

            await until(commands_are_refused, 30)
            assert (await docking.get("/enterprises")).status == 200
            disk.clear()
            await until(publishes, 30, "commands are accepted again")
            assert (await docking.post("/enterprises", an_enterprise(next(numbers)))).status == 201
            await emptied(writer, 30)
            await caught_up(counts, 30)
            await until(lambda: not health.conditions, 30)
        published = [
            event["id"] for event in (await recount.recount(config.kafka_bootstrap_servers, topic_prefix)).of("docking.JobOrderClosed.v1")
        ]
        assert sorted(published) == sorted(accepted)
        assert reasons == {FULL}
        assert len(await tallied(reader)) == len(accepted)
        assert await dead_letters(reader) == []
    finally:
        await close_database(writer)
        await close_database(reader)


# --- of Kafka ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def broker(disk: SmallDisk, tmp_path: Path) -> Iterator[Broker]:
    with broker_on(disk, tmp_path / "kafka") as one:
        yield one


async def test_while_kafka_s_disk_is_full_commands_are_accepted_and_wait_and_nothing_is_lost(
    disk: SmallDisk,
    broker: Broker,
    topic_prefix: str,
    make_database: MakeDatabase,
    make_database_url: MakeDatabaseUrl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "ACK_SECONDS", 1.0)  # sooner than usual it gives up a broker that answers no more
    config = delivery.settings(broker.node.bootstrap, topic_prefix)
    await kafka.create_topics(config)
    url, numbers, accepted = await make_database_url("docking"), itertools.count(1), list[str]()
    writer, reader = await open_database("docking", url, size=4), await counting(await make_database("rights"))

    async def publishes(events: int = 50) -> None:
        accepted.extend(map(str, await delivery.publish(writer, *(delivery.an_event(A, next(numbers)) for _ in range(events)))))

    async def waiting() -> int:
        async with writer.connection() as conn:
            return await outbox.backlog(conn)

    async def ends() -> bool:
        await publishes(5)
        return broker.ended

    try:
        async with (
            serving("docking", writer) as docking,
            relaying(config, writer, url, docking.service.health),
            consuming(config, reader, each({JobOrderClosed: tally}), service="rights") as counts,
        ):
            await publishes()
            await caught_up(counts, 30)
            disk.fill()
            await until(ends, 30, "a broker that cannot write ends")
            await until(lambda: docking.service.health.conditions, 30)
            unready = await docking.get("/readyz")
            assert (unready.status, list(unready.body["conditions"])) == (503, ["relay"])
            before = await waiting()
            await publishes()
            assert (await docking.post("/enterprises", an_enterprise(1))).status == 201
            assert await waiting() == before + 51
            disk.clear()
            broker.start()  # as whoever supervises it does, again and again
            await emptied(writer, 60)
            await caught_up(counts, 60)
            await until(lambda: docking.service.health.ready, 30)
        log = await recount.recount(config.kafka_bootstrap_servers, topic_prefix)
        assert [event["id"] for event in log.of("docking.JobOrderClosed.v1")] == accepted, "each once, in order"
        assert await tallied(reader) == [(str(A), n) for n in range(1, len(accepted) + 1)]
        assert await dead_letters(reader) == []
    finally:
        await close_database(writer)
