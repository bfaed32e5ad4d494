"""One process of the delivery tests, to be stopped, killed and started again: `python -m tests.support.delivery_process ROLE ...`.

commands    writes business rows and events in transactions until terminated; several at a time, on the same few subjects
relay       relays what they wrote
consumer    applies it, counting
It prints "ready" once it works; SIGTERM ends it with exit code 0.
"""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import sys
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from shared.db import Database, Unavailable, close_database, open_database
from shared.delivery import outbox, relay
from shared.delivery.consumer import Consumer, each
from shared.events import JobOrderClosed
from shared.health import Health
from shared.settings import Settings
from tests.support import delivery

SUBJECTS = [UUID(int=1_000 + n) for n in range(12)]
# The business side: how often each subject was commanded, and which events that made.
COMMANDS = """
CREATE TABLE IF NOT EXISTS counter (subject uuid PRIMARY KEY, n integer NOT NULL);
CREATE TABLE IF NOT EXISTS accepted (event_id uuid PRIMARY KEY, subject uuid NOT NULL, n integer NOT NULL);
"""


async def command(database: Database, choice: random.Random) -> None:
    """One transaction: lock two aggregates in order, count each up, and publish that."""
    async with database.transaction(database.system_cause()) as tx:
        for subject in sorted(choice.sample(SUBJECTS, 2)):
            n = await tx.conn.fetchval(
                "INSERT INTO counter VALUES ($1, 1) ON CONFLICT (subject) DO UPDATE SET n = counter.n + 1 RETURNING n", subject
            )
            (event_id,) = outbox.publish(tx, delivery.an_event(subject, n))
            await tx.conn.execute("INSERT INTO accepted VALUES ($1, $2, $3)", event_id, subject, n)


async def commands(database: Database, _config: Settings, _url: str) -> None:
    async def one(choice: random.Random) -> None:
        while True:
            try:
                await command(database, choice)
                await asyncio.sleep(0.01)  # a steady load that leaves the machine to what is tested
            except Unavailable:
                await asyncio.sleep(0.05)  # Postgres is being killed too

    print("ready", flush=True)  # noqa: T201  # what its starter waits for
    await asyncio.gather(*(one(random.Random()) for _ in range(3)))


async def run_relay(database: Database, config: Settings, url: str) -> None:
    print("ready", flush=True)  # noqa: T201  # what its starter waits for
    await relay.run(database, url, config, Health())


async def consumer(database: Database, config: Settings, _url: str) -> None:
    apply = each({JobOrderClosed: delivery.tally})
    reader = Consumer(config, database, "counter", [delivery.TOPIC], apply, health=Health(), max_records=200)
    print("ready", flush=True)  # noqa: T201  # what its starter waits for
    try:
        await reader.run()
    finally:
        await asyncio.shield(reader.stop())


ROLES = {"commands": commands, "relay": run_relay, "consumer": consumer}


async def until_terminated(work: Coroutine[Any, Any, None]) -> int:
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    task, waiting = asyncio.create_task(work), asyncio.create_task(terminated.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        logging.getLogger(__name__).error("ended by itself", exc_info=task.exception())
        return 1
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    return 0


async def main(role: str, url: str, kafka: str, prefix: str) -> int:
    config = delivery.settings(kafka, prefix, drain_seconds=4, stuck_seconds=15)
    while True:
        try:
            database = await open_database("docking" if role != "consumer" else "rights", url, size=4)
            break
        except Unavailable:
            await asyncio.sleep(0.1)
    code = await until_terminated(ROLES[role](database, config, url))
    await close_database(database)
    return code


if __name__ == "__main__":
    logging.basicConfig(level="WARNING")
    sys.exit(asyncio.run(main(*sys.argv[1:])))
