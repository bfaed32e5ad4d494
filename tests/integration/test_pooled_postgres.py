"""PostgreSQL behind pgbouncer: in session mode all works as without it; where sessions are shared, a service refuses to start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from shared.db import BOUNDS, SessionsShared, close_database, connect, open_database
from shared.delivery.consumer import each
from shared.events import JobOrderClosed
from shared.settings import Settings
from tests.conftest import MakeDatabaseUrl
from tests.support import delivery
from tests.support.delivery import caught_up, consuming, counting, emptied, relaying, tallied, tally
from tests.support.pgbouncer import PROGRAM, WITHOUT, pgbouncer
from tests.support.wait import until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WITHOUT)
A = UUID(int=0xA)
LOCK = "SELECT pg_try_advisory_lock(1)"


@pytest_asyncio.fixture(loop_scope="session")
async def pooled(make_database_url: MakeDatabaseUrl, tmp_path: Path) -> AsyncIterator[str]:
    """URL of a migrated database of docking through a pooler in session mode."""
    with pgbouncer(tmp_path, await make_database_url("docking"), "session") as url:
        yield url


async def test_a_service_publishes_and_reads_through_a_pooler_that_keeps_sessions_apart(config: Settings, pooled: str) -> None:
    database = await counting(await open_database("docking", pooled, size=4))
    try:
        async with relaying(config, database, pooled), consuming(config, database, each({JobOrderClosed: tally})) as running:
            await delivery.publish(database, *(delivery.an_event(A, n) for n in range(20)))
            await emptied(database)
            await caught_up(running)
        assert await tallied(database) == [(str(A), n) for n in range(20)]
    finally:
        await close_database(database)


async def test_limits_of_time_hold_through_a_pooler_and_a_lock_ends_with_its_session(pooled: str) -> None:
    holder, other = await connect(pooled, application="laowu-test", seconds=7), await connect(pooled, application="laowu-test")
    try:
        shown = [await holder.fetchval(f"SHOW {name}") for name in ("statement_timeout", "lock_timeout", "timezone")]
        assert shown == ["7s", BOUNDS["lock_timeout"], BOUNDS["timezone"]]
        assert await holder.fetchval(LOCK)
        assert not await other.fetchval(LOCK)
        holder.terminate()

        async def free() -> bool:
            return bool(await other.fetchval(LOCK))

        await until(free, what="the lock to be free")
        assert await other.fetchval("SHOW statement_timeout") == BOUNDS["statement_timeout"]
    finally:
        holder.terminate()
        other.terminate()


@pytest.mark.parametrize(
    ("mode", "more"), [("transaction", ""), ("transaction", "server_round_robin = 1\nmin_pool_size = 3\n"), ("statement", "")]
)
async def test_a_pooler_that_shares_sessions_is_noticed_at_start(
    mode: str, more: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    with pgbouncer(tmp_path, await make_database_url("docking"), mode, more) as url, pytest.raises(SessionsShared, match="pool_mode"):
        await open_database("docking", url)
