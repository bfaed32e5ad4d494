"""The plan made in a process of its own, so that other requests are served meanwhile.

The process ends when nobody waits for its plan any more: the time is up, the service stops, the request is given up, or the service
was killed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection

from services.docking.domain.errors import MatchingStopped
from services.docking.matching.all_orders import OpenMarket, Plan, plan


class PlannerLost(Exception):
    """The process ended before the plan was made. What it raised is on its standard error."""


async def plan_aside(market: OpenMarket, seconds: float, stopping: asyncio.Event) -> Plan:
    """The plan, if it takes no more than so many seconds and the service is not stopped. Raises MatchingStopped, PlannerLost."""
    context = multiprocessing.get_context("spawn")  # a fork would share this process's event loop and sockets
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    planning = asyncio.create_task(asyncio.to_thread(_exchange, ours, market))
    stopped = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({planning, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if planning.done():
            return planning.result()
        raise MatchingStopped("docking is stopping" if stopped.done() else f"no plan was made within {seconds:g} s")
    finally:
        process.kill()  # the thread that waits for the plan reads the end of the pipe
        process.join()
        process.close()
        planning.cancel()
        stopped.cancel()


def _exchange(pipe: Connection, market: OpenMarket) -> Plan:
    """Blocks until the plan is made. Raises PlannerLost."""
    with pipe:
        try:
            pipe.send(market)
            made: Plan = pipe.recv()
        except (EOFError, OSError):  # OSError: it ended in the middle of a message
            raise PlannerLost("the process that planned ended before it was done") from None
    return made


# --- in the process -----------------------------------------------------------------------------------------------------
def _serve(pipe: Connection) -> None:
    threading.Thread(target=_end_with_starter, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the service, which ends this process
    pipe.send(plan(pipe.recv()))


def _end_with_starter() -> None:
    """A plan for a service that was killed would go on for nobody, with all its memory."""
    starter = multiprocessing.parent_process()
    if starter is not None:
        starter.join()
        os._exit(1)
