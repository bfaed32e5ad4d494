"""The events behind a figure, page by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from console.board import sentences
from console.board.rows import EventRow, Explanation
from console.web.pages import environment
from console.web.screens.programme_board import EVENTS, pages_of
from shared.texts import texts
from shared.values import Clock

KEY = "dispatches|nation:CN|2019"


def a_figure(number: int, shown: int) -> Explanation:
    day = date(2019, 5, 1)
    events = tuple(
        EventRow(
            type="docking.Dispatched.v1",
            subject="x",
            at=f"docking.events/0@{place}",
            time=Clock().now() - timedelta(hours=place),
            day=day,
            currency=None,
            delta=1,
            total=number - place,
        )
        for place in range(shown)
    )
    return Explanation(title=KEY, programme=None, explained=True, sums={"": number}, answers={"": number}, number=number, events=events)


def drawn(figure: Explanation, skip: int) -> str:
    values = {"name": KEY, "found": [figure], "sentences": sentences, "skip": skip, **pages_of([figure], KEY, None, skip)}
    return environment().get_template("board/explanations.html").render(t=texts("en"), **values)


def test_of_more_events_than_a_page_has_the_older_ones_follow() -> None:
    page = drawn(a_figure(3119, EVENTS), 0)
    assert "Events 1 to 200 of 3,119, the newest first." in page
    assert 'rel="next" href="/board/why?key=dispatches%7Cnation%3ACN%7C2019&amp;skip=200"' in page
    assert "Newer events" not in page
    assert "laowu why" not in page


def test_the_last_page_leads_back_to_the_newer_ones() -> None:
    page = drawn(a_figure(410, 10), 400)
    assert "Events 401 to 410 of 410, the newest first." in page
    assert 'rel="prev" href="/board/why?key=dispatches%7Cnation%3ACN%7C2019&amp;skip=200"' in page
    assert "Older events" not in page
    assert pages_of([a_figure(410, 200)], KEY, date(2020, 1, 1), EVENTS)["newer"] == (
        "/board/why?key=dispatches%7Cnation%3ACN%7C2019&known_on=2020-01-01"
    )


def test_a_page_behind_the_last_says_so_and_all_events_on_one_page_need_no_other() -> None:
    assert "There are no older events." in drawn(a_figure(5, 0), 200)
    assert "Older events" not in drawn(a_figure(5, 5), 0)


def test_events_of_one_kind_day_and_minute_are_one_row_with_their_number_and_sum() -> None:
    found = a_figure(40, 3)
    at_once = [replace(one, type="rights.IncomeReported.v1", time=found.events[0].time) for one in found.events]
    page = drawn(replace(found, events=(*at_once, replace(at_once[0], day=date(2019, 4, 1)))), 0)
    assert page.count('<th scope="row">') == 2
    assert "Income reported: 3 times" in page
    assert ">+3<" in page
    assert "May 2019" in page, "what is reported by the month"
    assert all(one.at in page for one in at_once)
