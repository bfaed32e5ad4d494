"""Outreach and what came of it, by channel of outreach and county."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.stats.counting.cuts import CUT_BY_CODE
from services.stats.counting.measures import cuts_for
from services.stats.domain.errors import NoCut
from services.stats.domain.questions import Filter, Question
from services.stats.figures.classifications import shipped
from services.stats.figures.planning import selection
from services.stats.figures.query import answer
from services.stats.usecases import figures
from services.stats.views import exports
from shared import events, reference
from shared.db import Database
from shared.values import CountyCode, Designation, OutreachChannel, WorkerId, new_id
from tests.support.publicity import outreach_corrected, outreach_fact, outreach_voided, reached
from tests.support.stats import POOR_WEST, RICH_EAST, UNKNOWN, cause, conversion, counted, recorded, worker_fact

POOR = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))
BROADCAST, TELEVISION, NEWSPAPER = list(OutreachChannel)[:3]


def registered(county: str = POOR_WEST, on: date = date(2018, 4, 1), codes: int = 0) -> events.WorkerRegistered:
    """Of an announcement heard by a channel (odd codes: of none)."""
    return events.WorkerRegistered.model_validate(
        {
            "worker": new_id(),
            "worker_no": "W1",
            "birth_year": 1990,
            "sex": "male",
            "origin": reference.origin(CountyCode(county), on),
            "residence_basis": "residence",
            "education": 3,
            "occupations": (),
            "assurance": "verified",
            "source": "self",
            "household_status": "unknown",
            "effective": on,
            "outreach": conversion(county, on, codes),
        }
    )


async def ask(database: Database, measure: str, **rest: Any) -> dict[tuple[str, ...], Any]:
    question = Question(measure=measure, start=date(2018, 1, 1), end=date(2018, 12, 31), **rest)
    async with database.transaction(cause()) as tx:
        points = await answer(tx, question)
    return {tuple(point.of.values()): point.ratio or point.value for point in points if point.ratio or point.value}


async def publicity(database: Database) -> None:
    """200 and 60 reached in a poverty county, 1,000 in a rich one; two registrations came of it, a third of nothing."""
    facts = [outreach_fact(POOR_WEST), outreach_fact(POOR_WEST, reached=60, codes=2), outreach_fact(RICH_EAST, reached=1000)]
    came = [registered(), registered(codes=2), registered(RICH_EAST, codes=1)]
    await counted(database, [recorded(one) for one in (*map(reached, facts), *came)])


async def test_outreach_is_counted_by_county_and_channel(database: Database) -> None:
    await publicity(database)
    assert await ask(database, "outreach_reached", by=("outreach_channel",)) == {("broadcast",): 1200, ("newspaper",): 60}
    assert await ask(database, "outreach_reached", by=("county", "outreach_channel")) == {
        (POOR_WEST, "broadcast"): 200,
        (POOR_WEST, "newspaper"): 60,
        (RICH_EAST, "broadcast"): 1000,
    }
    assert await ask(database, "outreach_converted", by=("outreach_channel",)) == {("broadcast",): 1, ("newspaper",): 1}
    assert await ask(database, "outreach_converted") == {(): 2}
    assert await ask(database, "registrations") == {(): 3}


async def test_conversion_is_registrations_over_people_reached(database: Database) -> None:
    await publicity(database)
    assert await ask(database, "conversion") == {(): (200, 1260)}
    assert await ask(database, "conversion", by=("outreach_channel",)) == {("broadcast",): (100, 1200), ("newspaper",): (100, 60)}
    assert await ask(database, "conversion", by=("county",)) == {(POOR_WEST,): (200, 260), (RICH_EAST,): (0, 1000)}
    assert await ask(database, "conversion", by=("outreach_channel",), filter=POOR) == {
        ("broadcast",): (100, 200),
        ("newspaper",): (100, 60),
    }
    by_class = await ask(database, "conversion", by=("listed",), filter=Filter(outreach_channel=(BROADCAST,)))
    assert by_class == {("national",): (100, 200), ("none",): (0, 1000)}
    assert await ask(database, "conversion", by=("region", "outreach_channel"), filter=Filter(outreach_channel=(NEWSPAPER,))) == {
        ("west", "newspaper"): (100, 60)
    }


async def test_corrections_and_voids_move_what_was_reached(database: Database) -> None:
    first = reached()
    better = outreach_corrected(first, outreach_fact(RICH_EAST, date(2018, 5, 1), 150, codes=1))
    await counted(database, [recorded(first, date(2018, 3, 2)), recorded(better, date(2018, 5, 2))])
    assert await ask(database, "outreach_reached", by=("county", "outreach_channel")) == {(RICH_EAST, "television"): 150}
    assert await ask(database, "outreach_reached", known_on=date(2018, 4, 1)) == {(): 200}
    await counted(database, [recorded(outreach_voided(first, better.fact), date(2018, 6, 1))])
    assert await ask(database, "outreach_reached") == {}


async def test_a_corrected_registration_takes_its_conversion_along(database: Database) -> None:
    worker = registered()
    previous, fact = worker_fact(POOR_WEST, date(2018, 4, 1), codes=0), worker_fact(RICH_EAST, date(2018, 4, 1), codes=0)
    about = {"worker": WorkerId(new_id()), "fields": ("county",), "reason": "mistyped", "requested_by": "clerk:a", "approver": None}
    moved = events.WorkerCorrected.model_validate({**about, "previous": previous, "fact": fact, "effective": date(2018, 6, 1)})
    await counted(database, [recorded(worker, date(2018, 4, 1)), recorded(moved, date(2018, 6, 1))])
    assert await ask(database, "outreach_converted", by=("county", "outreach_channel")) == {(RICH_EAST, "broadcast"): 1}


async def test_what_counties_are_listed_as_at_the_time_is_not_counted_by_channel(database: Database) -> None:
    await publicity(database)
    assert await ask(database, "outreach_reached", by=("listed",), basis="listed_at_departure") == {("national",): 260, ("none",): 1000}
    with pytest.raises(NoCut):
        await ask(database, "outreach_reached", by=("listed", "outreach_channel"), basis="listed_at_departure")
    assert await ask(database, "outreach_reached", by=("listed", "outreach_channel"), basis="listed_on_day") == {
        ("national", "broadcast"): 200,
        ("national", "newspaper"): 60,
        ("none", "broadcast"): 1000,
    }
    with pytest.raises(NoCut):
        await ask(database, "registrations", by=("outreach_channel",))


async def test_a_figure_by_channel_is_exported_with_its_counties_that_no_list_knows(database: Database) -> None:
    await publicity(database)
    await counted(database, [recorded(reached(outreach_fact(UNKNOWN, reached=7)))])
    part = Filter(outreach_channel=(BROADCAST,))
    question = Question(measure="conversion", start=date(2018, 1, 1), end=date(2018, 12, 31), by=("outreach_channel",), filter=part)
    async with database.transaction(cause()) as tx:
        head, points = await figures.export(tx, question, lag={})
        reach = await figures.figure(tx, question.model_copy(update={"measure": "outreach_reached"}), lag={})
    [header, line, *_] = b"".join(exports.file_of(head, points, "csv")).decode().splitlines()
    assert (header.split(",")[:2], line.split(",")[:2]) == (["outreach_channel", "value"], ["broadcast", "0"])
    assert reach.unclassified is not None
    assert (reach.unclassified.counties, reach.unclassified.value) == ([UNKNOWN], 7)


def test_the_cut_that_explains_a_figure_by_channel_has_both_keys() -> None:
    question = Question(
        measure="outreach_reached",
        start=date(2018, 1, 1),
        end=date(2018, 12, 31),
        filter=Filter(county=(CountyCode(POOR_WEST),), outreach_channel=(TELEVISION,)),
    )
    sums, _, _ = selection(question, shipped())
    assert (CUT_BY_CODE[sums.cut].name, sums.k1, sums.k2) == ("county x outreach channel", (POOR_WEST,), ("television",))
    assert {cut.name for cut in cuts_for("outreach_converted")} == {"county x designation", "county x outreach channel"}
