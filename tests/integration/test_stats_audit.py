"""A log in Kafka is counted by the consumer, audited and rebuilt."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from services.stats import consumers
from services.stats.commands import ClosePeriod, EnterProgramme
from services.stats.counting.measures import MEASURE
from services.stats.figures.freshness import SOURCES
from services.stats.periods import closing
from services.stats.programmes import catalogue
from services.stats.programmes.evaluation import AsOf, evaluate_quotas
from services.stats.queries import applied, blocks, dead_letters, generations
from services.stats.replay import audit, rebuild
from services.stats.usecases.programmes import enter_programme
from shared.db import Database
from shared.delivery import kafka as topics
from shared.delivery.event_log import Truncated
from shared.events import DOCKING, RIGHTS, Event, ProjectionRebuilt, encode
from shared.settings import Settings
from tests.support.delivery import Raw, caught_up, consuming, write
from tests.support.stats import POOR_WEST, came_back, cause, corrected, departure, dispatched, income, outbox_of, paid, recorded


def raw(data: Event, number: int, on: date | None = None) -> Raw:
    return Raw(encode(recorded(data, on)), data.subject.encode(), f"1.{number}")


async def write_events(kafka: str, config: Settings) -> None:
    """A departure, its repeat, its return and correction; one from before 1990, one that is no event; two payments."""
    out, absurd = dispatched(departure()), dispatched(departure(departed_on=date(1970, 1, 1)))
    first = raw(out, 0)
    moved = raw(corrected(out, departure(POOR_WEST), date(2019, 3, 4)), 4, date(2019, 3, 5))
    records = [first, first, raw(came_back(out, date(2019, 3, 4)), 1), raw(absurd, 2), Raw(b"{}", b"x", "1.3")]
    await write(kafka, config, *records, moved, topic=DOCKING)
    await write(
        kafka, config, raw(income(out, paid(800)), 0), raw(income(out, paid(900, period="2018-07", on=date(2018, 8, 9))), 1), topic=RIGHTS
    )


async def counted(config: Settings, database: Database) -> None:
    async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
        await caught_up(running)


async def audited(config: Settings, database: Database) -> audit.Audit:
    async with database.connection() as conn:
        return await audit.audit(config, conn)


async def test_the_log_is_counted_once_and_a_bad_record_costs_one_record(kafka: str, config: Settings, database: Database) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    async with database.transaction(cause()) as tx:
        assert await dead_letters.get_parked_count(tx) == 2
        counted_events = {topic: count for topic, (count, _) in (await applied.list_(tx)).items()}
    assert counted_events == {DOCKING: 3, RIGHTS: 2}
    found = await audited(config, database)
    assert (found.passed, found.events, found.differing) == (True, 5, [])
    assert all(stored == recounted for stored, recounted in found.digests.values())
    assert found.positions[TopicPartition(DOCKING, 0)] == 6
    assert len(found.uncounted) == 2
    assert found.cut_cells["province x channel"][0] > 0


async def test_two_audits_of_the_same_log_have_the_same_fingerprint_and_a_tampered_cell_or_another_event_changes_it(
    kafka: str, config: Settings, database: Database
) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    first = await audited(config, database)
    async with database.connection() as conn:
        second = await audit.audit(config, conn, processes=2)
    assert first.fingerprint == second.fingerprint
    async with database.connection() as conn:
        await conn.execute("UPDATE block SET value[1] = value[1] + 1 WHERE cut = 5 AND measure = $1", MEASURE["income"].code)
    tampered = await audited(config, database)
    assert tampered.fingerprint != first.fingerprint
    async with database.connection() as conn:
        await conn.execute("UPDATE block SET value[1] = value[1] - 1 WHERE cut = 5 AND measure = $1", MEASURE["income"].code)
    assert (await audited(config, database)).fingerprint == first.fingerprint
    await write(kafka, config, raw(dispatched(departure()), 5), topic=DOCKING)
    await counted(config, database)
    assert (await audited(config, database)).fingerprint != first.fingerprint


async def test_an_audit_names_the_cell_that_was_tampered_with(kafka: str, config: Settings, database: Database) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    async with database.connection() as conn:
        await conn.execute("UPDATE block SET value[1] = value[1] + 1 WHERE cut = 5 AND measure = $1", MEASURE["income"].code)
    found = await audited(config, database)
    assert not found.passed
    assert {cell.cut for cell, _, _ in found.differing} == {5}
    assert [stored - recounted for _, stored, recounted in found.differing] == [1, 1]
    assert [name for name, (stored, recounted) in found.digests.items() if stored != recounted] == ["province x channel"]
    assert len(found.sums) == 2  # of two months, read from the same cells


async def test_a_rebuild_beside_the_live_generation_is_swapped_in_when_equal_and_counting_goes_on(
    kafka: str, config: Settings, database: Database
) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    await write(kafka, config, raw(dispatched(departure()), 5), topic=DOCKING)  # in the log, not yet counted: beyond the swap
    found = await rebuild.rebuild(config, database)
    assert (found.swapped, found.differing) == (True, [])
    published = [event for event in await outbox_of(database) if isinstance(event, ProjectionRebuilt)]
    assert [(event.events, event.differing) for event in published] == [(found.events, 0)]
    await counted(config, database)
    again = await audited(config, database)
    assert (again.passed, again.events) == (True, 6)
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM generation") == 1


async def test_a_quota_edited_while_a_rebuild_runs_is_in_force_and_the_rebuild_is_swapped_in(
    kafka: str, config: Settings, database: Database
) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    plan = catalogue.shipped()[catalogue.MAIN]
    quotas = (plan.quotas[0].model_copy(update={"threshold": (1, 20)}), *plan.quotas[1:])
    edited = EnterProgramme(plan=plan.model_copy(update={"quotas": quotas}), reason="a twentieth")

    async def edit() -> None:
        async with database.transaction(cause()) as tx:
            await enter_programme(tx, edited)

    found, _ = await asyncio.gather(rebuild.rebuild(config, database), edit())
    assert (found.swapped, found.differing) == (True, [])
    assert (await audited(config, database)).passed
    async with database.transaction(cause()) as tx:
        as_of = AsOf(on=date(2019, 1, 1), known_on=None, complete_on=date(2019, 1, 1))
        judged = await evaluate_quotas(tx, (await catalogue.in_force(tx)).plan, as_of)
    q1 = next(of for of in judged if (of.quota.code, of.year) == ("Q1", 2018))
    assert (q1.quota.threshold, q1.judgement.share) == ((1, 20), (1, 1))


async def test_a_rebuild_that_differs_is_refused_unless_accepted(kafka: str, config: Settings, database: Database) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    async with database.connection() as conn:
        await conn.execute("DELETE FROM block WHERE cut = 5")
    refused = await rebuild.rebuild(config, database)
    assert not refused.swapped
    assert {cell.cut for cell, _, _ in refused.differing} == {5}
    assert not (await audited(config, database)).passed
    assert (await rebuild.rebuild(config, database, accept=True)).swapped
    assert (await audited(config, database)).passed


async def test_several_processes_recount_the_same_and_report_progress(kafka: str, config: Settings, database: Database) -> None:
    await write_events(kafka, config)
    await write(kafka, config, *(replace(raw(dispatched(), number), partition=1) for number in range(40)), topic=DOCKING)
    await counted(config, database)
    one, seen = await audited(config, database), list[tuple[int, int]]()
    async with database.connection() as conn:
        two = await audit.audit(config, conn, processes=2, progress=lambda done, total: seen.append((done, total)))
    assert one == two
    assert two.clean
    assert (seen[0], seen[-1]) == ((0, 48), (48, 48))


async def test_a_source_that_contradicts_itself_is_named_though_every_figure_is_equal(
    kafka: str, config: Settings, database: Database
) -> None:
    out = dispatched(departure())
    other = dispatched(departure(POOR_WEST), out.placement)
    await write(kafka, config, raw(out, 0), raw(corrected(other, departure()), 1), topic=DOCKING)
    await counted(config, database)
    found = await audited(config, database)
    assert (found.passed, found.clean) == (True, False)
    ((at, one),) = found.source_conflicts
    assert (at, one.business_id) == (f"{DOCKING}/0@1", f"placement {out.placement}")


async def test_a_bad_record_that_is_in_no_dead_letter_is_named(kafka: str, config: Settings, database: Database) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    async with database.connection() as conn:
        await conn.execute("DELETE FROM dead_letter")
    found = await audited(config, database)
    assert (found.passed, found.unaccounted) == (True, [f"{DOCKING}/0@3", f"{DOCKING}/0@4"])


async def test_a_log_that_lost_its_beginning_cannot_be_recounted(kafka: str, config: Settings, database: Database) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(topics.topic_name(config, DOCKING), 0): RecordsToDelete(before_offset=2)})
    await admin.close()
    for processes in (1, 2):
        async with database.connection() as conn:
            with pytest.raises(Truncated, match="holds 2 to 6, 0 to 6 was read"):
                await audit.audit(config, conn, processes=processes)


async def test_sums_by_month_and_of_closed_periods_are_recounted_too(kafka: str, config: Settings, database: Database) -> None:
    await write_events(kafka, config)
    await counted(config, database)
    async with database.transaction(cause()) as tx:
        await closing.close_period(tx, ClosePeriod(period="2018"))
        await blocks.update_year_sums(tx, await generations.lock_live(tx))
    assert (await audited(config, database)).passed
    async with database.connection() as conn:
        await conn.execute("UPDATE frozen SET value = value + 3 WHERE measure = $1 AND province = '620000'", MEASURE["dispatches"].code)
        await conn.execute("UPDATE year_cell SET m05 = m05 + 2 WHERE cut = 5 AND measure = $1 AND m05 <> 0", MEASURE["dispatches"].code)
    found = await audited(config, database)
    assert (found.passed, found.differing) == (False, [])
    assert found.sums == [
        ("closed dispatches|province:620000|2018", 4, 1),
        ("dispatches | province x channel | 620000 | labour_cooperation | 2018-05", 3, 1),
    ]
