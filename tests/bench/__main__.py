"""`python -m tests.bench [PART...] [--events N]`: measures, prints, writes bench.json; exit code 1 when a bound is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import uvloop
from rich.console import Console

from tests.bench import (
    catching_up,
    consuming,
    counting,
    idle,
    importing,
    latency,
    matching,
    public_pages,
    relaying,
    scaling,
    screens,
    writing,
)
from tests.bench.environment import ROOT, BenchEnvironment, ReportStep, start_environment
from tests.bench.figures import Figure, failed, show

Part = Callable[[BenchEnvironment, ReportStep], Awaitable[list[Figure]]]
PARTS: dict[str, Part] = {
    "relay": relaying.measure,
    "consumer": consuming.measure,
    "catch-up": catching_up.measure,
    "http": writing.measure,
    "latency": latency.measure,
    "idle": idle.measure,
    "stats": counting.measure,
    "matching": matching.measure,
    "import": importing.measure,
    "public": public_pages.measure,
    "screens": screens.measure,
    "scale": scaling.measure,
}
ONLY_NAMED = {"idle", "screens", "scale"}  # each takes long
EVENTS = 2_000_000
WORKERS, ORDERS = 20_000, 2000
LIFE_EVENTS = 1_000_000
PEOPLE, PEOPLE_EVENTS = 1_000_000, 5_000_000
RESULT_FILE = ROOT / "bench.json"


async def _measure(environment: BenchEnvironment, parts: list[str], report: ReportStep) -> list[Figure]:
    figures: list[Figure] = []
    for name in parts:
        figures += await PARTS[name](environment, report)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; where none is named all but {', '.join(ONLY_NAMED)}")
    parser.add_argument("--events", type=int, default=EVENTS, help="in the log that stats counts (default %(default)s)")
    parser.add_argument("--workers", type=int, default=WORKERS, help="that are matched to orders at once (default %(default)s)")
    parser.add_argument("--orders", type=int, default=ORDERS, help="that they are matched to (default %(default)s)")
    parser.add_argument("--life-events", type=int, default=LIFE_EVENTS, help="that services catch up on (default %(default)s)")
    parser.add_argument("--people", type=int, default=PEOPLE, help="registered behind the screens (default %(default)s)")
    parser.add_argument("--people-events", type=int, default=PEOPLE_EVENTS, help="counted behind the screens (default %(default)s)")
    options = parser.parse_args()
    parts = options.parts or [name for name in PARTS if name not in ONLY_NAMED]
    if unknown := sorted(set(parts) - PARTS.keys()):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    console, began = Console(), time.monotonic()
    starting = start_environment(
        options.events,
        workers=options.workers,
        orders=options.orders,
        people=options.people,
        people_events=options.people_events,
        life_events=options.life_events,
    )
    with console.status("Kafka and PostgreSQL are starting") as status, starting as environment:
        figures = uvloop.run(_measure(environment, parts, status.update))
    seconds = time.monotonic() - began
    show(figures, f"Measured in one run of {seconds:.0f} s on {os.cpu_count()} cores", console)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "figures": [figure.document() for figure in figures],
    }
    RESULT_FILE.write_text(json.dumps(document, indent=1) + "\n")
    for figure in failed(figures):
        console.print(f"[bold red]missed:[/] {figure.name} is {figure.value:.3g} {figure.unit}, bound {figure.bound}")
    return 1 if failed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
