"""Runs one service: database, migrations, topics, relay, consumer, timeouts and HTTP in one process; leaves cleanly on SIGTERM.

Shutting down: HTTP finishes what it has begun, the consumer stops, the relay empties the outbox, the pool closes; all of it
within `drain_seconds`, after which the process ends at once. Nothing is lost then either; the next start only takes longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from pydantic_settings import BaseSettings

from shared import db, postgres_access, traces
from shared.core_files import forbid_core_files
from shared.db import Database
from shared.delivery import canary, growth, kafka, kafka_acls, lost_commits, lost_events, outbox, relay, restoring, topic_growth
from shared.delivery.consumer import Apply, Consumer
from shared.delivery.redriving import PublishedFigures, PublishRedriven, Redriving
from shared.health import Health
from shared.kafka_settings import KafkaSettings
from shared.logs import configure_logging
from shared.notifications import sender
from shared.postgres_settings import PostgresSettings
from shared.running_service import RunningService, Sweep
from shared.settings import WRONG, Settings, wrong
from shared.web.app import create_app
from shared.web.auth import Verifier
from shared.web.server import Server

logger = logging.getLogger("laowu.runner")
S = TypeVar("S", bound=BaseSettings)
COMMANDS = "migrate | acls PRINCIPAL [--apply] | partitions N | new-epoch --yes"
MIGRATION_SECONDS = 6 * 3600  # for one statement, such as an index of a large table, or for another process that migrates
NOT_MIGRATED = (db.Unavailable, db.MigrationChanged, db.MigrationsMissing)
Background = Callable[[RunningService], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service is made of. `package` is its folder; its `migrations/` are applied at start."""

    name: str
    package: Path
    router: APIRouter
    topics: tuple[str, ...] = ()  # read
    apply: Apply | None = None  # how read events are applied
    published_figures: PublishedFigures | None = None  # for a preview of what a redrive would change
    publish_redriven: PublishRedriven | None = None  # publishes that records were redriven
    sweep: Sweep | None = None  # one bounded batch of timeouts; returns how many it acted on
    background: tuple[Background, ...] = ()  # further loops; one that ends or fails ends the process
    settings: type[Settings] = Settings
    plan_each: bool = False  # plan every execution: its statements have optional filters, by lists of one or of a thousand
    body_limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def migrations(self) -> tuple[Path, Path]:
        return db.SHARED_MIGRATIONS, self.package / "migrations"

    def redriving(self, settings: Settings) -> Redriving | None:
        """How its dead letters are redriven; None for a service that reads nothing."""
        if self.apply is None:
            return None
        return Redriving(self.apply, settings.simulation, self.published_figures, self.publish_redriven)


def main(service: Service) -> None:
    """Run until SIGTERM or SIGINT (exit 0), a setting or an argument is wrong (2), or a part fails for good (1).

    `acls PRINCIPAL` prints what the service needs to be allowed on a Kafka cluster with an authorizer, `--apply` allows it; and ends.
    `partitions N` shares the subjects of its topics out among so many, while it runs, and ends.
    `new-epoch --yes` numbers the service's events anew after its database lost commits or was restored, while it is stopped, and ends.
    `migrate` applies what is missing of the database's migrations, and ends: as the role that owns its tables, before new processes start.
    """
    forbid_core_files()
    match sys.argv[1:]:
        case []:
            settings = _settings(service, service.settings)
            configure_logging(service.name, settings.log_level, settings.log_format)
            with _tracing(service, settings):
                status = uvloop.run(_run(service, settings))
            sys.exit(status)
        case ["acls", principal]:
            _print_acls(service, _settings(service, KafkaSettings), principal)
        case ["acls", principal, "--apply"]:
            sys.exit(asyncio.run(_allow(service, _settings(service, KafkaSettings), principal)))
        case ["partitions", total] if total.isdecimal():
            sys.exit(asyncio.run(_only_grow(service, _settings(service, service.settings), int(total))))
        case ["new-epoch", "--yes"]:
            sys.exit(asyncio.run(_only_new_epoch(service, _settings(service, service.settings))))
        case ["migrate"]:
            sys.exit(asyncio.run(_only_migrate(service, _settings(service, PostgresSettings))))
        case _:
            print(f"usage: python -m services.{service.name} [{COMMANDS}]", file=sys.stderr)  # noqa: T201
            sys.exit(2)


def _print_acls(service: Service, settings: KafkaSettings, principal: str) -> None:
    for line in kafka_acls.commands(settings, principal, kafka_acls.service_acls(settings, service.name, service.topics)):
        print(line)  # noqa: T201


async def _allow(service: Service, settings: KafkaSettings, principal: str) -> int:
    try:
        given = await kafka_acls.allow(settings, principal, kafka_acls.service_acls(settings, service.name, service.topics))
    except kafka.Unavailable as error:
        print(f"{service.name}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"{service.name}: {principal} has its {given} rights")  # noqa: T201
    return 0


@contextlib.contextmanager
def _tracing(service: Service, settings: Settings) -> Iterator[None]:
    """With spans, where somebody collects them."""
    if not settings.otel_exporter_otlp_endpoint:
        yield
        return
    from shared import trace_export  # noqa: PLC0415  # loads the SDK

    traces.recorder = recorder = trace_export.open_recorder(settings, service.name)
    try:
        yield
    finally:
        traces.recorder = None
        recorder.close()


def _settings(service: Service, kind: type[S]) -> S:
    """From the environment; exits with 2 and a line for each wrong one."""
    try:
        return kind()
    except WRONG as error:
        for line in wrong(error):
            print(f"{service.name}: setting {line}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


async def _only_grow(service: Service, settings: Settings, total: int) -> int:
    try:
        await topic_growth.grow_topics(settings, settings.database_url.get_secret_value(), service.name, total, print)
    except (topic_growth.NotGrown, growth.NotMultiple, kafka.Unavailable, db.Unavailable, *postgres_access.REFUSALS) as error:
        print(f"{service.name}: {error or type(error).__name__}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


async def _only_new_epoch(service: Service, settings: Settings) -> int:
    try:
        print(await restoring.start_new_epoch(settings, settings.database_url.get_secret_value(), service.name))  # noqa: T201
    except restoring.NoNewEpoch as error:
        print(f"{service.name}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


async def _only_migrate(service: Service, settings: PostgresSettings) -> int:
    try:
        applied = await migrate(service, settings)
    except NOT_MIGRATED as error:
        print(f"{service.name}: not migrated: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"{service.name}: {applied} migrations applied")  # noqa: T201
    return 0


async def migrate(service: Service, settings: PostgresSettings) -> int:
    """Apply the migrations that are missing. Returns how many. Raises NOT_MIGRATED."""
    setting, url = settings.migrations_by()
    try:
        conn = await db.connect(url, application=f"laowu-{service.name}-migrate", seconds=MIGRATION_SECONDS)
    except postgres_access.REFUSALS as error:
        raise db.Unavailable(f"cannot connect to the database of {service.name}: {postgres_access.why(error, setting)}") from error
    try:
        return await db.migrate(conn, *service.migrations)
    finally:
        conn.terminate()


async def _run(service: Service, settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    url = settings.database_url.get_secret_value()
    try:
        verifier = Verifier.from_settings(settings)
    except (OSError, ValueError) as error:
        logger.error("cannot start: AUTH_JWKS: %s", error)  # noqa: TRY400  # as below
        return 1
    try:
        database = await _prepare(service, settings, url)
    except (*NOT_MIGRATED, kafka.Unavailable, kafka.TopicLosesData, lost_commits.LogAhead) as error:
        logger.error("cannot start: %s: %s", type(error).__name__, error)  # noqa: TRY400  # one clear line, no traceback
        return 1
    health = Health()
    consumer = Consumer(settings, database, service.name, service.topics, service.apply, health=health) if service.apply else None
    running = RunningService(
        name=service.name,
        database=database,
        settings=settings,
        health=health,
        lag=consumer.lag if consumer else None,
        sweep=service.sweep,
        redriving=service.redriving(settings),
    )
    server = _server(create_app(running, service.router, verifier, body_limits=service.body_limits), settings)
    async with _running(running, url, service, server, consumer) as tasks:
        stopped = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        _exit_after(settings.drain_seconds + 5)
        failed = [task for task in tasks if task.done()]
        for task in failed:
            logger.error("%s ended: leaving", task.get_name(), exc_info=None if task.cancelled() else task.exception())
        running.stopping.set()
        server.leave()
    return 1 if failed else 0


def _server(app: FastAPI, settings: Settings) -> Server:
    return Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            timeout_graceful_shutdown=int(settings.drain_seconds),
            timeout_keep_alive=65,
        )
    )


async def _prepare(service: Service, settings: Settings, url: str) -> Database:
    """Migrated database and existing topics. Raises what _run names."""
    database = await db.open_database(service.name, url, size=settings.pool_size, plan_each=service.plan_each)
    await migrate(service, settings)
    await kafka.create_topics(settings)
    async with database.connection() as conn:
        await lost_commits.require_none(conn, settings, service.name)
        database.restoring = await lost_events.any_open(conn)
    return database


@contextlib.asynccontextmanager
async def _running(
    running: RunningService, url: str, service: Service, server: Server, consumer: Consumer | None
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Everything running; on leaving, everything stopped in order."""
    database, settings = running.database, running.settings
    relaying = asyncio.create_task(relay.run(database, url, settings, running.health), name="relay")
    http = asyncio.create_task(server.serve(), name="http")
    sending = asyncio.create_task(sender.run(database, settings), name="sender")
    tasks = [relaying, http, sending, *(asyncio.create_task(_loop(work(running)), name=work.__name__) for work in service.background)]
    if consumer is not None:
        tasks.append(asyncio.create_task(consumer.run(), name="consumer"))
    if canary.is_on(settings):
        tasks.append(asyncio.create_task(canary.run(database, settings, service.topics), name="canary"))
    if service.sweep is not None and not settings.simulation:
        tasks.append(asyncio.create_task(_sweeping(database, service.sweep, settings), name="sweep"))
    try:
        yield tasks
    finally:
        await asyncio.wait({http}, timeout=settings.drain_seconds)
        if consumer is not None:
            await consumer.stop()
        await _drained(database, relaying, settings.drain_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=5)
        await db.close_database(database)


async def _loop(work: Awaitable[None]) -> None:
    await work


async def _drained(database: Database, relaying: asyncio.Task[None], seconds: float) -> None:
    """Wait until the outbox is empty, the time is up, or the relay or Postgres is gone."""
    with contextlib.suppress(TimeoutError, db.Unavailable):
        async with asyncio.timeout(seconds):
            while not relaying.done():
                async with database.connection() as conn:
                    if not await outbox.backlog(conn):
                        return
                database.wake.set()
                await asyncio.sleep(0.05)


async def _sweeping(database: Database, sweep: Sweep, settings: Settings) -> None:
    while True:
        try:
            acted = 0 if await restoring.is_restoring(database) else 1  # what is overdue only seems so
            while acted:
                async with database.transaction(database.system_cause()) as tx:
                    acted = await sweep(tx)
        except db.Unavailable as error:
            logger.warning("sweep: %s: next try in %s s", error, settings.sweep_seconds)
        await asyncio.sleep(settings.sweep_seconds)


def _exit_after(seconds: float) -> None:
    """End the process even if its stop hangs: its successor needs the port and the relay's lock."""

    def leave() -> None:
        logger.error("still running %s s after the stop: exiting", seconds)
        os._exit(1)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()
