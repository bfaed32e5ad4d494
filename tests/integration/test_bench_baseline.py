"""The bench compares a command with an insert of the same bytes: neither may grow without the other."""

from __future__ import annotations

from shared.principals import Role
from tests.bench import bare_service, writing
from tests.support.http import Start

COMMAND = """
SELECT (SELECT sum(pg_column_size(enterprise.*)) FROM enterprise) + (SELECT sum(pg_column_size(outbox.*)) FROM outbox)
    + (SELECT sum(pg_column_size(history.*)) FROM history) + (SELECT sum(pg_column_size(notification.*)) FROM notification)
    + (SELECT sum(pg_column_size(idempotency.*)) FROM idempotency)
"""
BARE = "SELECT sum(pg_column_size(enterprise.*)) FROM enterprise"


async def test_the_baseline_of_the_write_path_stores_nearly_as_many_bytes_as_the_command(client: Start) -> None:
    body = writing.an_enterprise(1)
    caller = (await client("docking")).speaking_as(Role.OFFICER, subject="bench-officer")
    assert (await caller.post("/enterprises", body, key="bench-000000000001")).status == 201
    async with caller.database.connection() as conn:
        command = await conn.fetchval(COMMAND)
        rolled_back = conn.transaction()
        await rolled_back.start()
        try:
            await conn.execute("CREATE SCHEMA bare; SET LOCAL search_path = bare")
            await conn.execute(bare_service.TABLE)
            await conn.execute(bare_service.INSERT, *bare_service.row(bare_service.Enterprise.model_validate(body)))
            bare = await conn.fetchval(BARE)
        finally:
            await rolled_back.rollback()
    assert 0.9 * command <= bare <= command, (bare, command)
