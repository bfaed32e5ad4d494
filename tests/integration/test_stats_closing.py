"""Closed periods: every later change is published as a restatement, and the restatements add up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings

from services.stats.commands import ClosePeriod, LoadFxRates, RateOfMonth, ReopenPeriod, ReviseFxRate
from services.stats.counting.measures import MEASURES
from services.stats.domain.errors import PeriodAlreadyClosed, PeriodNotClosed, PeriodRunning, SecondApproverNeeded
from services.stats.domain.questions import Question
from services.stats.figures.query import answer
from services.stats.periods import closing
from services.stats.queries import cells, generations, period_closes
from services.stats.usecases import rates
from shared.db import Cause, Database
from shared.events import DispatchCorrected, Event, EventEnvelope, FigureRestated
from shared.principals import NATION, Principal, Role
from shared.values import Clock
from tests.support.stats import (
    came_back,
    came_back_otherwise,
    corrected,
    counted,
    departure,
    dispatched,
    histories,
    income,
    outbox_of,
    paid,
    recorded,
    voided,
)


def by(name: str, at: date) -> Cause:
    return Cause(principal=Principal(name, Role.OFFICER, (NATION,)), clock=Clock(datetime(at.year, at.month, at.day, 4, tzinfo=UTC)))


async def closed(database: Database, period: str = "2017", at: date = date(2018, 1, 31)) -> period_closes.Close:
    async with database.transaction(by("closer", at)) as tx:
        return await closing.close_period(tx, ClosePeriod(period=period))


async def restated(database: Database, scope: str = "nation:CN") -> list[FigureRestated]:
    return [event for event in await outbox_of(database) if isinstance(event, FigureRestated) and event.scope == scope]


async def known(database: Database, measure: str, on: date | None = None) -> int:
    async with database.transaction(by("reader", date(2020, 1, 1))) as tx:
        points = await answer(tx, Question(measure=measure, start=date(2017, 1, 1), end=date(2017, 12, 31), known_on=on))
    return sum(point.value for point in points)


async def test_worked_example_late(database: Database) -> None:
    await counted(database, [recorded(dispatched(departure(departed_on=date(2017, 5, 2))))])
    await closed(database)
    late = recorded(dispatched(departure(departed_on=date(2017, 12, 30))), date(2018, 3, 5))
    await counted(database, [late])
    events = {event.measure: event for event in await restated(database)}
    event = events["dispatches"]
    assert (event.period, event.old, event.new, event.kind, event.causes) == ("2017", 1, 2, "late", (late.id,))
    assert (await known(database, "dispatches", date(2018, 2, 1)), await known(database, "dispatches")) == (1, 2)


async def test_what_moves_within_a_province_restates_nothing_and_is_counted(database: Database) -> None:
    first = dispatched(departure("370102", date(2017, 5, 2)))
    await counted(database, [recorded(first)])
    await closed(database)
    await counted(database, [recorded(corrected(first, departure("370103", date(2017, 5, 2))), date(2018, 3, 5))])
    assert await restated(database) == []
    async with database.transaction(by("reader", date(2020, 1, 1))) as tx:
        points = await answer(tx, Question(measure="dispatches", start=date(2017, 1, 1), end=date(2017, 12, 31), by=("county",)))
    assert {point.of["county"]: point.value for point in points if point.value} == {"370103": 1}


async def test_field_case_f14_a_corrected_day_of_return_restates_both_periods(database: Database) -> None:
    first = dispatched(departure(departed_on=date(2017, 5, 2)))
    was, truly = date(2018, 1, 20), date(2017, 12, 20)
    await counted(database, [recorded(first), recorded(came_back(first, was))])
    await closed(database)
    await counted(database, [recorded(came_back_otherwise(first, was, truly), date(2018, 3, 5))])
    assert await known(database, "returns") == 1
    assert [(event.measure, event.period, event.kind, event.new - event.old) for event in await restated(database)] == [
        ("returns", "2017", "correction", 1)
    ]


async def test_worked_example_merge(database: Database) -> None:
    first, second = (dispatched(departure(departed_on=date(2017, month, 2))) for month in (3, 9))
    await counted(database, [recorded(first), recorded(second)])
    await closed(database)
    assert (await known(database, "dispatches"), await known(database, "persons")) == (2, 2)
    merged = DispatchCorrected(
        placement=second.placement,
        worker=first.worker,
        previous=second.fact,
        returned=None,
        cause="merge",
        fact=second.fact.model_copy(update={"first_ever": False, "first_this_year": False}),
    )
    await counted(database, [recorded(merged, date(2019, 2, 1))])
    assert (await known(database, "dispatches"), await known(database, "persons")) == (2, 1)
    assert [(event.measure, event.kind, event.new - event.old) for event in await restated(database)] == [("persons", "merge", -1)]


@given(histories, histories)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_restatements_add_up_to_what_has_changed_since_the_close(
    database: Database, early: list[list[EventEnvelope[Event]]], late: list[list[EventEnvelope[Event]]]
) -> None:
    async with database.transaction(by("tester", date(2021, 6, 1))) as tx:
        await tx.conn.execute("TRUNCATE block, year_cell, settled, applied, period_close, frozen, restatement, outbox")
    await counted(database, list(chain.from_iterable(early)))
    await closed(database, "2018", date(2021, 6, 1))
    before = await by_province(database)
    await counted(database, list(chain.from_iterable(late)), batch=4)
    after = await by_province(database)
    moved: dict[tuple[str, str, str | None], int] = {}
    for event in await outbox_of(database):
        if isinstance(event, FigureRestated) and event.scope != "nation:CN":
            key = event.measure, event.scope.removeprefix("province:"), event.currency
            moved[key] = moved.get(key, 0) + event.new - event.old
    expected = {key: after.get(key, 0) - before.get(key, 0) for key in before.keys() | after.keys()}
    assert {key: value for key, value in moved.items() if value} == {key: value for key, value in expected.items() if value}


async def by_province(database: Database) -> dict[tuple[str, str, str | None], int]:
    """Every measure that is counted by province, in 2018."""
    found = {}
    async with database.transaction(by("reader", date(2021, 6, 1))) as tx:
        for measure in (measure for measure in MEASURES if measure.code in closing.CUT_OF):
            kept = Question(measure=measure.name, start=date(2018, 1, 1), end=date(2018, 12, 31), by=("province",))
            for point in await answer(tx, kept):
                found[measure.name, point.of["province"], point.currency] = point.value
    return found


async def test_a_period_closes_once_after_its_end_and_reopens_by_another(database: Database) -> None:
    with pytest.raises(PeriodRunning):
        await closed(database, at=date(2017, 12, 31))
    assert (await closed(database)).version == 1
    with pytest.raises(PeriodAlreadyClosed):
        await closed(database)
    with pytest.raises(SecondApproverNeeded):
        async with database.transaction(by("closer", date(2018, 2, 1))) as tx:
            await closing.reopen_period(tx, ReopenPeriod(period="2017", reason="late_reports", explanation="late returns"))
    async with database.transaction(by("approver", date(2018, 2, 1))) as tx:
        await closing.reopen_period(tx, ReopenPeriod(period="2017", reason="late_reports", explanation="late returns"))
    with pytest.raises(PeriodNotClosed):
        async with database.transaction(by("approver", date(2018, 2, 1))) as tx:
            await closing.reopen_period(tx, ReopenPeriod(period="2017", reason="late_reports", explanation="again"))
    await counted(database, [recorded(dispatched(departure(departed_on=date(2017, 5, 2))), date(2018, 2, 2))])
    assert await restated(database) == []
    assert (await closed(database, at=date(2018, 3, 1))).version == 2
    kinds = [type(event).__name__ for event in await outbox_of(database)]
    assert kinds == ["PeriodClosed", "PeriodReopened", "PeriodClosed"]


async def test_equal_cells_give_equal_digests_and_any_change_another(database: Database) -> None:
    first = dispatched(departure(departed_on=date(2017, 5, 2)))
    empty = await closed(database, "2016")
    await counted(database, [recorded(first)])
    full = await closed(database)
    async with database.transaction(by("reader", date(2018, 2, 1))) as tx:
        generation = await generations.lock_live(tx)
        assert await cells.get_digest(tx, generation, full.starts, full.ends) == full.digest != empty.digest
    await counted(database, [recorded(voided(first), date(2018, 2, 2))])
    async with database.transaction(by("reader", date(2018, 2, 1))) as tx:
        assert await cells.get_digest(tx, generation, full.starts, full.ends) != full.digest


async def test_a_revised_rate_restates_closed_money_and_leaves_the_ledger_alone(database: Database) -> None:
    await counted(database, [recorded(income(dispatched(), paid(180_000, "JPY", "2018-06")))])
    rate = RateOfMonth.model_validate({"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0.0600"})
    async with database.transaction(by("officer", date(2018, 8, 1))) as tx:
        await rates.load_fx_rates(tx, LoadFxRates(source="SAFE", rates=(rate,)))
    await closed(database, "2018-06", date(2018, 9, 1))
    revised = rate.model_copy(update={"yuan_per_unit": rate.yuan_per_unit + rate.yuan_per_unit / 60})
    async with database.transaction(by("officer", date(2018, 10, 1))) as tx:
        await rates.revise_fx_rate(tx, ReviseFxRate(rate=revised, source="SAFE", reason="corrected by the source"))
    assert [(event.key, event.old, event.new, event.kind) for event in await restated(database)] == [
        ("income|nation:CN|2018-06", 1_080_000, 1_098_000, "fx")  # not the key of what was paid in yuan, which has not changed
    ]
