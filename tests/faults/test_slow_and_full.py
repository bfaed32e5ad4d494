"""A database that is slow, away or without room, members that come and go, a record that is too large for anything."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from shared.db import Database, Tx, close_database, open_database
from shared.delivery.batch_taking import BatchTaker
from shared.delivery.consumer import each
from shared.delivery.seeking import Seeker
from shared.delivery.subscription import SESSION_MS, FetchedBatch
from shared.events import EventEnvelope, JobOrderClosed
from shared.principals import Role
from shared.settings import Settings
from shared.values import new_id
from tests.conftest import MakeDatabase, MakeDatabaseUrl, database_url
from tests.support.delivery import Raw, caught_up, consuming, counting, dead_letters, numbered, tallied, tally, write
from tests.support.http import serving
from tests.support.registration import GANSU, JUNE, a_worker
from tests.support.tcp_proxy import postgres_proxy
from tests.support.wait import until

TALLY = each({JobOrderClosed: tally})


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    return await counting(await make_database("rights"))


# --- slow, and away ---------------------------------------------------------------------------------------------------
async def test_a_batch_that_takes_longer_than_a_session_costs_neither_the_partition_nor_memory(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed, revoked, take, revoke = [0], [0], BatchTaker.handle, Seeker.revoke
    fetched_meanwhile = 0

    async def handle(taker: BatchTaker, batch: FetchedBatch) -> None:
        handed[0] += 1
        await take(taker, batch)

    def given_up(seeker: Seeker, partitions: Any) -> None:
        revoked[0] += bool(partitions)
        revoke(seeker, partitions)

    async def slow(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        nonlocal fetched_meanwhile
        if recorded.data.unfilled == 0:
            await tx.conn.execute("SELECT pg_sleep($1)", SESSION_MS / 1000 + 1)
            fetched_meanwhile = handed[0]
        await tally(tx, recorded)

    monkeypatch.setattr(BatchTaker, "handle", handle)
    monkeypatch.setattr(Seeker, "revoke", given_up)
    order = new_id()
    await write(kafka, config, *(numbered(order, n, n) for n in range(40)))
    async with consuming(config, database, each({JobOrderClosed: slow}), max_records=5) as running:
        await caught_up(running, 30)
        assert revoked == [0], "it was taken for dead"
        assert running.health.ready
    assert fetched_meanwhile <= 2, "the batch under way and the one behind it"
    assert [n for _, n in await tallied(database)] == list(range(40))


async def test_while_its_database_is_away_a_consumer_asks_for_it_now_and_then(
    kafka: str, config: Settings, make_database_url: MakeDatabaseUrl
) -> None:
    url = await make_database_url("rights")
    async with postgres_proxy(url) as (proxy, through):
        database = await counting(await open_database("rights", through, size=4))
        try:
            async with consuming(config, database, TALLY) as running:
                await caught_up(running)
                proxy.away = True
                proxy.drop()
                await write(kafka, config, *(numbered(new_id(), n, n) for n in range(10)))
                await until(lambda: "consumer" in running.health.conditions)
                before, began = proxy.asked, time.monotonic()
                await until(lambda: time.monotonic() - began > 3)  # a rate is measured
                assert (proxy.asked - before) / (time.monotonic() - began) < 10, "connections in a second, of two loops"
                proxy.away = False
                await caught_up(running, 25)
                await until(lambda: running.health.ready)
            assert [n for _, n in await tallied(database)] == list(range(10))
        finally:
            await close_database(database)


# --- members come and go ------------------------------------------------------------------------------------------------
async def test_of_one_three_and_two_members_everything_is_applied_once_and_in_order(
    kafka: str, config: Settings, database: Database
) -> None:
    orders, n = [new_id() for _ in range(3)], 0

    async def more() -> None:
        nonlocal n
        await write(kafka, config, *(numbered(orders[p], n + i, n + i, partition=p) for i in range(20) for p in range(3)))
        n += 20

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(consuming(config, database, TALLY))
        await more()
        async with consuming(config, database, TALLY) as leaving:
            last = await stack.enter_async_context(consuming(config, database, TALLY))
            await more()
            members = (first, leaving, last)
            await until(lambda: all(one.consumer._subscription.assignment() for one in members), 30, "a partition for each")
            await more()
        await more()
        await caught_up(first, 30)
        await caught_up(last, 30)
        assert first.health.ready
        assert last.health.ready
    found = await tallied(database)
    assert [[number for subject, number in found if subject == str(order)] for order in orders] == [list(range(n))] * 3


# --- too large ----------------------------------------------------------------------------------------------------------
async def test_a_huge_record_of_another_program_is_parked_whole_and_its_neighbours_are_applied(
    kafka: str, config: Settings, database: Database
) -> None:
    order, huge = new_id(), b'{"data":"' + b"x" * 1_000_000
    await write(kafka, config, numbered(order, 0, 0), Raw(huge, b"foreign", "1.1"), numbered(order, 2, 1))
    async with consuming(config, database, TALLY) as running:
        await caught_up(running)
    assert await tallied(database) == [(str(order), 0), (str(order), 1)]
    (letter,) = await dead_letters(database)
    assert (letter["reason"], letter["value"] == huge) == ("undecodable", True)


async def test_a_row_too_large_for_the_log_does_not_get_into_the_outbox_by_hand(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    async with database.connection() as conn:
        with pytest.raises(asyncpg.CheckViolationError, match="outbox_value_bounded"):
            await conn.execute(
                "INSERT INTO outbox (event_id, topic, key, value) VALUES ($1, 'docking.events', 'k', $2)", new_id(), b"x" * (512 * 1024 + 1)
            )


# --- no room --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 40 MiB, in memory; where the account that runs the server can get at it."""
    folder = Path(tempfile.mkdtemp(prefix="laowu-small-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=0755", "tmpfs", folder], capture_output=True, check=False)
    try:
        if mounted.returncode:
            pytest.skip("file systems may not be mounted here")
        yield folder
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def folder_for(pid: int, disk: Path) -> Path:
    """On the disk, for whoever runs this process of the server."""
    runs_as, folder = Path(f"/proc/{pid}").stat(), disk / "space"
    folder.mkdir(mode=0o700)
    os.chown(folder, runs_as.st_uid, runs_as.st_gid)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def on_small_disk(postgres: str, small_disk: Path, make_database_url: MakeDatabaseUrl) -> AsyncIterator[str]:
    """URL of a registration database, all of whose tables lie on the small disk."""
    admin = await asyncpg.connect(postgres)
    space, name = f"small_{secrets.token_hex(4)}", f"full_{secrets.token_hex(4)}"
    home = folder_for(await admin.fetchval("SELECT pg_backend_pid()"), small_disk)
    await admin.execute(f"CREATE TABLESPACE {space} LOCATION '{home}'")
    template = urlsplit(await make_database_url("registration")).path[1:]
    await admin.execute(f'CREATE DATABASE {name} TEMPLATE "{template}" TABLESPACE {space}')
    yield database_url(postgres, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.execute(f"DROP TABLESPACE {space}")
    await admin.close()


def fill(folder: Path) -> Path:
    """A file that leaves no room."""
    filling = folder / "filling"
    with filling.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filling


async def test_without_room_on_the_disk_commands_are_to_be_repeated_and_are_done_once_there_is_some(
    on_small_disk: str, small_disk: Path
) -> None:
    database = await open_database("registration", on_small_disk, size=4)
    try:
        async with serving("registration", database) as service:
            clerk = replace(service.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)
            filling = await asyncio.to_thread(fill, small_disk)
            accepted, refused = 0, None
            while refused is None:  # until a table has to grow
                key, body = secrets.token_hex(16), a_worker().body()
                answer = await clerk.post("/workers", body, key=key)
                accepted += answer.status == 201
                refused = None if answer.status == 201 else answer
                assert accepted < 5_000, "the disk was not full"
            assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
            assert refused.body["detail"] == "the database is out of disk, memory or connections"
            assert (await clerk.get("/workers")).status == 200
            filling.unlink()
            assert (await clerk.post("/workers", body, key=key)).status == 201
            async with database.connection() as conn:
                assert await conn.fetchval("SELECT count(*) FROM worker") == accepted + 1
    finally:
        await close_database(database)
