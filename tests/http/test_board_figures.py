"""The rows both boards show, read over HTTP from a running stats service, and the sentences about them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import aiohttp

from console.api_client import ApiClient
from console.board import figures, replay, sentences
from console.board.rows import Board, TargetRow
from shared.principals import NATION, Principal, Role
from shared.texts import texts
from shared.web.auth import issue
from tests.support.http import SIGNING_KEY, Client
from tests.support.stats import POOR_WEST, RICH_EAST, counted, departure, dispatched, opened, recorded

JULY = datetime(2018, 7, 1, tzinfo=UTC)


@asynccontextmanager
async def reader_of(stats: Client) -> AsyncIterator[ApiClient]:
    """The console's client, as an auditor on 1 July 2018."""
    async with aiohttp.ClientSession() as session:
        yield ApiClient(
            session=session,
            addresses={"stats": stats.base},
            token=lambda role, party: issue(SIGNING_KEY, Principal("board", role, (NATION,), party)),
            limit=asyncio.Semaphore(8),
            run="board",
            role=Role.AUDITOR,
            at=JULY,
        )


async def a_history(stats: Client) -> None:
    """2017: three departures; 2018: four, of which one from a poverty county is recorded in June; orders with two positions."""
    earlier = [dispatched(departure(RICH_EAST, date(2017, month, 2))) for month in (1, 2, 2)]
    this_year = [dispatched(departure(RICH_EAST, date(2018, 1, day), destination="SGP")) for day in (3, 4, 5)]
    late = recorded(dispatched(departure(POOR_WEST, date(2018, 2, 6))), date(2018, 6, 20))
    await counted(stats.database, [*map(recorded, earlier), *map(recorded, this_year), late, recorded(opened(2))])


async def board_of(stats: Client, known_on: date | None = None) -> Board:
    await a_history(stats)
    async with reader_of(stats) as client:
        return await figures.read_board(client, 2018, known_on)


async def test_months_are_shown_beside_the_same_months_of_the_year_before(stats: Client) -> None:
    shown = await board_of(stats, date(2018, 6, 30))
    assert [(row.month, row.dispatches, row.dispatches_before) for row in shown.months[:3]] == [
        ("2018-01", 3, 1),
        ("2018-02", 1, 2),
        ("2018-03", 0, 0),
    ]
    assert [(row.cumulative, row.cumulative_before, row.stock) for row in shown.months[:2]] == [(3, 1, 6), (4, 3, 7)]


async def test_provinces_and_destinations_are_ranked_with_their_shares(stats: Client) -> None:
    shown = await board_of(stats)
    assert [(row.code, row.value, row.share) for row in shown.provinces] == [("370000", 3, (3, 4)), ("620000", 1, (1, 4))]
    assert [(row.code, row.value) for row in shown.destinations] == [("SGP", 3), ("JPN", 1)]


async def test_a_board_as_known_on_a_day_shows_only_what_was_recorded_by_then(stats: Client) -> None:
    before = await board_of(stats, date(2018, 6, 19))
    async with reader_of(stats) as client:
        after = await figures.read_board(client, 2018, date(2018, 6, 20))
    assert [sum(row.value for row in shown.provinces) for shown in (before, after)] == [3, 4]
    assert [shown.evaluation.targets[0].actual for shown in (before, after)] == [6, 7]
    assert before.freshness.known_on == date(2018, 6, 19)


async def test_a_replay_shows_when_each_part_of_a_year_became_known(stats: Client) -> None:
    await a_history(stats)
    async with reader_of(stats) as client:
        known = await replay.read(client, 2018, replay.days(2018, date(2018, 7, 1)))
    assert [(each.on.month, each.dispatches) for each in known] == [(1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (6, 4)]


async def test_a_replay_steps_from_day_to_day_and_ends_at_now() -> None:
    days = replay.days(2018, date(2018, 3, 15))
    assert days == (date(2018, 1, 31), date(2018, 2, 28))
    assert replay.step(days, None, -1) == date(2018, 2, 28)
    assert replay.step(days, date(2018, 2, 28), 1) is None
    assert replay.step(days, date(2018, 1, 31), -1) == date(2018, 1, 31)
    assert replay.step(days, date(2018, 2, 10), -1) == date(2018, 1, 31)
    assert replay.step(days, date(2018, 2, 10), 1) == date(2018, 2, 28)
    assert replay.step((), None, -1) is None


async def test_a_gap_is_named_in_heads_and_by_whether_the_orders_in_hand_can_close_it(stats: Client) -> None:
    shown = await board_of(stats, date(2018, 6, 30))
    quotas = {quota.code: quota for quota in shown.evaluation.quotas_of(2018)}
    assert (quotas["Q1"].share, quotas["Q1"].open_positions) == ((1, 4), 2)
    assert sentences.gap(texts("en"), quotas["Q1"]) == "No gap."
    assert sentences.gap(texts("en"), quotas["indicator"]) == "Gap in heads: 2. The orders in hand can close it: 2 positions open."
    assert sentences.gap(texts("zh"), quotas["indicator"]) == "缺口 2 人次。现有用工项目可以补上：空缺岗位 2 个。"
    assert sentences.state(texts("en"), quotas["indicator"].status) == "! at risk"


async def test_a_target_says_what_it_needs_per_day_and_where_it_is_heading(stats: Client) -> None:
    shown = await board_of(stats, date(2018, 6, 30))
    dispatches: TargetRow = shown.evaluation.targets[0]
    assert sentences.run_rate(texts("en"), dispatches) == "1,799,993 dispatches to go in 915 days: 1,968 dispatches a day."
    assert dispatches.projection is not None
    assert sentences.projection(texts("en"), dispatches).startswith(f"Heading for {dispatches.projection.likely} dispatches, between ")
    assert "2017" in sentences.method(texts("ja"), dispatches)
    assert sentences.method(texts("ja"), dispatches) != dispatches.projection.method
