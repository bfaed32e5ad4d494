"""The events that explain a figure, found in the log, add up to what the query path answers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from services.stats import consumers
from services.stats.domain.errors import KeyNotFound, NoCut, PeriodInvalid
from services.stats.domain.questions import Basis, Filter, Question
from services.stats.figures.freshness import SOURCES
from services.stats.replay import figure_keys
from services.stats.replay.audit import audit, cell_name
from services.stats.replay.explain import Explanation, FigureToExplain, explain
from shared import reference
from shared.db import Database
from shared.events import DOCKING, RIGHTS, Event, encode
from shared.settings import Settings
from shared.values import CountyCode, Designation, Destination, Scheme
from tests.conftest import MakeDatabase
from tests.support.delivery import Raw, caught_up, consuming, write
from tests.support.stats import POOR_EAST, POOR_WEST, RICH_EAST, came_back, corrected, departure, dispatched, income, paid, recorded

NORTHEAST = "210102"  # Shenyang: east in the three-belt scheme
NORTHEASTERN: tuple[tuple[Scheme, int], ...] = (("nbs4", 1), ("three_belt", 0))
YEAR = {"start": date(2018, 1, 1), "end": date(2018, 12, 31)}


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase, kafka: str, config: Settings) -> Database:
    """One departure corrected from a rich county to a poor one in 2019 and come back, one to Singapore, three wages; a bad record."""
    made = await make_database("stats")
    out, other = dispatched(departure()), dispatched(departure(destination=Destination("SGP"), departed_on=date(2018, 6, 1)))
    moved = corrected(out, departure(POOR_WEST))
    back = came_back(out.model_copy(update={"fact": moved.fact}), date(2019, 3, 4))
    docking_events: list[tuple[Event, date | None]] = [(out, None), (other, None), (moved, date(2019, 2, 1)), (back, None)]
    await write(
        kafka, config, *(_raw(data, number, on) for number, (data, on) in enumerate(docking_events)), Raw(b"{}", b"x", "1.4"), topic=DOCKING
    )
    wages: list[Event] = [
        income(out, paid(800)),
        income(out, paid(90_000, "JPY")),
        income(other, paid(700, period="2019-01", on=date(2019, 2, 3))),
    ]
    await write(kafka, config, *(_raw(data, number, None) for number, data in enumerate(wages)), topic=RIGHTS)
    await counted(config, made)
    return made


async def counted(config: Settings, database: Database) -> None:
    async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
        await caught_up(running)


def _raw(data: Event, number: int, on: date | None) -> Raw:
    return Raw(encode(recorded(data, on)), data.subject.encode(), f"1.{number}")


async def explained(config: Settings, database: Database, asked: FigureToExplain | str, processes: int = 1) -> list[Explanation]:
    async def asking(tx: Any) -> list[FigureToExplain]:
        return await figure_keys.parse(tx, asked) if isinstance(asked, str) else [asked]

    async with database.connection() as conn:
        return await explain(config, conn, asking, processes=processes)


def deltas(found: Explanation) -> list[tuple[str, int]]:
    return [(contribution.type.split(".")[1], contribution.delta) for contribution in found.events]


async def test_the_events_of_a_figure_add_up_to_its_answer(config: Settings, database: Database) -> None:
    for processes in (1, 2):
        (found,) = await explained(
            config, database, FigureToExplain(title="dispatches", question=Question(measure="dispatches", **YEAR)), processes
        )
        assert deltas(found) == [("Dispatched", 1), ("Dispatched", 1), ("DispatchCorrected", -1), ("DispatchCorrected", 1)]
        assert (found.totals, found.answers, found.explained) == ({"": 2}, {"": 2}, True)
    first = found.events[0]
    assert (first.at, first.day, first.recorded_on) == (f"{DOCKING}/0@0", date(2018, 5, 2), date(2018, 5, 2))


PARTS: tuple[tuple[Filter, date | None, list[tuple[str, int]]], ...] = (
    (Filter(county=(CountyCode(POOR_WEST),)), None, [("DispatchCorrected", 1)]),
    (Filter(county=(CountyCode(POOR_WEST),)), date(2018, 12, 31), []),
    (Filter(county=(CountyCode(RICH_EAST),)), date(2018, 12, 31), [("Dispatched", 1), ("Dispatched", 1)]),
    (Filter(destination=(Destination("SGP"),)), None, [("Dispatched", 1)]),
    (Filter(region=("west",)), None, [("DispatchCorrected", 1)]),
    (Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL)), None, [("DispatchCorrected", 1)]),
    (Filter(listed=(Designation.NONE,)), None, [("Dispatched", 1), ("Dispatched", 1), ("DispatchCorrected", -1)]),
)


async def test_the_filter_of_a_question_selects_the_same_events_as_cells(config: Settings, database: Database) -> None:
    for part, known_on, expected in PARTS:
        (found,) = await explained(
            config, database, FigureToExplain(title="", question=Question(measure="dispatches", filter=part, known_on=known_on, **YEAR))
        )
        assert (deltas(found), found.explained) == (expected, True), part


# What a county that left the list at the end of 2018 had been listed as: ever, when somebody departed as it was stamped, on that day.
BASES: tuple[tuple[Basis, list[date]], ...] = (
    ("ever_listed", [date(2018, 6, 1), date(2019, 6, 1), date(2019, 7, 1)]),
    ("listed_at_departure", [date(2018, 6, 1), date(2019, 7, 1)]),
    ("listed_on_day", [date(2018, 6, 1)]),
)


async def test_the_basis_of_a_question_selects_the_same_events_as_cells(kafka: str, config: Settings, database: Database) -> None:
    stamped_late = departure(POOR_EAST, date(2019, 7, 1), origin=reference.origin(POOR_EAST, date(2018, 7, 1)))
    out = (departure(POOR_EAST, date(2018, 6, 1)), departure(POOR_EAST, date(2019, 6, 1)), stamped_late)
    await write(kafka, config, *(_raw(dispatched(fact), 5 + number, None) for number, fact in enumerate(out)), topic=DOCKING)
    await counted(config, database)
    part = Filter(county=(CountyCode(POOR_EAST),), listed=(Designation.NATIONAL,))
    for basis, days in BASES:
        question = Question(measure="dispatches", start=date(2017, 1, 1), end=date(2020, 12, 31), filter=part, basis=basis)
        (found,) = await explained(config, database, FigureToExplain(title="", question=question), processes=2)
        assert ([contribution.day for contribution in found.events], found.explained) == (days, True), basis


async def test_the_basis_listed_on_day_is_refused_for_a_stock(config: Settings, database: Database) -> None:
    question = Question(measure="stock", filter=Filter(listed=(Designation.NATIONAL,)), basis="listed_on_day", **YEAR)
    with pytest.raises(NoCut, match="follows no list of the day"):
        await explained(config, database, FigureToExplain(title="", question=question))


async def test_the_scheme_says_which_provinces_a_region_has(kafka: str, config: Settings, database: Database) -> None:
    await write(kafka, config, _raw(dispatched(departure(NORTHEAST)), 5, None), topic=DOCKING)
    await counted(config, database)
    for scheme, events in NORTHEASTERN:
        question = Question(measure="dispatches", filter=Filter(region=("northeast",)), scheme=scheme, **YEAR)
        (found,) = await explained(config, database, FigureToExplain(title="", question=question))
        assert (len(found.events), found.explained) == (events, True), scheme


async def test_a_stock_is_every_departure_and_return_up_to_its_day(config: Settings, database: Database) -> None:
    (found,) = await explained(
        config, database, FigureToExplain(title="", question=Question(measure="stock", start=date(2019, 1, 1), end=date(2019, 12, 31)))
    )
    assert (found.totals, found.answers, deltas(found)[-1]) == ({"": 1}, {"": 1}, ("Returned", -1))


async def test_money_is_explained_per_currency(config: Settings, database: Database) -> None:
    (found,) = await explained(config, database, FigureToExplain(title="", question=Question(measure="income", **YEAR)))
    assert (found.totals, found.explained) == ({"CNY": 800, "JPY": 90_000}, True)


async def test_days_abroad_have_no_events_of_their_own(config: Settings, database: Database) -> None:
    with pytest.raises(NoCut, match="ask for the events behind those"):
        await explained(config, database, FigureToExplain(title="", question=Question(measure="worker_days", **YEAR)))


PUBLISHED: tuple[tuple[str, list[dict[str, int]]], ...] = (
    ("dispatches|nation:CN|2018", [{"": 2}]),
    ("dispatches|province:620000|2018-05", [{"": 1}]),
    ("dispatches|destination:SGP|2018", [{"": 1}]),
    ("stock|nation:CN|2018", [{"": 2}]),
    ("income|JPY|nation:CN|2018", [{"JPY": 90_000}]),
    ("Q1|nation:CN|2018", [{"": 1}, {"": 2}]),
    ("Q2|region:west|2018", [{"": 1}, {"": 1}]),
    ("indicator|province:370000|2018", [{}, {"": 1}]),
    ("indicator|region:east|2018", [{}, {"": 1}]),
    ("poverty_dispatches|nation:CN|2017-2020", [{"": 1}]),
    ("income|region:west|2017-2020", [{}]),
)
NO_KEYS = (
    "dispatches",
    "a|b|c",
    "dispatches|nation:XX|2018",
    "dispatches|province:99|2018",
    "dispatches|nation:CN|20",
    "Q1|nation:CN|1999",
    "Q2|region:nowhere|2018",
    "dispatches|nation:CN|2018-13",
    "income|Yen|nation:CN|2018",
    "|||||",
    "dispatches|x|-|-|2018-01-01|recorded 1",
    "dispatches | county x designation | 1 | none | 2018-02-30 | recorded 2018-03-01",
    "Q1|nation:CN|²",
    "dispatches|destination:Japan|2018",
    "dispatches|nation:CN|9999",
    "dispatches | county x designation | 1 | none | 0001-01-01 | recorded 0001-01-01",
)


async def test_a_published_key_names_its_figure(config: Settings, database: Database) -> None:
    for key, sums in PUBLISHED:
        found = await explained(config, database, key)
        assert [one.totals for one in found] == sums, key
        assert all(one.explained for one in found), key


async def test_an_unknown_key_is_refused(config: Settings, database: Database) -> None:
    for key in NO_KEYS:
        with pytest.raises((KeyNotFound, PeriodInvalid)):
            await explained(config, database, key)


TAMPER = """
UPDATE block SET value = ARRAY(
    SELECT one.value + CASE WHEN one.value > 0 AND month + one.recorded >= '2019-01-01' THEN 7 ELSE 0 END
    FROM unnest(recorded, value) WITH ORDINALITY AS one (recorded, value, position) ORDER BY position
) WHERE cut = 2 AND measure = 6
"""


async def test_a_cell_that_an_audit_names_is_explained_and_the_tampering_shown(config: Settings, database: Database) -> None:
    async with database.connection() as conn:
        await conn.execute(TAMPER)
        ((cell, stored, recounted),) = (await audit(config, conn)).differing
    (found,) = await explained(config, database, cell_name(cell))
    assert (found.answers, found.totals, found.explained) == ({"": stored}, {"": recounted}, False)
    assert deltas(found) == [("DispatchCorrected", 1)]
