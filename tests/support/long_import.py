"""A process that has begun to decide on a list and waits for what nobody asks: `python -m tests.support.long_import`."""

from __future__ import annotations

import asyncio

from services.registration.usecases.import_process import DecidingProcess, start_decider


async def _wait() -> None:
    async with start_decider(100_000_000) as decider:
        assert isinstance(decider, DecidingProcess)
        print(decider.pid, flush=True)  # noqa: T201  # what its starter waits for
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_wait())
