"""PostgreSQL's disk is full: commands are refused and to be repeated, reads are served, and all goes on when there is room again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from shared.db import SHARED_MIGRATIONS, Unavailable, close_database, migrate, open_database
from shared.delivery.consumer import each
from shared.events import JobOrderClosed
from shared.settings import Settings
from tests.bench.writing import an_enterprise
from tests.conftest import ROOT
from tests.support import delivery, recount
from tests.support.delivery import caught_up, consuming, counting, dead_letters, emptied, relaying, tallied, tally
from tests.support.http import serving
from tests.support.small_disk import WITHOUT, SmallDisk, can_mount, small_disk
from tests.support.wait import until

pytestmark = pytest.mark.timeout(240)
A = UUID(int=0xA)
FULL = "the database is out of disk, memory or connections"


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    folder = tmp_path_factory.mktemp("disk")
    if not can_mount(folder):
        pytest.skip(WITHOUT)
    with small_disk(folder) as one:
        yield one


async def databases(disk: SmallDisk, folder: Path) -> None:
    """Of docking and rights, migrated, on the small disk."""
    admin = await asyncpg.connect(disk.node.url())
    await admin.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
    for service in ("docking", "rights"):
        await admin.execute(f"CREATE DATABASE {service} TABLESPACE small")
        conn = await asyncpg.connect(disk.node.url(service))
        await migrate(conn, SHARED_MIGRATIONS, ROOT / "services" / service / "migrations")
        await conn.close()
    await admin.close()


async def test_a_full_disk_refuses_commands_serves_reads_and_loses_nothing(config: Settings, topic_prefix: str, disk: SmallDisk) -> None:
    await databases(disk, disk.mount)
    url, numbers, accepted = disk.node.url("docking"), itertools.count(1), list[str]()
    reasons = set[str]()
    writer, reader = await open_database("docking", url, size=4), await open_database("rights", disk.node.url("rights"), size=4)
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
            relaying(config, writer, url) as relay,
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
            await until(lambda: not relay.conditions, 30)
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
