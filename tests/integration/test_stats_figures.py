"""Figures out of a real database: every question through the one query path."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from services.stats import consumers
from services.stats.counting.measures import MEASURE
from services.stats.counting.reference_fold import Cell, fold_all
from services.stats.domain.errors import NoCut
from services.stats.domain.questions import Filter, Question
from services.stats.figures import query
from services.stats.figures.freshness import freshness
from services.stats.figures.percentiles import Percentiles
from services.stats.programmes import catalogue
from services.stats.programmes.evaluation import AsOf, evaluate_quotas
from services.stats.queries import cells
from services.stats.usecases import cells as stored_cells
from services.stats.usecases import evaluations, figures
from services.stats.usecases.sweeps import sweep
from services.stats.views.cells import CellRow
from shared.audiences import notice_of
from shared.db import Database
from shared.delivery.consumer import Reject
from shared.events import Event, EventEnvelope, FigurePublished, QuotaStatusChanged, TargetProgressChanged, YearOnYearBreached
from shared.values import Designation, Destination, QuotaStatus, Ratio
from tests.support.stats import (
    POOR_EAST,
    POOR_WEST,
    RICH_EAST,
    UNKNOWN,
    assessed,
    came_back,
    cancelled,
    cause,
    corrected,
    cost,
    counted,
    departure,
    dispatched,
    ended,
    histories,
    income,
    income_corrected,
    income_voided,
    matched,
    opened,
    outbox_of,
    paid,
    recorded,
    voided,
)

POOR = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))
YEARS = (date(2017, 1, 1), date(2020, 12, 31))


async def ask(database: Database, measure: str, start: date = YEARS[0], end: date = YEARS[1], **rest: Any) -> dict[tuple[str, ...], int]:
    async with database.transaction(cause()) as tx:
        points = await query.answer(tx, Question(measure=measure, start=start, end=end, **rest))
    return {(*point.of.values(), *((point.currency,) if point.currency else ())): point.value for point in points}


async def all_cells(database: Database) -> dict[Cell, int]:
    """Every cell, summed, by an obvious statement of its own."""
    async with database.connection() as conn:
        rows = await conn.fetch(
            "SELECT measure, cut, k1, k2, day, recorded_on, currency, sum(value)::bigint AS value FROM cell "
            "GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(value) <> 0"
        )
    return {Cell(*tuple(row)[:7]): row["value"] for row in rows}


@given(histories)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_database_holds_the_cells_of_the_reference_fold_whatever_the_batches(
    database: Database, lives: list[list[EventEnvelope[Event]]]
) -> None:
    async with database.transaction(cause()) as tx:
        await tx.conn.execute("TRUNCATE block, year_cell, settled, applied")
    events = list(chain.from_iterable(lives))
    await counted(database, events, batch=3)
    assert await all_cells(database) == fold_all(events)
    by_day = await ask(database, "dispatches", date(2017, 1, 1), date(2020, 12, 30), by=("year",))
    by_month = await ask(database, "dispatches", by=("year",))
    late = await ask(database, "dispatches", date(2020, 12, 31), date(2020, 12, 31))
    assert sum(by_day.values()) + sum(late.values()) == sum(by_month.values())


async def test_the_number_of_statements_does_not_depend_on_the_batch(database: Database) -> None:
    events = [recorded(dispatched(departure(random.Random(n).choice([POOR_WEST, RICH_EAST])))) for n in range(300)]
    seen: list[str] = []
    counts: list[int] = []
    async with database.transaction(cause()) as tx:
        with tx.conn.query_logger(lambda entry: seen.append(entry.query)):
            for batch in (events[:2], events[2:3], events[3:]):  # the first also asks for the types of its arguments, once per connection
                seen.clear()
                await consumers.apply(tx, batch)
                counts.append(len(seen))
    assert counts[1] == counts[2] <= 5


async def test_stock_is_what_left_less_what_came_back_at_the_end_of_each_month(database: Database) -> None:
    first, second = dispatched(departure(departed_on=date(2018, 5, 2))), dispatched(departure(departed_on=date(2018, 6, 30)))
    await counted(database, [recorded(first), recorded(second), recorded(came_back(first, date(2018, 7, 15)))])
    assert await ask(database, "stock", date(2018, 4, 1), date(2018, 8, 31), by=("month",)) == {
        ("2018-04",): 0,
        ("2018-05",): 1,
        ("2018-06",): 2,
        ("2018-07",): 1,
        ("2018-08",): 1,
    }


async def test_open_positions_are_what_orders_offer_less_what_is_taken_until_the_order_ends(database: Database) -> None:
    january, march = date(2018, 1, 5), date(2018, 3, 1)
    events = [opened(5), matched(), matched(), cancelled(date(2018, 2, 9), reopens=True), opened(3, january, "SGP")]
    events += [ended(4, march), cancelled(date(2018, 3, 9), reopens=False), ended(3, date(2018, 4, 1), "SGP", expired=True)]
    await counted(database, [recorded(data) for data in events])
    found = await ask(database, "open_positions", date(2018, 1, 1), date(2018, 4, 30), by=("month", "destination"))
    assert [found[month, "JPN"] for month in ("2018-01", "2018-02", "2018-03", "2018-04")] == [5, 4, 0, 0]
    assert [found[month, "SGP"] for month in ("2018-01", "2018-02", "2018-03", "2018-04")] == [3, 3, 3, 0]


async def test_days_abroad_are_counted_from_the_departure_through_the_day_of_return(database: Database) -> None:
    out = dispatched(departure(departed_on=date(2018, 5, 30)))
    await counted(database, [recorded(out), recorded(came_back(out, date(2018, 7, 3)))])
    found = await ask(database, "worker_days", date(2018, 1, 1), date(2018, 12, 31), by=("month",))
    assert {name: days for name, days in found.items() if days} == {("2018-05",): 2, ("2018-06",): 30, ("2018-07",): 3}


async def shown(database: Database, measure: str, on: date | None = None, **rest: Any) -> list[tuple[str | None, Ratio | None]]:
    """The quotient's points as an answer of that day shows them."""
    at = None if on is None else datetime.combine(on, time(4), UTC)
    async with database.transaction(cause(at)) as tx:
        found = await figures.figure(tx, Question(measure=measure, start=YEARS[0], end=YEARS[1], **rest), {})
    return [(point.shown, point.ratio) for point in found.points]


async def test_person_months_are_worker_days_in_months_of_the_mean_year_exactly(database: Database) -> None:
    out = dispatched(departure(departed_on=date(2018, 1, 1)))
    await counted(database, [recorded(out), recorded(came_back(out, date(2018, 12, 31)))])
    assert ("12.0", (365 * 48, 1461)) in await shown(database, "person_months", by=("year",))


async def test_coverage_is_wage_periods_reported_over_those_abroad_once_every_pay_day_is_past(database: Database) -> None:
    out, other = dispatched(departure(departed_on=date(2018, 5, 31))), dispatched(departure(departed_on=date(2018, 6, 1)))
    reported = [income(out, paid(600_000, period=f"2018-0{month}")) for month in (5, 6, 7)]
    events = [out, other, came_back(other, date(2018, 6, 30)), *reported]
    await counted(database, [recorded(data, date(2018, 8, 3)) for data in events])
    assert await shown(database, "coverage", date(2018, 8, 31)) == [("66.7", (200, 3))]  # of July's wages the pay day may come yet
    assert await shown(database, "coverage", date(2018, 9, 1)) == [("75.0", (300, 4))]
    assert await shown(database, "coverage", date(2018, 6, 30)) == [(None, (0, 0))]
    assert await shown(database, "coverage", date(2018, 9, 1), by=("month",)) == [
        ("100.0", (100, 1)),
        ("50.0", (100, 2)),
        ("100.0", (100, 1)),
    ]


async def test_a_voided_departure_expects_no_income_any_more(database: Database) -> None:
    out = dispatched(departure(departed_on=date(2018, 5, 31)))
    await counted(database, [recorded(out), recorded(voided(out), date(2018, 7, 1))])
    async with database.transaction(cause(datetime(2018, 9, 1, 4, tzinfo=UTC))) as tx:
        known = [
            await query.answer(tx, Question(measure="income_expected", start=YEARS[0], end=YEARS[1], known_on=on))
            for on in (None, date(2018, 9, 1), date(2018, 6, 30))
        ]
    assert [[point.value for point in points] for points in known] == [[0], [0], [0]]


async def test_worked_example_voided_dispatch_with_income(database: Database) -> None:
    out = dispatched(departure(departed_on=date(2018, 5, 31)))
    reported = income(out, paid(600_000))
    orphaned = income_voided(out, reported)
    await counted(database, [recorded(data, date(2018, 8, 1)) for data in (out, reported, voided(out), orphaned)])
    assert [await ask(database, measure) for measure in ("dispatches", "income_months")] == [{(): 0}, {(): 0}]
    assert sum((await ask(database, "income")).values()) == 0


async def test_worked_example_duplicate_income(database: Database) -> None:
    out = dispatched()
    first, right = paid(500_000), paid(600_000)
    await counted(database, [recorded(income(out, first)), recorded(income_corrected(out, first, right))])
    assert (await ask(database, "income"), await ask(database, "income_months")) == ({("CNY",): 600_000}, {(): 1})


async def test_recruitment_cost_is_the_mean_of_months_of_first_income(database: Database) -> None:
    first, second, third = (dispatched() for _ in range(3))
    events = [assessed(first, cost(900_000, 600_000)), assessed(second, cost(0, 600_000))]
    events += [assessed(third, cost(100_000, 300_000, currency="JPY"))]
    await counted(database, [recorded(data) for data in events])
    assert await shown(database, "recruitment_cost_months") == [("0.611", (1833, 3000))]
    assert await ask(database, "recruitment_fees") == {("CNY",): 900_000, ("JPY",): 100_000}


async def test_median_and_p90_of_a_duration_are_known_to_the_band(database: Database) -> None:
    day = date(2018, 5, 2)
    waits = [1] * 5 + [5] * 4 + [100]
    events = [dispatched(departure(RICH_EAST, day, matched_on=day - timedelta(days=wait))) for wait in waits]
    events += [dispatched(departure(POOR_WEST, day, matched_on=day - timedelta(days=8)))]
    await counted(database, [recorded(data) for data in events])
    async with database.transaction(cause()) as tx:
        question = Question(measure="match_to_departure", start=YEARS[0], end=YEARS[1], by=("province",))
        found = {point.of["province"]: (point.value, point.percentiles) for point in await query.answer(tx, question)}
        assert found == {"370000": (10, Percentiles((1, 1), (4, 5))), "620000": (1, Percentiles((8, 11), (8, 11)))}
        bands = await query.answer(tx, question.model_copy(update={"by": ("days",)}))
        assert [(point.of["days"], point.value) for point in bands] == [("1-1", 5), ("4-5", 4), ("8-11", 1), ("91-127", 1)]
        [empty] = await query.answer(tx, Question(measure="case_to_close", start=YEARS[0], end=YEARS[1]))
        assert (empty.value, empty.percentiles) == (0, Percentiles(None, None))


async def test_a_figure_is_shown_as_it_was_known_at_any_day(database: Database) -> None:
    first = dispatched(departure(RICH_EAST, date(2017, 12, 30)))
    await counted(database, [recorded(first, date(2018, 3, 5)), recorded(voided(first), date(2019, 1, 1))])
    year = {"start": date(2017, 1, 1), "end": date(2017, 12, 31)}
    known = [await ask(database, "dispatches", **year, known_on=day) for day in (date(2018, 2, 1), date(2018, 3, 5), date(2019, 1, 1))]
    assert [sum(points.values()) for points in known] == [0, 1, 0]


async def test_worked_example_delisted_county(database: Database) -> None:
    county = "130126"  # Lingshou left the list with the end of 2018
    events = [recorded(dispatched(departure(county, day))) for day in (date(2018, 12, 31), date(2019, 1, 1))]
    await counted(database, events)
    assert await ask(database, "dispatches", by=("year",), filter=POOR, basis="listed_at_departure") == {("2018",): 1}
    assert await ask(database, "dispatches", by=("year",), filter=POOR) == {("2018",): 1, ("2019",): 1}


async def test_the_region_scheme_is_chosen_when_asking(database: Database) -> None:
    await counted(database, [recorded(dispatched(departure(county))) for county in ("220102", POOR_WEST, POOR_EAST, UNKNOWN)])
    assert await ask(database, "dispatches", by=("region",)) == {("central",): 1, ("west",): 1, ("east",): 1, ("none",): 1}
    assert await ask(database, "dispatches", by=("region",), scheme="nbs4") == {
        ("northeast",): 1,
        ("west",): 1,
        ("east",): 1,
        ("none",): 1,
    }


async def test_worked_example_unknown_county_is_part_of_denominators(database: Database) -> None:
    await counted(database, [recorded(dispatched(departure(county))) for county in (POOR_WEST, UNKNOWN)])
    assert await ask(database, "dispatches") == {(): 2}
    assert await ask(database, "dispatches", by=("listed",)) == {("national",): 1, ("unclassified",): 1}
    assert await ask(database, "dispatches", filter=Filter(listed=(Designation.UNCLASSIFIED,))) == {(): 1}


async def test_money_is_answered_by_currency_and_a_missing_rate_lowers_nothing(database: Database) -> None:
    out = dispatched()
    wrong, right = paid(500_000), paid(600_000)
    events = [income(out, wrong), income_corrected(out, wrong, right), income(out, paid(120_500, "KWD"))]
    await counted(database, [recorded(data) for data in events])
    assert await ask(database, "income") == {("CNY",): 600_000, ("KWD",): 120_500}
    async with database.transaction(cause()) as tx:
        answer = await figures.figure(tx, Question(measure="income", start=YEARS[0], end=YEARS[1]), {})
    assert (answer.total_cny, answer.pending_fx) == (600_000, {"KWD": 120_500})


async def test_dimensions_that_no_cut_has_together_are_refused(database: Database) -> None:
    with pytest.raises(NoCut):
        await ask(database, "dispatches", by=("county", "destination"))


async def test_a_filter_by_destination_and_by_age(database: Database) -> None:
    events = [
        recorded(dispatched(departure(destination=Destination("JPN"), birth_year=1999))),
        recorded(dispatched(departure(destination=Destination("SGP"), birth_year=1970))),
    ]
    await counted(database, events)
    assert await ask(database, "dispatches", filter=Filter(destination=(Destination("SGP"),))) == {(): 1}
    assert await ask(database, "dispatches", by=("age_band",)) == {("0-19",): 1, ("45-49",): 1}


async def test_what_can_be_counted_nowhere_is_rejected_and_leaves_nothing(database: Database) -> None:
    absurd = recorded(dispatched(departure(departed_on=date(1970, 1, 1))))
    with pytest.raises(Reject):
        await counted(database, [recorded(dispatched()), absurd])
    assert await all_cells(database) == {}


# --- the programme evaluated ---------------------------------------------------------------------------------------------
async def test_the_report_evaluates_finished_years_for_good(database: Database) -> None:
    events = [dispatched(departure(RICH_EAST, date(year, 5, 2))) for year in (2017, 2018) for _ in range(9)]
    events += [dispatched(departure(POOR_WEST, date(2017, 5, 2))), *(dispatched(departure(POOR_EAST, date(2018, 5, 2))) for _ in range(2))]
    await counted(database, [recorded(data) for data in events])
    async with database.transaction(cause(datetime(2021, 1, 2, tzinfo=UTC))) as tx:
        report = await evaluations.report(tx, catalogue.MAIN, None, {})
    q1 = {year: (row.q1.num, row.q1.den, row.q1.status, row.q1.gap_heads) for year, row in report.years.items() if row.q1}
    assert q1["2017"] == (1, 10, QuotaStatus.MET, 0)
    assert q1["2018"] == (2, 11, QuotaStatus.MET, 0)
    assert q1["2019"] == (0, 0, QuotaStatus.INSUFFICIENT_DATA, None)
    q2 = report.years["2018"].q2
    assert q2 is not None
    assert (q2.num, q2.den, q2.status, q2.rise, q2.gap_heads) == (0, 2, QuotaStatus.BREACHED, "fell", 2)
    assert (report.total.dispatches, report.total.poverty_dispatches, report.years["2018"].stock) == (21, 3, 21)


async def test_the_monthly_form_is_cumulative_in_two_channels_with_the_change_on_the_year_before(database: Database) -> None:
    events = [
        dispatched(departure(departed_on=date(2018, 1, 9))),
        dispatched(departure(departed_on=date(2018, 2, 20))),
        dispatched(departure(departed_on=date(2018, 2, 21))),  # a day after the running year's cut-off
        dispatched(departure(departed_on=date(2019, 1, 9))),
        dispatched(departure(departed_on=date(2019, 2, 9), channel="contracted_project")),
    ]
    await counted(database, [recorded(data) for data in events])
    async with database.transaction(cause(datetime(2019, 2, 20, tzinfo=UTC))) as tx:
        form = await figures.monthly(tx, 2019, None, {})
    assert [(row.dispatches, row.contracted_projects, row.labour_cooperation, row.stock) for row in form.months] == [
        (1, 0, 1, 4),
        (2, 1, 1, 5),
    ]
    assert [(row.change_dispatches, row.change_stock) for row in form.months] == [(0, 3), (0, 3)]


async def test_a_pass_publishes_what_changed_and_the_next_publishes_nothing(database: Database) -> None:
    at = datetime(2019, 1, 5, 12, tzinfo=UTC)
    events = [dispatched(departure(POOR_WEST, date(2017, 5, 2))), dispatched(departure(RICH_EAST, date(2018, 5, 2)))]
    await counted(database, [recorded(events[0]), recorded(events[1]), recorded(dispatched(departure(RICH_EAST, date(2019, 1, 4))))])
    async with database.transaction(cause(at)) as tx:
        assert await sweep(tx) > 0
    published = await outbox_of(database)
    changes = {(event.quota, event.period): event.status_to for event in published if isinstance(event, QuotaStatusChanged)}
    assert changes["Q1", "2017"] is QuotaStatus.MET
    assert changes["Q1", "2018"] is QuotaStatus.BREACHED
    assert changes["Q1", "2019"] is QuotaStatus.AT_RISK
    [fell] = [event for event in published if isinstance(event, YearOnYearBreached) and event.quota == "Q1"]
    assert (fell.period, notice_of(fell, "system:stats")) == ("2018", None), "the status beside it is heard of"
    assert notice_of(fell.model_copy(update={"with_status": None}), "system:stats") is not None
    assert {event.target for event in published if isinstance(event, TargetProgressChanged)} >= {"dispatches", "income"}
    keys = [event.key for event in published if isinstance(event, FigurePublished)]
    assert len(keys) == len(set(keys))
    assert "Q1|province:620000|2017" in keys
    assert {event.effective for event in published if isinstance(event, FigurePublished)} == {date(2019, 1, 4)}
    async with database.transaction(cause(at)) as tx:
        assert await sweep(tx) == 0
    assert len(await outbox_of(database)) == len(published)


async def test_a_correction_is_published_for_the_keys_it_changes_only(database: Database) -> None:
    first = dispatched(departure(RICH_EAST, date(2018, 5, 2)))
    await counted(database, [recorded(first), recorded(dispatched(departure(RICH_EAST, date(2018, 5, 2))))])
    at = datetime(2018, 6, 1, tzinfo=UTC)
    async with database.transaction(cause(at)) as tx:
        await sweep(tx)
    before = len(await outbox_of(database))
    await counted(database, [recorded(corrected(first, departure(POOR_WEST)), date(2018, 5, 20))])
    async with database.transaction(cause(at)) as tx:
        await sweep(tx)
    again = {event.key for event in (await outbox_of(database))[before:] if isinstance(event, FigurePublished)}
    assert "Q1|nation:CN|2018" in again
    assert "stock|nation:CN|2018" not in again


async def test_pages_of_cells_go_through_all_of_them(database: Database) -> None:
    await counted(database, [recorded(dispatched(departure(POOR_WEST, date(2018, 5, day)))) for day in range(1, 8)])
    found: list[CellRow] = []
    after = None
    async with database.transaction(cause()) as tx:
        while True:
            page = await stored_cells.cells(tx, 1, "dispatches", after, 3)
            found += page.items
            after = page.next
            if after is None:
                break
    assert [row.day.day for row in found] == list(range(1, 8))
    assert MEASURE["dispatches"].code == 6
    assert cells.LIST_PAGE


async def test_an_answer_is_as_fresh_as_the_oldest_log_that_is_behind(database: Database) -> None:
    await counted(database, [recorded(dispatched(departure(departed_on=date(2018, 5, 2)))), recorded(income(dispatched(), paid(5)))])
    now = datetime(2018, 7, 11, 4, tzinfo=UTC)
    async with database.transaction(cause(now)) as tx:
        seen = [await freshness(tx, lag) for lag in ({}, {"rights.events/0": 3}, {"docking.events/1": 1, "rights.events/0": 3}, None)]
    days = [(fresh.complete_through.date() if fresh.complete_through else None, fresh.lag_seconds) for fresh in seen]
    assert days == [(date(2018, 7, 11), 0), (date(2018, 7, 10), 86_400), (date(2018, 5, 2), 70 * 86_400), (None, 0)]


async def test_worked_example_not_comparable_by_the_coverage_of_wage_months(database: Database) -> None:
    left = [dispatched(departure(county, date(year, 1, 2))) for year in (2017, 2018) for county in (POOR_WEST, RICH_EAST)]
    events: list[Event] = [*left, *(came_back(out, date(out.fact.departed_on.year, 12, 31)) for out in left)]
    for out in left:
        year = out.fact.departed_on.year
        months = range(1, 13) if year == 2017 else range(1, 11)  # 10 of 12 months of 2018 are reported: 83 %
        events += [income(out, paid(800, period=f"{year}-{month:02d}", on=date(2019, 3, 1))) for month in months]
    await counted(database, [recorded(data, date(2019, 3, 1)) for data in events])
    plan = catalogue.shipped()[catalogue.MAIN].model_copy(update={"comparable_by": "coverage"})
    async with database.transaction(cause()) as tx:
        for least, status in (((95, 100), QuotaStatus.NOT_COMPARABLE), ((80, 100), QuotaStatus.BREACHED)):
            as_of = AsOf(on=date(2019, 6, 1), known_on=None, complete_on=date(2019, 6, 1))
            evaluated = await evaluate_quotas(tx, plan.model_copy(update={"comparable_from": least}), as_of)
            found = {(of.quota.code, of.year): of.judgement for of in evaluated}
            assert found["Q1", 2018].status is status  # half in both years: it did not rise
            assert found["Q1", 2017].status is QuotaStatus.MET


async def test_a_year_that_is_not_completely_counted_is_compared_with_nothing(database: Database) -> None:
    events = [dispatched(departure(POOR_WEST, date(2017, 5, 2))), dispatched(departure(RICH_EAST, date(2018, 5, 2)))]
    await counted(database, [recorded(data) for data in events])
    plan = catalogue.shipped()[catalogue.MAIN]
    async with database.transaction(cause()) as tx:
        cases = ((date(2018, 9, 30), None, QuotaStatus.NOT_COMPARABLE), (date(2018, 12, 31), False, QuotaStatus.BREACHED))
        for complete_on, rise, status in cases:
            evaluated = await evaluate_quotas(tx, plan, AsOf(on=date(2019, 1, 1), known_on=None, complete_on=complete_on))
            found = {(of.quota.code, of.year): of.judgement for of in evaluated}
            assert found["Q1", 2018].rise is rise
            assert found["Q1", 2018].status is status
