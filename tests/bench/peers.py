"""`python -m tests.bench.peers [--events N]`: stats against other Python stream processors that fold the same log on the same broker.

Each is one process and commits every few seconds. It is timed from the first record to the last commit, and its time is shown
only when its cells are equal to ours; exit code 1 when they are not. A peer that cannot be installed is left out, with the reason.
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
from tests.bench import counting, programme_log
from tests.bench.environment import ROOT, BenchEnvironment, ReportStep, start_environment
from tests.bench.figures import Figure, percentile, show
from tests.bench.peer_fold import CELLS, Task

EVENTS, EVENTS_AT_LEAST = 200_000, 2 * BULK_RECORDS
BATCH = 50_000  # records folded at a time for the expected cells
PEER_SECONDS = 1800.0
VENVS = ROOT / "build" / "peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """`module` of tests.bench runs in a virtual environment with `packages` and none of ours."""

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
    """pip could not install the peer; the message is its error."""


class NotFolded(Exception):
    """A peer failed, or its cells differ from ours."""


# --- peers ------------------------------------------------------------------------------------------------------------
def install(peer: Peer) -> Path:
    """The path of a Python with the peer's packages; the environment is reused by later runs. Raises NotInstalled."""
    folder, wanted = VENVS / peer.module, "\n".join(peer.packages)
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        # Wheels only: a package that would need a compiler fails with one line.
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
        output, errors = await asyncio.wait_for(process.communicate(), PEER_SECONDS)
    except TimeoutError:
        raise NotFolded(f"{peer.name} took more than {PEER_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotFolded(f"{peer.name} failed:\n{errors.decode()[-2000:]}")
    cells = pl.read_csv(f"{task.folder}/{CELLS}", separator="\t", has_header=False, schema=NO_CELLS.schema, quote_char=None)
    subtracted = cells.with_columns(pl.col("currency").fill_null(""), -pl.col("value"))
    if differ := columnar_fold.sum_frames([expected, subtracted]).height:
        raise NotFolded(f"{peer.name} differs in {differ:,} cells")
    return task.records / float(output.split()[-1])


def _cells(settings: Settings, events: int) -> pl.DataFrame:
    """The expected cells, by our fold from the records themselves."""
    records = programme_log.records(events, settings.topic_partitions)
    frames = []
    while batch := [value for *_, value in islice(records, BATCH)]:
        frames.append(columnar_fold.fold_frame(batch))
    return columnar_fold.sum_frames(frames)


# --- comparison -------------------------------------------------------------------------------------------------------
async def _compare(environment: BenchEnvironment, installed: dict[Peer, Path], report: ReportStep) -> tuple[list[Figure], list[str]]:
    """The figures, and the errors of peers."""
    events, settings = environment.events, environment.settings("peers.")
    errors: list[str] = []
    report(f"{events:,} events are written")
    await programme_log.write(settings, events)
    await kafka.create_topics(settings, counting.SOURCES)
    ends = await counting.log_ends(settings)
    raw = [await counting.read_raw(settings, ends)]
    url = await environment.database("peers", "stats")
    report("Laowu: live counting")
    rates = {"Laowu, live": await counting.count_live(environment, settings, url, ends)}
    raw.append(await counting.read_raw(settings, ends))
    report("Laowu: rebuild")
    rates["Laowu, rebuild"] = (await counting.rebuild(settings, url, 1)).rate
    expected = _cells(settings, events)
    topics = [kafka.topic_name(settings, topic) for topic in counting.TOPICS]
    for peer, python in installed.items():
        raw.append(await counting.read_raw(settings, ends))
        report(f"{peer.name} folds")
        try:
            task = Task(environment.kafka, topics, events, tempfile.mkdtemp(dir=environment.folder))
            rates[peer.name] = await _fold(peer, python, task, expected)
        except NotFolded as error:
            errors.append(str(error))
    raw.append(await counting.read_raw(settings, ends))
    base = percentile(raw, 0.5)
    return [
        Figure(name="cells, equal in each peer shown", value=expected.height, unit="cells"),
        Figure(name="raw aiokafka, reading the same log", value=base, unit="events/s", samples=tuple(raw)),
        *(Figure(name=f"{name} / raw aiokafka", value=rate / base, unit="ratio") for name, rate in rates.items()),
        *(Figure(name=name, value=rate, unit="events/s") for name, rate in rates.items()),
    ], errors


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers")
    parser.add_argument("--events", type=int, default=EVENTS, help="in the log (default %(default)s)")
    options = parser.parse_args()
    if options.events < EVENTS_AT_LEAST:
        parser.error(f"at least {EVENTS_AT_LEAST:,} events: stats counts up to {BULK_RECORDS:,} in one batch, and its first is not timed")
    console, began = Console(), time.monotonic()
    installed: dict[Peer, Path] = {}
    left_out: list[str] = []
    with console.status("Peers are installed") as status:
        for peer in PEERS:
            try:
                installed[peer] = install(peer)
            except NotInstalled as error:
                left_out.append(f"{peer.name} is left out: {error}")
        status.update("Kafka and PostgreSQL are starting")
        with start_environment(options.events) as environment:
            figures, errors = uvloop.run(_compare(environment, installed, status.update))
    show(figures, f"{options.events:,} events, in one run of {time.monotonic() - began:.0f} s on {os.cpu_count()} cores", console)
    lines = [OURS, *(f"{peer.name}: {peer.guarantee}." for peer in installed), *left_out]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    for line in errors:
        console.print(f"error: {line}", style="bold red", markup=False, highlight=False, soft_wrap=True)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
