"""`laowu partitions --to N`: more partitions for the topics in use, so that more processes of a service share them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import asyncpg
import typer

from console.commands.terminal import message
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
from console.services import SERVICES
from shared import db
from shared.delivery import growth, kafka, topic_growth


class NotAdded(ConsoleError):
    """Kafka or PostgreSQL did not answer, or the number cannot be had."""


def partitions(
    *,
    to: Annotated[int, typer.Option("--to", min=2, max=topic_growth.MOST, help="a multiple of the partitions there are")],
    service: Annotated[str | None, typer.Option(help="of one service's topics only")] = None,
) -> None:
    """Add partitions to the topics in use, with the order of every subject kept; nothing stops meanwhile.

    Interrupted, it is called again. There is no way back: Kafka takes no partition away.
    """
    if service is not None and service not in SERVICES:
        raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}")
    home = Home.here()
    with stack.running(home, message):
        not_added = asyncio.run(_grow_all(home, [service] if service else SERVICES, to))
    if not_added:
        raise NotAdded("; ".join(not_added))


async def _grow_all(home: Home, services: Sequence[str], total: int) -> list[str]:
    """At once, since each waits for others to notice. Returns what went wrong."""
    return [error for error in await asyncio.gather(*(_grow(home, name, total) for name in services)) if error]


async def _grow(home: Home, service: str, total: int) -> str | None:
    try:
        await topic_growth.grow_topics(stack.settings(service, home), stack.database_url(service, home), service, total, print)
    except (topic_growth.NotGrown, growth.NotMultiple, kafka.Unavailable, db.Unavailable) as error:
        return str(error)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return f"{service}: {error or type(error).__name__}"
    return None
