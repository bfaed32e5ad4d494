"""A database that is behind its log: seen before anything is accepted, named event by event, numbered anew."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from shared.db import Database, close_database, connect, open_database
from shared.delivery import lost_commits, lost_events, outbox, restoring
from shared.delivery.lost_commits import LogAhead
from shared.events import RIGHTS, DockingEventVoided
from shared.events.canary import DockingCanary
from shared.settings import Settings
from shared.values import drawing_ids, new_id
from shared.web.auth import new_key, public_keys
from tests.conftest import MakeDatabaseUrl
from tests.support.delivery import an_event, emptied, numbered, publish, relaying, write

OUTBOX = "SELECT id, event_id, topic, key, value FROM outbox ORDER BY id"
PUT_BACK = "INSERT INTO outbox (id, event_id, topic, key, value) OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5)"


@pytest_asyncio.fixture(loop_scope="session")
async def url(make_database_url: MakeDatabaseUrl) -> str:
    return await make_database_url("docking")


@pytest_asyncio.fixture(loop_scope="session")
async def database(url: str) -> AsyncIterator[Database]:
    opened = await open_database("docking", url, size=4)
    yield opened
    await close_database(opened)


@pytest_asyncio.fixture(loop_scope="session")
async def conn(url: str) -> AsyncIterator[Any]:
    opened = await connect(url, application="test")
    yield opened
    await opened.close()


async def published(database: Database, config: Settings, url: str, count: int = 3) -> tuple[list[UUID], list[Any]]:
    """So many events in the log: their ids, and their rows in the outbox before they were sent."""
    ids = await publish(database, *(an_event(new_id(), n) for n in range(count)))
    async with database.connection() as reading:
        rows = await reading.fetch(OUTBOX)
    async with relaying(config, database, url):
        await emptied(database)
    return ids, rows


async def forget(conn: Any) -> None:
    """As in a backup from before the first event."""
    await conn.execute("DELETE FROM relay_sequence; UPDATE relay SET epoch = 1, inflight = '{}'; DELETE FROM lost_event")


async def test_a_log_that_is_ahead_is_refused_with_the_command_that_decides_and_every_event_of_it_is_named(
    config: Settings, database: Database, url: str, conn: Any
) -> None:
    ids, _ = await published(database, config, url)
    await lost_commits.require_none(conn, config, "docking")
    await forget(conn)
    with pytest.raises(LogAhead, match=r"docking.events/\d holds number 1\.\d.*laowu relay new-epoch docking.*laowu lost-events"):
        await lost_commits.require_none(conn, config, "docking")
    compared = await restoring.compare(conn, config, "docking")
    assert (sorted(one.event_id for one in compared.lost), compared.in_log) == (sorted(ids), set())
    assert await restoring.begin(conn, compared) == 2
    await lost_commits.require_none(conn, config, "docking")
    assert await lost_events.count_open(conn) == len(ids)


async def test_what_is_in_flight_is_not_ahead_and_what_only_waits_is_dropped_as_it_is_in_the_log(
    config: Settings, database: Database, url: str, conn: Any
) -> None:
    ids, rows = await published(database, config, url)
    await forget(conn)
    await conn.executemany(PUT_BACK, [tuple(row) for row in rows])
    await conn.execute("UPDATE relay SET inflight = array[int8range($1, $2, '[]')]", rows[0]["id"], rows[-1]["id"])
    await lost_commits.require_none(conn, config, "docking")
    await conn.execute("UPDATE relay SET inflight = '{}'")
    with pytest.raises(LogAhead):
        await lost_commits.require_none(conn, config, "docking")
    compared = await restoring.compare(conn, config, "docking")
    assert (compared.in_log, compared.lost) == (set(ids), [])
    await restoring.begin(conn, compared)
    assert await outbox.backlog(conn) == 0


async def test_an_older_backup_still_begins_an_epoch_above_every_one_in_the_log(
    config: Settings, database: Database, url: str, conn: Any
) -> None:
    first, _ = await published(database, config, url)
    await restoring.begin(conn, await restoring.compare(conn, config, "docking"))
    second, _ = await published(database, config, url)
    await forget(conn)
    compared = await restoring.compare(conn, config, "docking")
    assert sorted(one.event_id for one in compared.lost) == sorted(first + second)
    assert await restoring.begin(conn, compared) == 3


async def test_nobody_has_to_decide_about_canaries_that_were_lost(config: Settings, database: Database, url: str, conn: Any) -> None:
    (order,) = await publish(database, an_event(new_id()))
    await publish(database, DockingCanary(effective=date(2020, 1, 31)))
    async with relaying(config, database, url):
        await emptied(database)
    await forget(conn)
    compared = await restoring.compare(conn, config, "docking")
    assert [one.event_id for one in compared.lost] == [order]
    assert await restoring.begin(conn, compared) == 2, "its number is not given out again all the same"


async def test_what_was_voided_before_a_second_restore_is_voided_still(config: Settings, database: Database, url: str, conn: Any) -> None:
    ids, _ = await published(database, config, url, count=2)
    await forget(conn)
    await restoring.begin(conn, await restoring.compare(conn, config, "docking"))
    async with database.transaction(database.system_cause()) as tx:
        assert await restoring.void(tx, ids[:1], "nobody stands by it") == 1
    async with relaying(config, database, url):
        await emptied(database)
    await forget(conn)
    await restoring.begin(conn, await restoring.compare(conn, config, "docking"))
    found = await conn.fetch("SELECT event_id, state FROM lost_event WHERE type NOT LIKE '%Voided%'")
    states = {row["event_id"]: row["state"] for row in found}
    assert states == {ids[0]: "voided", ids[1]: "lost"}
    taking_back = await conn.fetchval("SELECT state FROM lost_event WHERE type = $1", DockingEventVoided.type_name())
    assert taking_back == "voided"


async def test_a_lost_event_that_is_published_again_keeps_its_id_and_is_not_sent(
    config: Settings, database: Database, url: str, conn: Any
) -> None:
    order = new_id()
    (known,) = await publish(database, an_event(order, 1))
    async with relaying(config, database, url):
        await emptied(database)
    await forget(conn)
    await restoring.begin(conn, await restoring.compare(conn, config, "docking"))
    database.restoring = True
    await publish(database, an_event(order, 1), an_event(order, 2))
    waiting = [row["event_id"] for row in await conn.fetch(OUTBOX)]
    assert (len(waiting), known in waiting) == (1, False)
    assert await conn.fetchval("SELECT state FROM lost_event") == "replayed"
    assert await restoring.is_restoring(database) is False
    assert database.restoring is False


async def test_a_service_does_not_start_on_a_database_that_is_behind_until_it_has_a_new_epoch(
    kafka: str, config: Settings, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    url, jwks = await make_database_url("rights"), tmp_path / "auth.jwks.json"
    jwks.write_text(json.dumps(public_keys([new_key()])))
    await write(kafka, config, numbered(new_id(), 0), topic=RIGHTS)
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "TOPIC_PREFIX": topic_prefix,
        "DATABASE_URL": url,
        "HTTP_PORT": "1",
        "AUTH_JWKS": str(jwks),
    }

    async def rights(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.rights", *words]
        return await asyncio.to_thread(
            subprocess.run, command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
        )

    ended = await rights()
    assert ended.returncode == 1
    assert "cannot start: LogAhead: rights.events/0 holds number 1.0" in ended.stderr.splitlines()[-1]
    assert "python -m services.rights new-epoch --yes" in ended.stderr.splitlines()[-1]
    done = await rights("new-epoch", "--yes")
    assert (done.returncode, done.stdout.split(";")[0]) == (0, "rights numbers its events from 2.0 on"), done
    assert "1 of the log are lost from its database" in done.stdout
    assert (await rights("new-epoch", "--yes")).stdout.startswith("rights numbers its events from 3.0 on; 0 ")


def test_ids_are_drawn_as_they_were_and_new_ones_after_them() -> None:
    first = new_id()
    with drawing_ids([first, None]) as drawn:
        assert new_id() == first
        new_id()
        new_id()
    assert len(set(drawn)) == 3
    assert new_id() not in drawn
