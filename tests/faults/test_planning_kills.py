"""The process that plans all open orders never outlives whoever waits for its plan."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable

import psutil
import pytest

from services.docking.domain.errors import MatchingStopped
from services.docking.matching.planning_process import PlannerLost, plan_aside
from tests.support.endless_plan import market
from tests.support.wait import until

Plans = asyncio.Task[object]


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
async def test_it_ends_with_a_service_that_is_killed(sent: signal.Signals) -> None:
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.endless_plan", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert service.stdout is not None
    try:
        planner = int(await asyncio.wait_for(service.stdout.readline(), 60))
        assert _runs(planner)
    finally:
        service.send_signal(sent)
    await asyncio.wait_for(service.wait(), 60)
    await until(lambda: not _runs(planner), 10, "the planner is gone")


async def test_it_ends_when_its_time_is_up() -> None:
    with pytest.raises(MatchingStopped, match="no plan was made"):
        await plan_aside(market(), 0.01, asyncio.Event())
    assert not multiprocessing.active_children()


def _stop(stopping: asyncio.Event, _: Plans) -> None:
    stopping.set()


def _give_up(_: asyncio.Event, plans: Plans) -> None:
    plans.cancel()


def _kill_planner(_: asyncio.Event, __: Plans) -> None:
    [planner] = multiprocessing.active_children()
    assert planner.pid is not None
    os.kill(planner.pid, signal.SIGKILL)


@pytest.mark.parametrize(("act", "raised"), [(_stop, MatchingStopped), (_give_up, asyncio.CancelledError), (_kill_planner, PlannerLost)])
async def test_it_ends_at_once_when_nobody_waits_any_more(
    act: Callable[[asyncio.Event, Plans], None], raised: type[BaseException], capfd: pytest.CaptureFixture[str]
) -> None:
    stopping = asyncio.Event()
    plans: Plans = asyncio.create_task(plan_aside(market(), 60, stopping))
    await until(lambda: capfd.readouterr().out, 60, "the plan is being made")
    act(stopping, plans)
    async with asyncio.timeout(30):  # half of what the plan may take
        with pytest.raises(raised):
            await plans
    assert not multiprocessing.active_children()
