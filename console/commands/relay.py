"""`laowu relay new-epoch`: what a service needs once after its database was restored from a backup."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import asyncpg
import typer

from console.commands.terminal import message
from console.errors import ConsoleError, NotRunning
from console.local import home as homes
from console.local import kafka as kafka_local
from console.local import postgres, processes, stack, supervisor
from console.local.home import Home
from console.local.processes import Spec
from console.services import SERVICES
from shared import db
from shared.delivery import kafka, relay
from shared.delivery.relay import RelayRunning
from shared.events import TOPICS
from shared.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The sending side of a service.")
EXPLANATION = """\
A database restored from a backup would number its next events as it did before, and every consumer would drop them as repeats.
A new epoch numbers them from 0 again. Events still in {service}'s outbox that the log holds already are dropped, not sent twice;
events that are in the log and no longer in the database stay in the log. Do it once per restore, with the stack down.
"""


class StillUp(ConsoleError):
    """The service runs, or its relay does."""


class NotChanged(ConsoleError):
    """Kafka or PostgreSQL did not answer; nothing was changed."""


@app.command("new-epoch")
def new_epoch(
    service: Annotated[str, typer.Argument(help=", ".join(SERVICES))],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do it; without, it is only explained")] = False,
) -> None:
    """Number a service's events anew after its database was restored from a backup. Exit status: 0 done, 1 not, 2 not confirmed."""
    if service not in SERVICES:
        raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}")
    message(EXPLANATION.format(service=service).rstrip())
    if not yes:
        message("Nothing was changed. Repeat with --yes to do it.")
        raise typer.Exit(2)
    home = Home.here()
    with stores_running(home):
        try:
            epoch, dropped = asyncio.run(start_new_epoch(stack.settings(service, home), service))
        except RelayRunning:
            raise StillUp(f"{service}'s relay is at work on this database: stop the service first.") from None
        except (kafka.Unavailable, db.Unavailable, OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise NotChanged(f"nothing was changed: {error or type(error).__name__}") from None
    print(f"{service} numbers its events from {epoch}.0 on; {dropped} that the log holds already were dropped from its outbox")


async def start_new_epoch(settings: Settings, service: str) -> tuple[int, int]:
    """The new epoch, and how many events were dropped. Raises RelayRunning, kafka.Unavailable, what Postgres raises."""
    conn = await db.connect(settings.database_url.get_secret_value(), application="laowu-new-epoch")
    try:
        known = await relay.events_already_in_log(conn, settings, [topic for topic in TOPICS if topic.startswith(f"{service}.")])
        return await relay.new_epoch(conn, known), len(known)
    finally:
        conn.terminate()


@contextmanager
def stores_running(home: Home) -> Iterator[None]:
    """Kafka and PostgreSQL of the stack without its services. Raises StillUp where the stack is up."""
    if home.read("plan.json") is None:
        raise NotRunning("no stack here: run laowu up first.")
    lock = homes.try_lock(home)
    if lock is None:
        raise StillUp("the stack is up: run laowu down first.")
    try:
        plan = supervisor.load_plan(home)
        with ExitStack() as running:
            if plan.postgres is not None:
                node = postgres.prepare(plan.postgres.folder, plan.postgres.port, durable=plan.durable)
                postgres.wait_ready(node, _started(running, postgres.spec(node)))
            if plan.kafka is not None:
                kafka_local.wait_ready(plan.kafka, _started(running, kafka_local.spec(plan.kafka)))
            yield
    finally:
        os.close(lock)


def _started(running: ExitStack, spec: Spec) -> subprocess.Popen[bytes]:
    process = processes.spawn(spec)
    running.callback(processes.stop, process, spec)
    return process
