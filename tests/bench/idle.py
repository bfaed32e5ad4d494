"""What the local stack costs while nothing happens: processor time of each of its processes, started as `laowu up` starts them."""

from __future__ import annotations

import asyncio
import time

import psutil

from console.local import stack
from console.local.home import Home
from tests.bench.environment import BenchEnvironment, ReportStep
from tests.bench.figures import Figure

# The first canaries, after a minute, make stats publish its first figures; PostgreSQL analyses what the migrations wrote, pauses grow while
# nothing comes, and the virtual machine still compiles.
SETTLE_SECONDS = 100
SECONDS = 60  # a canary of each service falls into it
MAX_PERCENT = 3.0  # of one core, all processes together


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    home = Home(environment.folder / "idle")
    report("idle: a stack of its own is starting")
    await asyncio.to_thread(stack.up, home, stack.Options())
    try:
        pids = {"supervisor": home.read("supervisor.json")["pid"], **stack.pids(home)}
        await asyncio.sleep(SETTLE_SECONDS)
        report(f"idle: nothing happens for {SECONDS} s")
        began, before = time.perf_counter(), {name: _processor_seconds(name, pid) for name, pid in pids.items()}
        await asyncio.sleep(SECONDS)
        seconds = time.perf_counter() - began
        spent = {name: _processor_seconds(name, pid) - before[name] for name, pid in pids.items()}
    finally:
        await asyncio.to_thread(stack.down, home)
    figures = [Figure(name=f"idle: {name}", value=100 * used / seconds, unit="% of a core") for name, used in spent.items()]
    return [*figures, Figure(name="idle: all", value=sum(figure.value for figure in figures), unit="% of a core", at_most=MAX_PERCENT)]


def _processor_seconds(name: str, pid: int) -> float:
    """User and system time of a member and all that it ever started; the supervisor's children are counted by themselves."""
    process = psutil.Process(pid)
    parts = [process] if name == "supervisor" else [process, *process.children(recursive=True)]
    times = [part.cpu_times() for part in parts]
    ended = 0.0 if name == "supervisor" else sum(one.children_user + one.children_system for one in times)
    return float(sum(one.user + one.system for one in times) + ended)
