"""PostgreSQL takes no writes, as after a failover or on a full disk: commands are to be repeated, reads are served."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from shared.db import BOUNDS
from shared.principals import Role
from tests.conftest import MakeDatabase
from tests.support.http import Answer, Client, serving
from tests.support.read_only import make_read_only, make_writable
from tests.support.registration import a_worker
from tests.support.wait import until

FULL_DISK = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON worker EXECUTE FUNCTION full_disk()
"""
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON worker FOR EACH ROW EXECUTE FUNCTION slow()
"""


def assert_to_be_repeated(answer: Answer, detail: str) -> None:
    assert (answer.status, answer.code, answer.body["detail"], answer.headers["retry-after"]) == (503, "UNAVAILABLE", detail, "1")


async def test_field_case_f10_a_read_only_database_serves_reads_and_takes_the_repeated_command_later(registration: Client) -> None:
    worker, command, key = await a_worker().at(registration), a_worker().named("王芳").body(), secrets.token_hex(16)
    operator = replace(registration.speaking_as(Role.OPERATOR), at=registration.at)
    await make_read_only(registration.database)
    for _ in range(3):
        assert_to_be_repeated(await registration.post("/workers", command, key=key), "the database is read-only")
        assert_to_be_repeated(await operator.post("/sweep"), "the database is read-only")
        assert (await registration.get(f"/workers/{worker}")).status == 200
    await make_writable(registration.database)

    async def registered() -> bool:
        return (await registration.post("/workers", command, key=key)).status == 201

    await until(registered, what="no read-only connection to be left in the pool")
    assert len((await registration.get("/workers")).body["items"]) == 2
    assert (await operator.post("/sweep")).status == 200


async def test_a_command_that_waits_for_a_lock_or_takes_too_long_is_ended_and_to_be_repeated(
    make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BOUNDS, "lock_timeout", "300ms")
    monkeypatch.setitem(BOUNDS, "statement_timeout", "1s")
    database = await make_database("registration")
    async with serving("registration", database) as registration, database.connection() as other:
        command, key = a_worker().body(), secrets.token_hex(16)
        async with other.transaction():
            await other.execute("LOCK TABLE worker IN SHARE MODE")
            assert_to_be_repeated(await registration.post("/workers", command, key=key), "the database connection was lost")
            assert (await registration.get("/workers")).status == 200
        await other.execute(SLOW)
        assert_to_be_repeated(await registration.post("/workers", command, key=key), "the database connection was lost")
        await other.execute("DROP TRIGGER slow ON worker")
        assert (await registration.post("/workers", command, key=key)).status == 201
        assert len((await registration.get("/workers")).body["items"]) == 1


async def test_field_case_f10_a_full_disk_is_a_command_to_be_repeated(registration: Client) -> None:
    worker = await a_worker().at(registration)
    async with registration.database.connection() as conn:
        await conn.execute(FULL_DISK)
    answer = await registration.post("/workers", a_worker().body())
    assert_to_be_repeated(answer, "the database is out of disk, memory or connections")
    assert (await registration.get(f"/workers/{worker}")).status == 200
    async with registration.database.connection() as conn:
        await conn.execute("DROP TRIGGER full_disk ON worker")
    assert (await registration.post("/workers", a_worker().body())).status == 201
