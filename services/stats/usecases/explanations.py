"""The events behind a figure, read from the log while somebody waits for them: one at a time, and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from services.stats.domain.errors import ExplanationBusy, ExplanationTooLong, LogIncomplete
from services.stats.figures.known_codes import require_known
from services.stats.replay import figure_keys
from services.stats.replay.explain import FiguresAsked, FigureToExplain, ask, read_events
from services.stats.replay.log_shards import ReaderLost
from services.stats.views import explanations as views
from shared.db import Tx, Unavailable
from shared.delivery import kafka
from shared.delivery.event_log import Truncated
from shared.running_service import RunningService

SECONDS = 45  # people and their clients wait a minute
READ_HERE = 100_000  # records, 2 s of work in steps of 0.1 s: more would keep the service busy, so processes of their own read them
_under_way: set[object] = set()


class Query(Protocol):
    async def __call__(self, work: Callable[[Tx], Awaitable[FiguresAsked]], /) -> FiguresAsked:
        """Run in a read-only transaction."""


@dataclass(frozen=True, slots=True)
class FigureAsked:
    """A published key; `known_on`: only what was recorded by the end of that day, None: everything."""

    key: str
    known_on: date | None


async def explain(service: RunningService, query: Query, asked: FigureAsked, limit: int, skip: int = 0) -> list[views.Explained]:
    """Raises KeyNotFound, CodeNotFound, NoCut, ExplanationBusy, ExplanationTooLong, LogIncomplete, Unavailable."""
    if _under_way:
        raise ExplanationBusy
    reader = object()
    _under_way.add(reader)
    try:
        figures = await query(lambda tx: ask(service.settings, tx, lambda within: _figures(within, asked)))
        async with asyncio.timeout(SECONDS):
            found = await read_events(figures, processes=1 if figures.records <= READ_HERE else None)
        return [views.explained(one, limit, skip) for one in found]
    except TimeoutError:
        raise ExplanationTooLong(state={"records": figures.records}) from None
    except Truncated as error:
        raise LogIncomplete(str(error)) from error
    except (kafka.Unavailable, ReaderLost) as error:
        raise Unavailable(f"the log cannot be read: {error}") from error
    finally:
        _under_way.discard(reader)


async def _figures(tx: Tx, asked: FigureAsked) -> Sequence[FigureToExplain]:
    figures = await figure_keys.parse(tx, asked.key, asked.known_on)
    for figure in figures:
        if figure.question is not None:
            await require_known(tx, figure.question.filter, "key")
    if asked.known_on is None:
        return figures
    return [
        replace(figure, question=figure.question.model_copy(update={"known_on": asked.known_on})) if figure.question else figure
        for figure in figures
    ]
