"""A sender of its own, to be killed: `python -m tests.support.sender_process DATABASE_URL`, with ENDPOINT_KEY in its environment.

Its leases are short, so that what a killed one had in hand is soon taken again. It prints "ready" once it works.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta

from shared.db import open_database
from shared.notifications import deliveries, sender
from tests.support import delivery


async def main(url: str) -> None:
    deliveries.LEASE = timedelta(seconds=2)
    settings = delivery.settings("none", "", endpoint_key=os.environ["ENDPOINT_KEY"], endpoints_local=True)
    database = await open_database("docking", url, size=4)
    print("ready", flush=True)  # noqa: T201  # what its starter waits for
    await sender.run(database, settings)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
