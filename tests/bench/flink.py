"""`python -m tests.bench.flink [--events N]`: the job that `laowu flink-sql` prints, on Flink in one process, against our own cells.

Its log is the bench's programme and, after it, events of every kind that is counted, some of them sent twice and some taken back: so
every row of the table of measures is compared. Exit code 1 where a cell differs. Flink's jars are kept beside Kafka's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import polars as pl
import uvloop
from aiokafka import AIOKafkaConsumer
from rich.console import Console

from console.commands.flink_job import CELLS, Job, compile_job
from console.local import kafka as kafka_local
from services.stats.counting import columnar_fold
from services.stats.counting.block_encoding import CELL_TYPES, frame_from_cells
from services.stats.counting.cuts import CUTS
from services.stats.counting.measures import MEASURES
from services.stats.counting.reference_fold import fold_all
from shared.delivery import event_log, kafka
from shared.events import EventEnvelope, decode, encode
from shared.events.voided import EVENTS as VOIDS
from shared.settings import Settings
from shared.values import new_id
from tests.bench import counting, programme_log
from tests.bench.environment import BenchEnvironment, ReportStep, start_environment
from tests.bench.figures import Figure, show
from tests.bench.peer_install import jars_of
from tests.support.history import KINDS, Step, happen
from tests.support.stats import COUNTIES
from tests.support.world import Log, World

EVENTS, STEPS, BATCH = 200_000, 4_000, 50_000
TAKEN_BACK, SENT_TWICE = 20, 10  # one of so many
UNCOUNTABLE = {"absurd", "garbage"}  # the job ends at them, as it says
VERSION, CONNECTOR = "2.3.0", "5.0.0-2.2"
# All that belongs to Flink is named, since dependencies of dependencies name older versions of it.
MODULES = (
    "sql-client", "sql-gateway", "sql-gateway-api", "python", "clients", "core", "core-api", "annotations", "datastream", "datastream-api",
    "metrics-core", "queryable-state-client-java", "rpc-akka-loader", "rpc-core", "runtime", "streaming-java", "table-api-java",
    "table-common", "table-api-bridge-base", "table-api-java-bridge", "table-planner-loader", "table-runtime", "json", "csv",
    "connector-files", "file-sink-common", "connector-base", "hadoop-fs", "cep",
)  # fmt: skip
OPENED = ("lang", "lang.reflect", "net", "nio", "time", "util", "util.concurrent")  # packages of Java that Flink reaches into
TAKEN_FROM_KAFKA = ("zstd-jni-", "log4j-")  # our records are packed with zstd, and Flink brings no log
HEAP = "-Xmx3g"
CONFIGURATION = """\
execution.target: local
parallelism.default: 1
taskmanager.memory.managed.size: 512m
taskmanager.memory.network.min: 256m
taskmanager.memory.network.max: 256m
"""
LOG = "flink.log"
LOGGING = """\
<Configuration status="WARN">
  <Appenders><File name="file" fileName="{file}"><PatternLayout pattern="%d{{UNIX_MILLIS}} %m%n"/></File></Appenders>
  <Loggers>
    <Logger name="org.apache.flink.runtime.executiongraph" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="file"/></Root>
  </Loggers>
</Configuration>
"""
FLINK_SECONDS = 1800


class FlinkFailed(Exception):
    """Flink ended with an error; the message is the end of what it printed."""


# --- Flink ------------------------------------------------------------------------------------------------------------
def fetch_jars() -> Path:
    """The folder of Flink's jars and of its connector for Kafka, 190 MB, downloaded once. Raises NotInstalled."""
    group = "org.apache.flink"
    modules = [(group, f"flink-{name}", VERSION) for name in MODULES]
    return jars_of(f"flink-{VERSION}", modules, alone=[(group, "flink-sql-connector-kafka", CONNECTOR)])


def run(job: str, jars: Path, folder: Path, more_configuration: str = "") -> float:
    """Seconds that the job took from the first statement to the last commit. Raises FlinkFailed."""
    (folder / "config.yaml").write_text(CONFIGURATION + more_configuration)
    (folder / "log4j2.xml").write_text(LOGGING.format(file=folder / LOG))
    (folder / "job.sql").write_text(job)
    opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in OPENED]
    path = [f"{jars}/*", *(str(jar) for jar in kafka_local.fetch_jars().iterdir() if jar.name.startswith(TAKEN_FROM_KAFKA))]
    logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.xml'}"
    client = [str(kafka_local.find_java()), HEAP, logging, *opened, "-cp", os.pathsep.join(path), "org.apache.flink.table.client.SqlClient"]
    began = time.monotonic()
    ran = subprocess.run(
        [*client, "-f", str(folder / "job.sql"), "-hist", str(folder / "typed")],
        env={**os.environ, "FLINK_CONF_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=FLINK_SECONDS,
        check=False,
    )
    if ran.returncode or "[ERROR]" in ran.stdout:
        raise FlinkFailed(f"{ran.stdout[-3000:]}\n{ran.stderr[-1000:]}")
    return time.monotonic() - began


async def read_cells(bootstrap: str, topic: str) -> pl.DataFrame:
    """What the job has left in its topic: the last value of every key that was committed."""
    found = dict[bytes, bytes | None]()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    await consumer.start()
    try:
        partitions = await event_log.partitions_of(consumer, [topic])
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500, max_records=BATCH)).values():
                found |= {record.key: record.value for record in records}
    finally:
        await consumer.stop()
    rows = [json.loads(value) for value in found.values() if value is not None]
    dated = [{**row, "day": date.fromisoformat(row["day"]), "recorded_on": date.fromisoformat(row["recorded_on"])} for row in rows]
    return pl.DataFrame(dated, schema=CELL_TYPES)


# --- the log ----------------------------------------------------------------------------------------------------------
def every_kind(seed: int) -> Iterator[tuple[str, bytes, bytes]]:
    """Topic, key and value of events of every kind, in order; some twice, and some followed by the event that takes them back."""
    chance = random.Random(seed)
    kinds = [kind for kind in KINDS if kind not in UNCOUNTABLE]
    world = World(log=Log(""))
    for _ in range(STEPS):
        happen(
            world,
            Step(
                kind=chance.choice(kinds),
                pick=chance.randrange(51),
                other=chance.randrange(51),
                day=date(2017, 1, 1) + timedelta(chance.randrange(1095)),
                late=chance.choice((0, 0, 1, 2, 30, 200, 500)),
                county=chance.choice(COUNTIES),
                codes=chance.randrange(401),
            ),
        )
    void_of = {event.TOPIC: event for event in VOIDS}
    for (topic, _), records in world.log.records.items():
        for record in records:
            yield topic, record.key, record.value
            if chance.randrange(SENT_TWICE) == 0:
                yield topic, record.key, record.value
            event = decode(record.value)
            if isinstance(event, EventEnvelope) and chance.randrange(TAKEN_BACK) == 0:
                today = event.time.date()
                void = void_of[topic](aggregate=event.subject, voided=event.id, taken_back=record.value.decode(), effective=today)
                yield topic, record.key, encode(replace(event, id=new_id(), time=event.time + timedelta(days=3), data=void))


def expected(events: int, partitions: int, kinds: Sequence[tuple[str, bytes, bytes]]) -> pl.DataFrame:
    """Our cells: the programme's by the columnar fold, those of every kind by the reference fold, each event once."""
    values = (value for *_, value in programme_log.records(events, partitions))
    frames = []
    while batch := list(islice(values, BATCH)):
        frames.append(columnar_fold.fold_frame(batch))
    once = {event.id: event for event in (decode(value) for *_, value in kinds) if isinstance(event, EventEnvelope)}
    return columnar_fold.sum_frames([*frames, frame_from_cells(fold_all(once.values()))])


async def write(settings: Settings, events: int, kinds: Sequence[tuple[str, bytes, bytes]]) -> None:
    await programme_log.write(settings, events)
    await kafka.create_topics(settings, (*counting.SOURCES, CELLS))
    producer = await kafka.open_producer(settings)
    try:
        for topic, key, value in kinds:
            await producer.send(kafka.topic_name(settings, topic), value, key=key)
        await producer.flush()
    finally:
        await kafka.stop_producer(producer, 30)


# --- comparison -------------------------------------------------------------------------------------------------------
async def compare(environment: BenchEnvironment, jars: Path, seed: int, report: ReportStep) -> tuple[list[Figure], pl.DataFrame]:
    """The figures, and the cells that differ: `value` is ours less Flink's."""
    settings, events, kinds = environment.settings("flink."), environment.events, list(every_kind(seed))
    report(f"{events + len(kinds):,} records are written")
    await write(settings, events, kinds)
    ours = expected(events, settings.topic_partitions, kinds)
    report("Flink runs the job")
    job = compile_job(Job(settings.kafka_bootstrap_servers, settings.topic_prefix, bounded=True))
    seconds = run(job, jars, environment.folder)
    theirs = await read_cells(settings.kafka_bootstrap_servers, kafka.topic_name(settings, CELLS))
    differing = columnar_fold.sum_frames([ours, theirs.with_columns(-pl.col("value"))])
    return [
        Figure(name="records in the log", value=events + len(kinds), unit="records"),
        Figure(
            name="measures with a cell, of those in the table", value=ours["measure"].n_unique() / len(MEASURES), unit="ratio", at_least=1.0
        ),
        Figure(name="cuts with a cell, of those in the table", value=ours["cut"].n_unique() / len(CUTS), unit="ratio", at_least=1.0),
        Figure(name="our cells", value=ours.height, unit="cells"),
        Figure(name="Flink's cells", value=theirs.height, unit="cells"),
        Figure(name="cells that differ", value=differing.height, unit="cells", at_most=0),
        Figure(name="Flink, one process, from its start to the last cell", value=seconds, unit="s"),
    ], differing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.flink")
    parser.add_argument(
        "--events", type=int, default=EVENTS, help="of the bench's programme, before those of every kind (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    console, began = Console(), time.monotonic()
    with console.status("Flink's jars are fetched") as status:
        jars = fetch_jars()
        status.update("Kafka and PostgreSQL are starting")
        with start_environment(options.events) as environment:
            figures, differing = uvloop.run(compare(environment, jars, options.seed, status.update))
    show(
        figures, f"Flink {VERSION}, seed {options.seed}, in one run of {time.monotonic() - began:.0f} s on {os.cpu_count()} cores", console
    )
    if differing.height:
        print(differing.sort("measure", "cut").head(20))  # noqa: T201
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
