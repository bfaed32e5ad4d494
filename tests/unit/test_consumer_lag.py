"""Asking a consumer how far behind it is, at moments when it does not know."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer

from shared.db import Database, Unavailable
from shared.delivery.consumer import Consumer
from shared.delivery.inbox import Apply
from shared.health import Health
from tests.support.delivery import TOPIC, settings


async def test_while_the_consumer_connects_the_lag_is_unavailable() -> None:
    asked = Consumer(settings("127.0.0.1:1", "t."), cast("Database", None), "counter", [TOPIC], cast("Apply", None), health=Health())
    with pytest.raises(Unavailable):
        await asked.lag()
    connecting = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    asked._subscription._subscriber = cast("Any", SimpleNamespace(consumer=connecting))
    async with asyncio.timeout(20):  # at once, not after a request's time-out
        with pytest.raises(Unavailable):
            await asked.lag()
    await connecting.stop()
