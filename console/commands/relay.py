"""`laowu relay new-epoch`: what a service needs once after its database was restored from a backup by other means than `laowu restore`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import asyncpg
import typer

from console.commands.terminal import message
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
from console.local.stores import StillUp, stores_running
from console.services import SERVICES
from shared import db
from shared.delivery import kafka, restoring
from shared.kafka_settings import KafkaSettings

app = typer.Typer(no_args_is_help=True, help="The sending side of a service.")
EXPLANATION = """\
A database restored from a backup would number its next events as it did before, and every consumer would drop them as repeats.
A new epoch numbers them from 0 again. Events still in {service}'s outbox that the log holds already are dropped, not sent twice.
Events that are in the log and no longer in the database are kept to be decided: laowu lost-events. Do it with the stack down.
"""


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
        print(asyncio.run(start_new_epoch(stack.settings(service, home), stack.database_url(service, home), service)))


async def start_new_epoch(settings: KafkaSettings, url: str, service: str, *, only_if_behind: bool = False) -> str | None:
    """What was done, in one line; None where it is to be done `only_if_behind` the log and the database is not.

    Raises StillUp, NotChanged.
    """
    try:
        conn = await db.connect(url, application="laowu-new-epoch", seconds=600)
        try:
            compared = await restoring.compare(conn, settings, service)
            if only_if_behind and not compared.lost and not compared.in_log:
                return None
            epoch = await restoring.begin(conn, compared)
        finally:
            conn.terminate()
    except restoring.RelayRunning:
        raise StillUp(f"{service}'s relay is at work on this database: stop the service first.") from None
    except (kafka.Unavailable, db.Unavailable, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise NotChanged(f"nothing was changed: {error or type(error).__name__}") from None
    dropped = f"{len(compared.in_log)} that the log holds already were dropped from its outbox"
    lost = f"; {len(compared.lost)} of the log are lost from its database: laowu lost-events list --service {service}"
    return f"{service} numbers its events from {epoch}.0 on; {dropped}{lost if compared.lost else ''}"
