"""`python -m tests.bench.peers [--events N]`: stats against other stream processors that fold the same log on the same broker.

Each is one process with one thread that folds (Flink has one per task) and commits every few seconds. It is timed from the first record
to the last commit, and is shown only when its cells are equal to ours; exit code 1 when they are not. A peer that cannot be installed is
left out, with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import islice
from pathlib import Path

import polars as pl
import uvloop
from rich import box
from rich.console import Console
from rich.table import Table

from console.commands.flink_job import CELLS as FLINK_CELLS
from console.local import kafka as kafka_local
from services.stats.counting import columnar_fold
from services.stats.counting.block_encoding import CELL_TYPES
from shared.delivery import kafka
from shared.delivery.consumer import BULK_RECORDS
from shared.settings import Settings
from tests.bench import counting, flink, programme_log
from tests.bench.environment import ROOT, BenchEnvironment, ReportStep, start_environment
from tests.bench.figures import percentile
from tests.bench.latency import resident_megabytes
from tests.bench.peer_fold import CELLS, Task
from tests.bench.peer_install import NotInstalled, compile_java, jars_of, python_with

EVENTS, EVENTS_AT_LEAST = 1_000_000, 2 * BULK_RECORDS
BATCH = 50_000  # records folded at a time for the expected cells
PEER_SECONDS = 1800.0
JACKSON = ("com.fasterxml.jackson.core", "jackson-databind", "2.21.7")


@dataclass(frozen=True, slots=True)
class Peer:
    """`install` gives the command of its process, which takes the task as its last argument. It may raise NotInstalled."""

    name: str
    guarantee: str
    install: Callable[[], list[str]]
    threads: int = 1  # that fold; clients, compilers and collectors have more of their own


@dataclass(frozen=True, slots=True)
class Row:
    """Records per second, and the peak memory of the process; None: not measured."""

    name: str
    guarantee: str
    rate: float
    megabytes: float | None = None
    threads: int = 1


def _python(module: str, *packages: str) -> list[str]:
    return [str(python_with(module, packages)), "-m", f"tests.bench.{module}"]


def _kafka_streams() -> list[str]:
    jars = jars_of(f"kafka-streams-{kafka_local.VERSION}", [("org.apache.kafka", "kafka-streams", kafka_local.VERSION), JACKSON])
    classes = compile_java(Path(__file__).with_name("PeerStreams.java"), jars)
    path = os.pathsep.join((str(classes), f"{jars}/*"))
    return [str(kafka_local.find_java()), "-Xmx2g", "--enable-native-access=ALL-UNNAMED", "-cp", path, classes.name]


def _flink() -> list[str]:
    flink.fetch_jars()
    return [sys.executable, "-m", "tests.bench.peer_flink"]


PEERS = (
    Peer(
        f"Kafka Streams {kafka_local.VERSION}",
        "exactly_once_v2: offsets and the cells' changelog in one Kafka transaction; cells in RocksDB behind a cache",
        _kafka_streams,
    ),
    Peer(
        f"Flink SQL {flink.VERSION}",
        "exactly once: offsets and cells in a checkpoint, the cells that changed in a Kafka transaction; cells on the heap",
        _flink,
        threads=8,  # parallelism 1: one thread for each of its tasks
    ),
    Peer(
        "Quix Streams 3.28.1",
        "exactly once: offsets and the cells' changelog in one Kafka transaction; cells in RocksDB",
        lambda: _python("peer_quix", "quixstreams==3.28.1", "confluent-kafka==2.12.2"),
    ),
    Peer(
        "Bytewax 0.21.1",
        "state exactly once: offsets and cells in one snapshot (SQLite); what is put out, at least once; cells on the heap",
        lambda: _python("peer_bytewax", "bytewax[kafka]==0.21.1", "confluent-kafka==2.12.2", "orjson"),
    ),
)
LIVE = "exactly once: offsets and cells in one PostgreSQL transaction per batch"
REBUILD = "exactly once: marks and cells in one PostgreSQL transaction per batch, swapped in when compared"


class NotFolded(Exception):
    """A peer failed, or its cells differ from ours."""


async def _fold(peer: Peer, command: Sequence[str], task: Task, expected: pl.DataFrame) -> Row:
    """Raises NotFolded."""
    process = await asyncio.create_subprocess_exec(
        *command, json.dumps(asdict(task)), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
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
    cells = pl.read_csv(f"{task.folder}/{CELLS}", separator="\t", has_header=False, schema=CELL_TYPES, quote_char=None)
    subtracted = cells.with_columns(pl.col("currency").fill_null(""), -pl.col("value"))
    if differ := columnar_fold.sum_frames([expected, subtracted]).height:
        raise NotFolded(f"{peer.name} differs in {differ:,} cells")
    seconds, megabytes = map(float, output.split()[-2:])
    return Row(peer.name, peer.guarantee, task.records / seconds, megabytes, peer.threads)


def _cells(settings: Settings, events: int) -> pl.DataFrame:
    """The expected cells, by our fold from the records themselves."""
    records = programme_log.records(events, settings.topic_partitions)
    frames = []
    while batch := [value for *_, value in islice(records, BATCH)]:
        frames.append(columnar_fold.fold_frame(batch))
    return columnar_fold.sum_frames(frames)


# --- comparison -------------------------------------------------------------------------------------------------------
async def _compare(
    environment: BenchEnvironment, installed: dict[Peer, list[str]], report: ReportStep
) -> tuple[list[Row], list[str], list[str]]:
    """Rows, notes under them, and the errors of peers."""
    events, settings = environment.events, environment.settings("peers.")
    errors: list[str] = []
    report(f"{events:,} events are written")
    await programme_log.write(settings, events)
    await kafka.create_topics(settings, (*counting.SOURCES, FLINK_CELLS))
    ends = await counting.log_ends(settings)
    raw = [await counting.read_raw(settings, ends)]
    url = await environment.database("peers", "stats")
    report("Laowu: live counting")
    live = await counting.count_live(environment, settings, url, ends)
    raw.append(await counting.read_raw(settings, ends))
    report("Laowu: rebuild")
    rebuilt = await counting.rebuild(settings, url, 1)
    rows = [Row("Laowu, live", LIVE, *astuple(live)), Row("Laowu, rebuild", REBUILD, events / rebuilt.seconds, rebuilt.megabytes)]
    database = resident_megabytes(environment.pids["PostgreSQL"])
    expected = _cells(settings, events)
    topics = [kafka.topic_name(settings, topic) for topic in counting.TOPICS]
    for peer, command in installed.items():
        raw.append(await counting.read_raw(settings, ends))
        report(f"{peer.name} folds")
        try:
            task = Task(environment.kafka, topics, events, tempfile.mkdtemp(dir=environment.folder))
            rows.append(await _fold(peer, command, task, expected))
        except NotFolded as error:
            errors.append(str(error))
    raw.append(await counting.read_raw(settings, ends))
    notes = [
        f"{expected.height:,} cells, equal in each row. Laowu's PostgreSQL has {database:,.0f} MB beside it, and every row has Kafka.",
        f"Laowu, rebuild: {rebuilt.rate:,.0f} events/s until it has read the log; then it compares every cell with the live ones.",
    ]
    return [Row("raw aiokafka", "reads the same log and does nothing with it", percentile(raw, 0.5)), *rows], notes, errors


def _table(rows: Sequence[Row], title: str) -> Table:
    """As Markdown. Rates are also given as ratios to the first row's."""
    table = Table(title=title, box=box.MARKDOWN)
    for column in ("", "guarantee"):
        table.add_column(column, overflow="fold")
    for column in ("folding threads", "peak memory, MB", "events/s", "/ raw"):
        table.add_column(column, justify="right")
    raw = rows[0].rate
    for row in rows:
        memory = "" if row.megabytes is None else f"{row.megabytes:,.0f}"
        table.add_row(row.name, row.guarantee, str(row.threads), memory, f"{row.rate:,.0f}", f"{row.rate / raw:.3f}")
    return table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers")
    parser.add_argument("--events", type=int, default=EVENTS, help="in the log (default %(default)s)")
    options = parser.parse_args()
    if options.events < EVENTS_AT_LEAST:
        parser.error(f"at least {EVENTS_AT_LEAST:,} events: stats counts up to {BULK_RECORDS:,} in one batch, and its first is not timed")
    os.environ["POLARS_MAX_THREADS"] = "1"  # of our service, as of the peers
    console, began = Console(), time.monotonic()
    installed: dict[Peer, list[str]] = {}
    left_out: list[str] = []
    with console.status("Peers are installed") as status:
        for peer in PEERS:
            try:
                installed[peer] = peer.install()
            except NotInstalled as error:
                left_out.append(f"{peer.name} is left out: {error}")
        status.update("Kafka and PostgreSQL are starting")
        with start_environment(options.events) as environment:
            rows, notes, errors = uvloop.run(_compare(environment, installed, status.update))
    title = f"{options.events:,} events, in one run of {time.monotonic() - began:.0f} s on {os.cpu_count()} cores"
    console.print(_table(rows, title))
    console.print("\n".join((*notes, *left_out)), markup=False, highlight=False, soft_wrap=True)
    for line in errors:
        console.print(f"error: {line}", style="bold red", markup=False, highlight=False, soft_wrap=True)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
