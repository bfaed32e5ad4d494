"""PostgreSQL: a pool whose every wait is bounded, transactions that know who acts and why, forward-only migrations."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg

from shared import postgres_access
from shared.postgres_access import why
from shared.principals import Principal, system
from shared.values import Clock

T = TypeVar("T")

SHARED_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_301_001
_BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_NO_ANSWER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
COMMAND_SECONDS = 30  # a statement of the pool takes no longer, on whatever side the time is lost


class Unavailable(Exception):
    """Postgres does not answer, or takes no writes; nothing was written. The caller may try again."""

    code = "UNAVAILABLE"
    retry_seconds = 1


class SessionsShared(Unavailable):
    """A pooler lends one session to several clients. A relay's lock, time limits and prepared statements belong to a session."""

    def __init__(self, setting: str = "DATABASE_URL") -> None:
        super().__init__(f"{setting} leads through a pooler that shares sessions between transactions: it needs pool_mode = session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who acts, when, and because of what: what an event's envelope records beside its data."""

    principal: Principal
    clock: Clock
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None


@dataclass(slots=True)
class Tx:
    """One database transaction of one service, and its cause.

    `pending`: published events that are not in the outbox yet; `before_commit` writes them all in one round trip.
    `restoring`: events that were lost are among them, and are not sent again (delivery/restoring.py).
    """

    conn: Any  # asyncpg.Connection or the pool's proxy of one
    service: str
    cause: Cause
    restoring: bool = False
    sent: list[str] = field(default_factory=list, init=False)  # while restoring: types of what was written to the outbox
    published: int = field(default=0, init=False)  # events, pending or written
    pending: list[Any] = field(default_factory=list, init=False)
    before_commit: Callable[[Tx], Awaitable[None]] | None = field(default=None, init=False)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """An exception inside rolls back the rows and events of the savepoint only; the cause is restored either way."""
        cause, published, pending = self.cause, self.published, len(self.pending)
        await self.conn.execute("SAVEPOINT tried")
        try:
            yield
        except BaseException:
            self.published = published
            del self.pending[pending:]
            await _roll_back(self.conn, "ROLLBACK TO tried; RELEASE tried")
            raise
        else:
            await self.conn.execute("RELEASE tried")
        finally:
            self.cause = cause

    @property
    def clock(self) -> Clock:
        return self.cause.clock

    @property
    def principal(self) -> Principal:
        return self.cause.principal


Work = Callable[[Tx], Awaitable[T]]


@dataclass(slots=True, kw_only=True)
class Database:
    """A service's database: the pool, and the event that wakes its relay once something was committed for it.

    `commits`: of transactions that may have changed what background loops look at; passes over a snapshot only publish.
    `restoring`: it came from a backup, and events that it had published since are still to be decided.
    """

    service: str
    pool: asyncpg.Pool
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    has_several_hosts: bool = False
    restoring: bool = field(default=False, init=False)
    commits: int = field(default=0, init=False)
    _committed: asyncio.Event = field(default_factory=asyncio.Event, init=False)  # set for a moment: wakes everybody who waits

    @asynccontextmanager
    async def transaction(self, cause: Cause, *, snapshot: bool = False, turn: int | None = None) -> AsyncIterator[Tx]:
        """Commit on leaving, roll back on any exception. `snapshot`: every statement reads the same snapshot (repeatable read).

        `turn`: of transactions with the same number one begins when the other has ended.
        Raises Unavailable when Postgres is away or read-only, or when a row to be written has changed since the snapshot.
        """
        begin = _BEGIN_SNAPSHOT if snapshot else "BEGIN"
        if turn is not None:  # in the same round trip, which asyncpg's own transaction has no way for
            begin = f"{begin}; SELECT pg_advisory_xact_lock({turn:d})"
        async with self.connection(writing=True) as conn:
            try:
                await conn.execute(begin)
                tx = Tx(conn, self.service, cause, restoring=self.restoring)
                yield tx
                if tx.before_commit is not None:
                    await tx.before_commit(tx)
            except BaseException:
                await _roll_back(conn)
                raise
            await conn.execute("COMMIT")
            if not snapshot:
                self.commits += 1
                self._committed.set()
                self._committed.clear()
            if tx.published:
                self.wake.set()

    async def wait_for_commit(self, seen: int) -> None:
        """Until this process has committed more than the `seen` transactions."""
        while self.commits == seen:
            await self._committed.wait()

    async def dry_run(self, cause: Cause, work: Work[T], *, snapshot: bool = False) -> T:
        """The result of `work` in a transaction that is always rolled back; its events are never written to the outbox.

        `snapshot` and Unavailable: as in transaction().
        """
        async with self.connection(writing=True) as conn:
            await conn.execute(_BEGIN_SNAPSHOT if snapshot else "BEGIN")
            try:
                return await work(Tx(conn, self.service, cause))
            finally:
                await _roll_back(conn)

    async def read(self, cause: Cause, work: Work[T]) -> T:
        """The result of `work` in a read-only transaction: all its statements read one snapshot. Raises Unavailable."""
        async with self.connection() as conn:
            await conn.execute(f"{_BEGIN_SNAPSHOT} READ ONLY")
            try:
                return await work(Tx(conn, self.service, cause))
            finally:
                await _roll_back(conn)

    @asynccontextmanager
    async def connection(self, *, writing: bool = False) -> AsyncIterator[Any]:
        """Raises Unavailable when Postgres is away or has no room; for `writing`, also when it is read-only, elsewhere a defect."""
        try:
            conn = await self.pool.acquire(timeout=5)
        except postgres_access.REFUSALS as error:
            raise Unavailable("no database connection") from error
        try:
            yield conn
        except (
            OSError,
            TimeoutError,
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
            asyncpg.LockNotAvailableError,
            asyncpg.DeadlockDetectedError,
            asyncpg.SerializationError,
        ) as error:
            raise Unavailable("the database connection was lost") from error
        except asyncpg.InsufficientResourcesError as error:
            raise Unavailable("the database is out of disk, memory or connections") from error
        except asyncpg.ReadOnlySQLTransactionError as error:
            if not writing:
                raise
            conn.terminate()  # after a failover it leads to what is a standby now, for ever; a new one leads to the primary
            if self.has_several_hosts:
                await self.pool.expire_connections()  # reads from the standby too would be behind what is written
            raise Unavailable("the database is read-only") from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            # asyncpg raises this for a connection that has just been lost, and for misuse, which is a defect of ours.
            if isinstance(error, asyncpg.InternalClientError) or is_lost(conn):
                raise Unavailable("the database connection was lost") from error
            raise
        finally:
            await _release(self.pool, conn)

    def system_cause(self) -> Cause:
        """The cause of what the service does on its own account: sweeps, start-up."""
        return Cause(principal=system(self.service), clock=Clock())


def is_lost(conn: Any) -> bool:
    """Whether nothing can be asked of the connection any more."""
    try:
        return bool(conn.is_closed())
    except asyncpg.InterfaceError:  # the pool has already taken a lost connection back
        return True


async def _roll_back(conn: Any, statement: str = "ROLLBACK") -> None:
    """Never raises: a lost connection has rolled back by itself, and whoever asked has to know what ended the transaction."""
    try:
        await conn.execute(statement)
    except _NO_ANSWER:
        _terminate(conn)


def _terminate(conn: Any) -> None:
    with contextlib.suppress(asyncpg.InterfaceError):  # the pool has already taken a lost connection back
        conn.terminate()


async def _release(pool: asyncpg.Pool, conn: Any) -> None:
    """Give the connection back within a bound: one whose peer is cut off would wait for its reset for ever. Never raises, because
    the transaction has ended: a committed command must not look as if it had failed. A cancellation does not stop it: asyncpg shields it.
    """
    try:
        await pool.release(conn, timeout=5)
    except _NO_ANSWER:
        _terminate(conn)


async def _initialise(conn: asyncpg.Connection, bounds: Mapping[str, str]) -> None:
    """Not as parameters of the connection: pgbouncer knows few of them and refuses the others."""
    await conn.execute("; ".join([f"SET {name} = '{value}'" for name, value in bounds.items()]))
    await conn.set_type_codec(
        "jsonb", encoder=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")), decoder=json.loads, schema="pg_catalog"
    )


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """Skip asyncpg's reset, one more round trip per use: every setting made on a pooled connection ends with its transaction."""


# Server-side bounds: a cut-off client must not keep a lock for hours.
BOUNDS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
    "jit": "off",
}

PLANNED_EACH = {"plan_cache_mode": "force_custom_plan"}
PLANNED_ONCE = {"random_page_cost": "1.1"}  # with 4, PostgreSQL's own, most look-ups by key would read a table of few pages through


async def open_database(service: str, url: str, *, size: int = 8, plan_each: bool = False) -> Database:
    """A pool of `size` connections. `plan_each`: plan every execution for its arguments, where no generic plan fits.

    Elsewhere a connection keeps the plan that a statement got while a new service had few rows, until they are analysed.

    Raises Unavailable; SessionsShared where a pooler is found that shares sessions.
    """
    bounds = BOUNDS | (PLANNED_EACH if plan_each else PLANNED_ONCE)
    pool = None
    try:
        pool = await asyncpg.create_pool(
            url,
            connect=cast("Any", postgres_access.connect),  # which needs no more than the pool gives it
            min_size=2,
            max_size=size,
            timeout=5,
            command_timeout=COMMAND_SECONDS,
            init=partial(_initialise, bounds=bounds),
            reset=_nothing_to_reset,
            server_settings={"application_name": f"laowu-{service}"},
            max_inactive_connection_lifetime=60,
        )
        await _require_own_sessions(pool)
    except postgres_access.REFUSALS as error:
        if pool is not None:
            pool.terminate()
        if isinstance(error, _OF_A_SHARED_SESSION):
            raise SessionsShared from error
        raise Unavailable(f"cannot connect to the database of {service}: {why(error)}") from error
    return Database(service=service, pool=pool, has_several_hosts=postgres_access.has_several_hosts(url))


# What asyncpg meets where another client's transaction is served by its session in between.
_OF_A_SHARED_SESSION = (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError)
_SESSION = "SELECT pg_backend_pid()"


async def _require_own_sessions(pool: asyncpg.Pool) -> None:
    """Two connections of ours are two sessions, and each stays the one it is. Raises SessionsShared.

    Where few clients share many sessions it may look so by chance; the order of asking is one that no turn-taking satisfies.
    """
    async with pool.acquire(timeout=5) as first, pool.acquire(timeout=5) as second:
        seen: tuple[set[int], set[int]] = set(), set()
        for conn, sessions in (
            (first, seen[0]),
            (first, seen[0]),
            (second, seen[1]),
            (first, seen[0]),
            (second, seen[1]),
            (second, seen[1]),
        ):
            sessions.add(await conn.fetchval(_SESSION))
    if len(seen[0] | seen[1]) != 2 or seen[0] & seen[1]:
        pool.terminate()
        raise SessionsShared


async def close_database(database: Database) -> None:
    """Bounded: close() waits for every connection, and one of them may never answer."""
    try:
        async with asyncio.timeout(5):
            await database.pool.close()
    except TimeoutError:
        database.pool.terminate()


async def connect(url: str, *, application: str, seconds: int = 30) -> asyncpg.Connection:
    """One connection outside the pool (relay, console), with the same bounds; no statement takes longer than so many seconds."""
    conn = await postgres_access.connect(url, timeout=5, command_timeout=seconds, server_settings={"application_name": application})
    with postgres_access.terminating(conn):
        await _initialise(conn, BOUNDS | {"statement_timeout": f"{seconds}s"})
    return conn


# --- migrations ---------------------------------------------------------------------------------------------------
class MigrationChanged(Exception):
    """An applied migration file was edited; migrations are forward-only."""


class MigrationsMissing(Exception):
    """The role may not apply them: the tables' owner does, before a service of this release starts."""


def migration_files(*folders: Path) -> Sequence[tuple[str, str]]:
    """(name, SQL) of every migration: the folders as given, within a folder by number."""
    return [(f"{folder.parent.name}/{path.name}", path.read_text()) for folder in folders for path in sorted(folder.glob("*.sql"))]


LOCK_SECONDS, LOCK_TRIES, LOCK_PAUSE = 3.0, 20, 1.0


async def _apply(conn: asyncpg.Connection, name: str, sql: str) -> None:
    """All who use a table wait behind a migration that waits for it: it gives up soon, and comes again. Raises LockNotAvailableError."""
    for tries_left in reversed(range(LOCK_TRIES)):
        try:
            async with conn.transaction():
                await conn.execute("SELECT set_config('lock_timeout', $1, true)", f"{int(LOCK_SECONDS * 1000)}ms")
                await conn.execute(sql)
                await conn.execute("INSERT INTO migration (name, sql) VALUES ($1, $2)", name, sql)
        except asyncpg.LockNotAvailableError:
            if not tries_left:
                raise
            await asyncio.sleep(LOCK_PAUSE)
        else:
            return


async def migrate(conn: asyncpg.Connection, *folders: Path) -> int:
    """Apply the missing files, each in one transaction, one process at a time. Returns how many.

    Writes nothing when none is missing: a service starts on a read-only database too, and serves reads.
    Raises MigrationChanged; where one is missing, Unavailable when the database takes no writes, MigrationsMissing when the role may not.
    """
    applied = 0
    await conn.execute("SET statement_timeout = 0; SET lock_timeout = 0")
    await conn.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
    try:
        if await conn.fetchval("SELECT to_regclass('migration') IS NULL"):
            await conn.execute(
                "CREATE TABLE migration (name text PRIMARY KEY, sql text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
            )
        applied_sql = {row["name"]: row["sql"] for row in await conn.fetch("SELECT name, sql FROM migration")}
        for name, sql in migration_files(*folders):
            if name in applied_sql:
                if applied_sql[name] != sql:
                    raise MigrationChanged(name)
                continue
            await _apply(conn, name, sql)
            applied += 1
    except (asyncpg.ReadOnlySQLTransactionError, asyncpg.InsufficientResourcesError) as error:
        raise Unavailable(f"migrations are missing and cannot be applied: {error}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationsMissing(f"this role may not apply them: {error}") from error
    except asyncpg.LockNotAvailableError as error:
        raise Unavailable(f"migrations are missing and a session holds a lock on a table that they change: {error}") from error
    finally:
        await conn.execute("SELECT pg_advisory_unlock($1)", _MIGRATION_LOCK)
    return applied
