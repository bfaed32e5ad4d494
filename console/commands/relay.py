"""`laowu relay new-epoch`: what a service needs once after its database was restored from a backup by other means than `laowu restore`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from console.commands.terminal import message
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
from console.local.stores import stores_running
from console.services import SERVICES
from shared.delivery.restoring import NoNewEpoch, start_new_epoch
from shared.kafka_settings import KafkaSettings

app = typer.Typer(no_args_is_help=True, help="The sending side of a service.")
EXPLANATION = """\
A database restored from a backup would number its next events as it did before, and every consumer would drop them as repeats.
A new epoch numbers them from 0 again. Events still in {service}'s outbox that the log holds already are dropped, not sent twice.
Events that are in the log and no longer in the database are kept to be decided: laowu lost-events. Do it with the stack down.
"""


class NotChanged(ConsoleError):
    """Kafka or PostgreSQL did not answer, or the service runs; nothing was changed."""


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
        print(new_epoch_of(stack.settings(service, home), stack.database_url(service, home), service))


def new_epoch_of(settings: KafkaSettings, url: str, service: str, *, only_if_behind: bool = False) -> str | None:
    """As restoring.start_new_epoch(). Raises NotChanged."""
    try:
        return asyncio.run(start_new_epoch(settings, url, service, only_if_behind=only_if_behind))
    except NoNewEpoch as error:
        raise NotChanged(str(error)) from None
