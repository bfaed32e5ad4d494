"""`laowu backup` and `laowu restore`: the services' databases, and apart from them the keys that open what is sealed in them."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from console.commands.kafka import cluster_settings
from console.commands.relay import new_epoch_of
from console.commands.terminal import message
from console.errors import NotRunning
from console.local import archives, manifest, postgres, stack
from console.local.home import Home
from console.local.stores import stores_running
from console.services import SERVICES
from shared.kafka_settings import KafkaSettings

Folder = Annotated[Path, typer.Argument(file_okay=False, help="of the backup")]


def _known(services: list[str] | None) -> list[str]:
    for service in services or ():
        if service not in SERVICES:
            raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}")
    return list(dict.fromkeys(services or ()))


Services = Annotated[list[str] | None, typer.Option("--service", callback=_known, help="only this one; may be repeated")]


def _plain(prefix: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{0,40}", prefix):
        raise typer.BadParameter(f"{prefix!r} is more than lower-case letters, digits and _")
    return prefix


Prefix = Annotated[
    str, typer.Option(callback=_plain, help="before a service's name in that of its database; '' for those of laowu postgres roles")
]


def backup(
    folder: Folder,
    *,
    service: Services = None,
    prefix: Prefix = postgres.PREFIX,
    keys: Annotated[bool, typer.Option("--keys", help="the stack's keys instead of its data")] = False,
) -> None:
    """Dump the services' databases into a new folder, or the keys into another one.

    Of the local stack, up or down, or of the server that DATABASE_URL names. Personal data stays sealed in a dump: without the keys, which
    are never in the same backup, nobody can read it.
    """
    home, target = Home.here(), folder.resolve()
    if keys:
        found = archives.back_up_keys(target, home)
        message(f"{len(found.keys)} keys in {target}: keep them where no backup of the data is")
        return
    with _server(home) as admin:
        databases = {name: postgres.database_of(admin, name, prefix) for name in service or SERVICES}
        asyncio.run(archives.back_up(target, databases, message))
    message(f"{len(databases)} databases in {target}; the keys are not in it: laowu backup --keys, into another place")


def restore(
    folder: Folder,
    *,
    service: Services = None,
    prefix: Prefix = postgres.PREFIX,
    replace: Annotated[bool, typer.Option("--replace", help="where there is data already; that is kept under another name")] = False,
) -> None:
    """Put a backup's databases, or its keys, back; every file is compared with its checksum first.

    With the services stopped. A database is restored wholly or not at all; interrupted, call it again. Where the log is ahead of a database
    then, its relay takes a new epoch, and what the database has lost is named by laowu lost-events.
    """
    home, source = Home.here(), folder.resolve()
    found = manifest.read(source)
    if found.holds == "keys":
        message(f"restored: {', '.join(archives.restore_keys(source, home, replace=replace))}")
        return
    chosen: Sequence[str] = service or [one.service for one in found.databases]
    with _server(home, stopped=True) as admin:
        asyncio.run(archives.restore(source, admin, chosen, prefix=prefix, replace=replace, say=message))
        cluster = _cluster(home)
        for name in chosen:
            if cluster is None:
                message(f"{name}: no KAFKA_BOOTSTRAP_SERVERS: whether the log is ahead of this backup is looked at when the service starts")
                continue
            behind = new_epoch_of(cluster, postgres.database_of(admin, name, prefix), name, only_if_behind=True)
            message(behind or f"{name}: the log holds nothing that this backup does not know")


def _cluster(home: Home) -> KafkaSettings | None:
    """Where the log is: what the environment names, else the local stack's; None where there is neither."""
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return cluster_settings()
    return None if os.environ.get("DATABASE_URL") else cluster_settings(stack.kafka_bootstrap(home))


@contextmanager
def _server(home: Home, *, stopped: bool = False) -> Iterator[str]:
    """An administrator's URL of the server that DATABASE_URL names, else of the local stack's, started where it is down.

    `stopped`: the stack must be down. Raises NotRunning, StillUp.
    """
    named = os.environ.get("DATABASE_URL")
    if named:
        yield named
        return
    known = home.read("connections.json")
    if known is None:
        raise NotRunning("no stack here, and no DATABASE_URL: run laowu up first, or name a server.")
    if stack.is_up(home) and not stopped:
        yield str(known["database"])
        return
    with stores_running(home):
        yield str(known["database"])
