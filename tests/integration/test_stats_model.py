"""Random histories against a recount: whatever happens in between, every cell is what the log says, as known at every day.

A small world (tests/support/world.py) publishes a random history (tests/support/history.py), which inbox.take takes in batches of
any size from any partition, with repeats, crashes before commit, records that a build rejects and that are redriven later,
rebuilds, and periods closed and reopened in between. After every turn the stored cells must be those of the oracle
(tests/support/oracle.py), which shares no code with the folds. Hypothesis shortens a history that fails and prints it.
"""

from __future__ import annotations

import contextlib
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zlib import crc32

import pytest
from aiokafka import AIOKafkaProducer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.stats import consumers
from services.stats.commands import ClosePeriod, ReopenPeriod
from services.stats.domain.questions import Question
from services.stats.figures import query
from services.stats.figures.freshness import SOURCES
from services.stats.periods import closing
from services.stats.queries import generations, period_closes, restatements
from services.stats.replay import audit, rebuild
from services.stats.usecases import redrives
from shared.db import Cause, Database, Tx, Unavailable, close_database
from shared.delivery import dead_letters, inbox, redriving
from shared.delivery import kafka as topics
from shared.delivery.consumer import Reject
from shared.delivery.positions import positions
from shared.delivery.redriving import Redriving
from shared.events import Event, EventEnvelope, FigureRestated
from shared.paging import Page
from shared.principals import NATION, Principal, Role
from shared.settings import Settings
from shared.values import Clock
from tests.conftest import MakeDatabase
from tests.support import delivery, oracle
from tests.support.history import Step, happen, steps
from tests.support.oracle import NamedCell, known_at, recount, summed, with_names
from tests.support.world import Log, World

AFTER = datetime(2031, 1, 1, 4, tzinfo=UTC)
PERIODS = ("2017", "2018", "2019", "2018-05", "2017-12", "2019-01")
# Of what is counted by county; money is summed by currency in tests/unit/test_stats_properties.py.
ADDITIVE = (
    "registrations",
    "verified",
    "certified",
    "matched",
    "willing",
    "dispatches",
    "persons",
    "returns",
    "income_months",
    "shortfalls_found",
    "cases_opened",
    "cases_overdue",
    "first_incomes",
    "recruitment_cost",
    "survey_respondents",
    "surveyed_counties",
    "outreach_reached",
    "outreach_converted",
)
BY_PROVINCE = (1, 7)  # every measure that has provinces is in one of these cuts
PeriodSums = dict[tuple[str, str, str], int]  # (measure, currency, province) -> value


@dataclass(frozen=True, slots=True)
class Turn:
    """Steps happen, perhaps a partition's end is sent again (a repeat in twenty), then something is done with the service."""

    steps: Sequence[Step]
    repeat: int
    act: str
    seed: int


ACTS = ("take", "take", "take", "crash", "kill", "misunderstand", "decide", "decide", "close", "reopen", "rebuild")
REDRIVING = Redriving(
    consumers.apply, simulated=False, published_figures=redrives.published_figures, publish_redriven=redrives.publish_redriven
)
turns = st.builds(
    Turn, steps=st.lists(steps, min_size=1, max_size=12), repeat=st.integers(0, 19), act=st.sampled_from(ACTS), seed=st.integers(0, 2**16)
)
scripts = st.lists(turns, min_size=4, max_size=16)


@dataclass(slots=True, kw_only=True)
class Machine:
    """The service's database beside the world; `frozen`: what the oracle counted in a period when it was closed."""

    database: Database
    config: Settings
    world: World
    written: Counter[tuple[str, int]] = field(default_factory=Counter)  # records of each partition that Kafka has
    frozen: dict[str, PeriodSums] = field(default_factory=dict)
    misunderstood: set[str] = field(default_factory=set)  # subjects of which good events may be parked

    async def taken(self) -> list[dict[str, Any]]:
        """The events before the service's positions, without the uncounted ones; only misunderstood events may be among these."""
        async with self.database.connection() as conn:
            reached = {tuple(partition): position.next_offset for partition, position in (await positions(conn)).items()}
            uncounted = await generations.list_uncounted(conn)
        found = []
        for record, event in self.world.counted.items():
            if record in uncounted:
                assert event["subject"] in self.misunderstood, f"{event['type']} of {event['subject']} was parked"
            elif record[2] < reached.get(record[:2], 0):
                found.append(event)
        return found

    async def cells(self) -> dict[NamedCell, int]:
        """The stored cells by name. Raises KeyError for a measure that the oracle does not know."""
        async with self.database.connection() as conn:
            stored = await generations.list_cells(conn)
        return with_names(stored)


# --- actions ----------------------------------------------------------------------------------------------------------
async def next_records(machine: Machine, rng: random.Random, *, all_of_them: bool = False) -> list[Any]:
    """Some records that were not taken yet, of any partition, in order within each; sometimes from a little before."""
    async with machine.database.connection() as conn:
        reached = await positions(conn)
    lanes = []
    for topic_partition, lane in sorted(machine.world.log.records.items()):
        at = reached[topic_partition].next_offset if topic_partition in reached else 0
        upto = len(lane) if all_of_them else rng.randint(at, len(lane))
        if upto > at:
            lanes.append(lane[max(at - rng.choice((0, 0, 2)), 0) : upto])
    batch = []
    while lanes:
        lane = rng.choice(lanes)
        batch.append(lane.pop(0))
        lanes = [rest for rest in lanes if rest]
    return batch


async def take(machine: Machine, records: Sequence[Any], apply: inbox.Apply = consumers.apply) -> None:
    if records:
        await delivery.take(machine.database, records, apply, topic_prefix=machine.config.topic_prefix, max_diverted=10_000)


async def _crashes(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
    await consumers.apply(tx, events)
    raise Unavailable("the process ends here")


async def _is_killed(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
    await consumers.apply(tx, events)
    await tx.conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def misunderstand(machine: Machine, records: Sequence[Any], seed: int) -> None:
    """Taken by a build that rejects every fourth subject."""

    async def apply(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
        for event in events:
            if crc32(f"{event.subject} {seed}".encode()) % 4 == 0 and event.subject.encode() not in machine.world.uncountable:
                machine.misunderstood.add(event.subject)
                raise Reject("not_understood", "by this build")
        await consumers.apply(tx, events)

    await take(machine, records, apply)


async def decide(machine: Machine, rng: random.Random) -> bool:
    """Redrive a parked subject that is good, discard a record that is not. Returns whether there was any."""
    async with machine.database.transaction(cause("operator")) as tx:
        parked = (await dead_letters.list_(tx, Page(path="", limit=10_000), state="parked", subject=None)).items
        if parked:
            subject = rng.choice(parked).subject
            first = next(dead_letter for dead_letter in parked if dead_letter.subject == subject)
            if subject in machine.misunderstood:
                assert (await redriving.redrive(tx, REDRIVING, [first.id])).left == 0
            else:
                await redriving.discard(tx, [first.id], "it can be counted nowhere")
    return bool(parked)


def cause(name: str) -> Cause:
    return Cause(principal=Principal(name, Role.OFFICER, (NATION,)), clock=Clock(AFTER))


async def close(machine: Machine, period: str) -> None:
    if period not in machine.frozen:
        async with machine.database.transaction(cause("closer")) as tx:
            await closing.close_period(tx, ClosePeriod(period=period))
        machine.frozen[period] = within(recount(await machine.taken()), period)


async def reopen(machine: Machine, period: str) -> None:
    if period in machine.frozen:
        async with machine.database.transaction(cause("approver")) as tx:
            await closing.reopen_period(tx, ReopenPeriod(period=period, reason="late_reports", explanation="late returns"))
        del machine.frozen[period]


async def rebuilt(machine: Machine) -> None:
    await write_to_kafka(machine)
    found = await rebuild.rebuild(machine.config, machine.database)
    assert (found.swapped, found.differing) == (True, [])


async def write_to_kafka(machine: Machine) -> None:
    """Bring the log in Kafka up to the machine's log."""
    producer = AIOKafkaProducer(bootstrap_servers=machine.config.kafka_bootstrap_servers, acks="all")
    if not machine.written:
        await topics.create_topics(machine.config, SOURCES)
    await producer.start()
    try:
        for topic_partition, lane in machine.world.log.records.items():
            for record in lane[machine.written[topic_partition] :]:
                await producer.send(record.topic, record.value, key=record.key, partition=record.partition, headers=list(record.headers))
            machine.written[topic_partition] = len(lane)
    finally:
        await producer.stop()


async def act(machine: Machine, turn: Turn) -> None:
    rng = random.Random(turn.seed)
    if turn.act == "close":
        await close(machine, rng.choice(PERIODS))
    elif turn.act == "reopen":
        await reopen(machine, rng.choice(PERIODS))
    elif turn.act == "rebuild":
        await rebuilt(machine)
    elif turn.act == "decide":
        await decide(machine, rng)
    elif turn.act == "misunderstand":
        await misunderstand(machine, await next_records(machine, rng), turn.seed)
    else:
        records = await next_records(machine, rng)
        if turn.act == "take" or not records:
            await take(machine, records)
        else:
            with contextlib.suppress(Unavailable):  # unless there was nothing in the batch to apply
                await take(machine, records, _crashes if turn.act == "crash" else _is_killed)


# --- invariants -------------------------------------------------------------------------------------------------------
async def check_invariants(machine: Machine, rng: random.Random) -> None:
    cells = recount(await machine.taken())
    assert await machine.cells() == cells
    await check_as_known(machine, cells, rng)
    await check_restatements(machine, cells)
    persons, departures = (summed(cells, measure, 1, lambda cell: cell[2:5]) for measure in ("persons", "dispatches"))
    assert all(count <= departures.get(key, 0) for key, count in persons.items())


async def check_as_known(machine: Machine, cells: dict[NamedCell, int], rng: random.Random) -> None:
    """Figures as known on a day are those of the cells recorded by then: later records do not change them."""
    days = sorted({cell.recorded_on for cell in cells})
    for day in rng.sample(days, min(2, len(days))):
        expected = known_at(cells, day)
        for measure in ("dispatches", "persons", "returns", "income_months"):
            found = await asked(machine, measure, date.fromisoformat(day), "year", "province")
            assert found == summed(expected, measure, 1, lambda cell: (cell.day[:4], _province(cell))), (measure, day)


async def asked(machine: Machine, measure: str, known_on: date | None, *by: Any) -> dict[tuple[str, ...], int]:
    question = Question(measure=measure, start=date(1990, 1, 1), end=date(2035, 12, 31), by=by, known_on=known_on)
    async with machine.database.transaction(cause("reader")) as tx:
        points = await query.answer(tx, question)
    return {tuple(point.of.values()): point.value for point in points if point.value}


async def check_restatements(machine: Machine, cells: dict[NamedCell, int]) -> None:
    """The restatements of a closed period add up to what has changed since, and each begins where the last one ended."""
    for period, before in machine.frozen.items():
        moved: Counter[tuple[str, str, str]] = Counter()
        last: dict[str, int] = {}
        for event in await restatements_of(machine, period):
            scope = event.scope.removeprefix("province:")
            moved[event.measure, event.currency or "", scope] += event.new - event.old
            assert event.old == last.get(event.key, nation(before).get((event.measure, event.currency or "", scope), 0)), event.key
            last[event.key] = event.new
        now = within(cells, period)
        changed = Counter(nation(now))
        changed.subtract(nation(before))
        assert {key: value for key, value in moved.items() if value} == {key: value for key, value in changed.items() if value}


async def restatements_of(machine: Machine, period: str) -> list[FigureRestated]:
    """The restatements of the period's present close."""
    async with machine.database.transaction(cause("reader")) as tx:
        version = await period_closes.get_newest_version(tx, period)
        rows, _ = await restatements.list_(tx, Page(path="", limit=10**6), period, None)
    return [row.event for row in rows if row.version == version]


def within(cells: dict[NamedCell, int], period: str) -> PeriodSums:
    """The sums by measure, currency and province of the cells with a day in the period."""
    total: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for cell, value in cells.items():
        if cell.cut in BY_PROVINCE and cell.day.startswith(period):
            total[cell.measure, cell.currency, _province(cell)] += value
    return dict(total)


def nation(sums: PeriodSums) -> PeriodSums:
    """The same with a line for the nation beside its provinces."""
    total = Counter(sums)
    for (measure, currency, _), value in sums.items():
        total[measure, currency, f"nation:{NATION}"] += value
    return dict(total)


def _province(cell: NamedCell) -> str:
    return "-" if cell.k1 == "-" else cell.k1[:2] + "0000"


async def check_against_world(machine: Machine) -> None:
    """With everything taken, figures equal the state of the world, which is known without any event."""
    world = machine.world
    dispatches, persons, returns = [await asked(machine, measure, None) for measure in ("dispatches", "persons", "returns")]
    departed, back = len(world.real()), sum(voyage.returned is not None for voyage in world.real())
    assert (dispatches.get((), 0), persons.get((), 0), returns.get((), 0)) == (departed, world.person_years(), back)
    for day in (date(2017, 12, 31), date(2018, 7, 1), date(2020, 12, 31)):
        question = Question(measure="stock", start=day, end=day)
        async with machine.database.transaction(cause("reader")) as tx:
            assert sum(point.value for point in await query.answer(tx, question)) == world.abroad_on(day)
    for measure in ADDITIVE:
        by_county, by_province = await asked(machine, measure, None, "county"), await asked(machine, measure, None, "province")
        gathered = Counter[tuple[str, ...]]()
        for (county,), value in by_county.items():
            gathered["-" if county == "-" else oracle.province(county),] += value
        assert {name: value for name, value in gathered.items() if value} == by_province
        assert sum(by_province.values()) == sum((await asked(machine, measure, None)).values())


# --- the test -----------------------------------------------------------------------------------------------------------
@pytest.mark.timeout(900)  # a failure is shortened before it is shown
@given(script=scripts)
@settings(
    max_examples=25, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_whatever_happens_every_cell_is_what_a_recount_gives_as_known_at_every_day(
    script: list[Turn], make_database: MakeDatabase, kafka: str
) -> None:
    prefix = f"t{uuid.uuid4().hex[:12]}."  # a log of its own for every history
    machine = Machine(database=await make_database("stats"), config=delivery.settings(kafka, prefix), world=World(log=Log(prefix)))
    for turn in script:
        for step in turn.steps:
            happen(machine.world, step)
        if turn.repeat == 0 and machine.world.log.records:
            machine.world.log.resend(random.Random(turn.seed).choice(sorted(machine.world.log.records)), 1 + turn.seed % 4)
        await act(machine, turn)
        await check_invariants(machine, random.Random(turn.seed))
    await take(machine, await next_records(machine, random.Random(0), all_of_them=True))
    while await decide(machine, random.Random(0)):
        pass
    await check_invariants(machine, random.Random(1))
    await check_against_world(machine)
    if machine.written:  # a log was made for a rebuild: it can be audited too
        await write_to_kafka(machine)
        async with machine.database.connection() as conn:
            found = await audit.audit(machine.config, conn)
        assert (found.clean, found.events) == (True, len(machine.world.counted))
    await close_database(machine.database)
