"""`python -m tests.bench.peers [--events N]`: stats beside other stream processors of Python that fold the same log on the same broker.

Each is one process and commits every few seconds. Its time is that from the first record to the last commit, and is only shown
when its cells are equal to ours; exit 1 when they are not. A peer that cannot be installed here is left out, and it is said why.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import polars as pl
import uvloop
from rich.console import Console

from services.stats.counting import columnar_fold
from services.stats.counting.block_encoding import NO_CELLS
from shared.delivery import kafka
from shared.delivery.consumer import BULK_RECORDS
from shared.settings import Settings
from tests.bench import counting, ledger
from tests.bench.figures import Figure, percentile, show
from tests.bench.peer_fold import CELLS, Task
from tests.bench.place import ROOT, Place, Report, place

EVENTS, EVENTS_AT_LEAST = 200_000, 2 * BULK_RECORDS
BATCH = 50_000  # of the log, folded at a time for the cells that everybody has to come to
PEER_SECONDS = 1800.0
VENVS = ROOT / "build" / "peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """`module` of tests.bench runs in an environment of its own, with `packages` and nothing of ours."""

    name: str
    module: str
    packages: tuple[str, ...]
    guarantee: str


PEERS = (
    Peer(
        "Quix Streams 3.28.1",
        "peer_quix",
        ("quixstreams==3.28.1", "confluent-kafka==2.12.2"),
        "exactly once: offsets and changelog of the cells in one Kafka transaction, cells in RocksDB",
    ),
    Peer(
        "Bytewax 0.21.1",
        "peer_bytewax",
        ("bytewax[kafka]==0.21.1", "confluent-kafka==2.12.2", "orjson"),
        "state exactly once: offsets and cells in one snapshot per epoch (SQLite), all cells in memory; what it puts out, at least once",
    ),
)

OURS = """\
Laowu, live: exactly once: offsets and cells in one PostgreSQL transaction per batch. Laowu, rebuild: one process.
Only Laowu also holds every record against its contract and the log against its numbers.
One process each (Laowu has its database beside it), timed from the first record (live: the first commit) to the last commit."""


class NotInstalled(Exception):
    """Why pip could not."""


class NotFolded(Exception):
    """A peer that failed, or came to other cells."""


# --- peers ------------------------------------------------------------------------------------------------------------
def install(peer: Peer) -> Path:
    """The Python that has the peer's packages; kept for the next run. Raises NotInstalled."""
    folder, wanted = VENVS / peer.module, "\n".join(peer.packages)
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        # Wheels only: what would have to be compiled here is told as missing in one line.
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", *peer.packages]
        pip = subprocess.run(command, capture_output=True, text=True, check=False)
        if pip.returncode:
            errors = [line for line in pip.stderr.splitlines() if line.startswith("ERROR: ")]
            raise NotInstalled(errors[-1].removeprefix("ERROR: ") if errors else pip.stderr)
        stamp.write_text(wanted)
    return python


async def _fold(peer: Peer, python: Path, task: Task, expected: pl.DataFrame) -> float:
    """Records per second. Raises NotFolded."""
    process = await asyncio.create_subprocess_exec(
        str(python),
        "-m",
        f"tests.bench.{peer.module}",
        json.dumps(asdict(task)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complaints = await asyncio.wait_for(process.communicate(), PEER_SECONDS)
    except TimeoutError:
        raise NotFolded(f"{peer.name} took more than {PEER_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotFolded(f"{peer.name} failed:\n{complaints.decode()[-2000:]}")
    theirs = pl.read_csv(f"{task.folder}/{CELLS}", separator="\t", has_header=False, schema=NO_CELLS.schema, quote_char=None)
    taken_off = theirs.with_columns(pl.col("currency").fill_null(""), -pl.col("value"))
    if differ := columnar_fold.sum_frames([expected, taken_off]).height:
        raise NotFolded(f"{peer.name} came to other values in {differ:,} cells")
    return task.records / float(said.split()[-1])


def _cells(settings: Settings, events: int) -> pl.DataFrame:
    """What the log comes to, by our fold from the records themselves."""
    records = ledger.records(events, settings.topic_partitions)
    frames = []
    while batch := [value for *_, value in islice(records, BATCH)]:
        frames.append(columnar_fold.fold_frame(batch))
    return columnar_fold.sum_frames(frames)


# --- comparison -------------------------------------------------------------------------------------------------------
async def _compare(here: Place, installed: dict[Peer, Path], say: Report) -> tuple[list[Figure], list[str]]:
    """The figures, and what went wrong."""
    events, settings = here.events, here.settings("peers.")
    wrong: list[str] = []
    say(f"{events:,} events are written")
    await ledger.write(settings, events)
    await kafka.create_topics(settings, counting.SOURCES)
    ends = await counting._ends(settings)
    raw = [await counting._read(settings, ends)]
    url = await here.database("peers", "stats")
    say("Laowu counts live")
    rates = {"Laowu, live": await counting._live(here, settings, url, ends)}
    raw.append(await counting._read(settings, ends))
    say("Laowu rebuilds")
    rates["Laowu, rebuild"] = (await counting._rebuild(settings, url, 1)).rate
    expected = _cells(settings, events)
    topics = [kafka.topic_name(settings, topic) for topic in counting.TOPICS]
    for peer, python in installed.items():
        raw.append(await counting._read(settings, ends))
        say(f"{peer.name} folds")
        try:
            task = Task(here.kafka, topics, events, tempfile.mkdtemp(dir=here.folder))
            rates[peer.name] = await _fold(peer, python, task, expected)
        except NotFolded as why:
            wrong.append(str(why))
    raw.append(await counting._read(settings, ends))
    base = percentile(raw, 0.5)
    return [
        Figure("cells, equal in each peer shown", expected.height, "cells"),
        Figure("raw aiokafka, reading the same log", base, "events/s", samples=tuple(raw)),
        *(Figure(f"{name} / raw aiokafka", rate / base, "ratio") for name, rate in rates.items()),
        *(Figure(name, rate, "events/s") for name, rate in rates.items()),
    ], wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers")
    parser.add_argument("--events", type=int, default=EVENTS, help="in the log (default %(default)s)")
    given = parser.parse_args()
    if given.events < EVENTS_AT_LEAST:
        parser.error(f"at least {EVENTS_AT_LEAST:,} events: stats counts up to {BULK_RECORDS:,} in one batch, and its first is not timed")
    console, began = Console(), time.monotonic()
    installed: dict[Peer, Path] = {}
    left_out: list[str] = []
    with console.status("Peers are installed") as status:
        for peer in PEERS:
            try:
                installed[peer] = install(peer)
            except NotInstalled as why:
                left_out.append(f"{peer.name} is left out: {why}")
        status.update("Kafka and PostgreSQL are starting")
        with place(given.events) as here:
            figures, wrong = uvloop.run(_compare(here, installed, status.update))
    show(figures, f"{given.events:,} events, in one run of {time.monotonic() - began:.0f} s on {os.cpu_count()} cores", console)
    lines = [OURS, *(f"{peer.name}: {peer.guarantee}." for peer in installed), *left_out]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    for line in wrong:
        console.print(f"wrong: {line}", style="bold red", markup=False, highlight=False, soft_wrap=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
