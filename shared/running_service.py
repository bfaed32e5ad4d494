"""A service while it runs: what its routes and its background loops act on. Knows nothing of HTTP, so the engine may use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from shared.db import Database, Tx
from shared.delivery.redriving import Redriving
from shared.health import Health
from shared.settings import Settings

Sweep = Callable[[Tx], Awaitable[int]]
Lag = Callable[[], Awaitable[Mapping[str, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """`lag`: records still unread by "topic/partition", None for a service that reads nothing; `redriving` likewise.

    `sweep`: one bounded batch of timeouts; returns how many it acted on.
    """

    name: str
    database: Database
    settings: Settings
    health: Health
    lag: Lag | None = None
    sweep: Sweep | None = None
    redriving: Redriving | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # set on shutdown: endless responses end then
