"""What audit, why and rebuild share: they read the whole log, and may be kept from an answer by what they read it from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import asyncpg
import typer

from console.commands.terminal import message, progress_bars
from console.errors import ConsoleError
from services.stats.domain.errors import AbsurdDay
from services.stats.replay.log_shards import ReaderLost
from services.stats.replay.rebuild import Overtaken
from shared import db
from shared.delivery import kafka
from shared.delivery.event_log import Truncated
from shared.events import Undecodable

# What keeps an audit, a rebuild or an explanation from an answer: the outcome is neither yes nor no.
NO_ANSWER = (
    kafka.Unavailable,
    Truncated,
    ReaderLost,
    Overtaken,
    AbsurdDay,  # in the log, counted, and in no dead letter: laowu audit says where
    Undecodable,
    db.Unavailable,
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    ConsoleError,
)
MOST_NAMED = 20  # differences printed for people; --json has all of them
Processes = Annotated[
    int | None, typer.Option(min=1, max=64, help="how many read the log at a time; left out: one per core, fewer for a short log")
]


@contextmanager
def exit_2_without_answer(command: str) -> Iterator[None]:
    try:
        yield
    except NO_ANSWER as error:
        message(f"laowu {command}: {error or type(error).__name__}", "red")
        raise typer.Exit(2) from None


@contextmanager
def log_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar for the records of the log: called with how many are read, and how many there are."""
    with progress_bars(transient=True) as bars:
        task = bars.add_task("reading the log", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
