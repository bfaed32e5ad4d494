"""`python -m services.stats.replay [--accept] [--processes N]`: rebuild the cells, with the environment of the service.

Exit code 0: swapped in; 1: cells differ and are named; 2: the rebuild failed, and the next one resumes where it stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import uvloop

from services.stats.domain.errors import AbsurdDay
from services.stats.replay.audit import cell_name
from services.stats.replay.log_shards import ReaderLost
from services.stats.replay.rebuild import Overtaken, rebuild
from shared import db
from shared.delivery import event_log, kafka
from shared.events import Undecodable
from shared.settings import Settings

FAILURES = (kafka.Unavailable, db.Unavailable, event_log.Truncated, ReaderLost, Overtaken, AbsurdDay, Undecodable)


async def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.stats.replay")
    parser.add_argument("--accept", action="store_true", help="swap in cells that differ")
    parser.add_argument("--processes", type=int, choices=range(1, 65), metavar="N", default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    settings = Settings()
    try:
        database = await db.open_database("stats", settings.database_url.get_secret_value(), size=3)
        try:
            result = await rebuild(settings, database, accept=options.accept, processes=options.processes, progress=_show_progress)
        finally:
            await db.close_database(database)
    except FAILURES as error:
        sys.stdout.write(f"rebuild: {error}\n")
        return 2
    sys.stdout.write(f"{result.events} events; {'swapped' if result.swapped else 'not swapped'}; {len(result.differing)} cells differ\n")
    for cell, live, rebuilt in result.differing:
        sys.stdout.write(f"differs: {cell_name(cell)}: live {live}, rebuilt {rebuilt}\n")
    return 0 if result.swapped else 1


def _show_progress(done: int, total: int) -> None:
    sys.stderr.write(f"{done:,} of {total:,} records\n")


if __name__ == "__main__":
    sys.exit(uvloop.run(run(sys.argv[1:])))
