"""Docking's screens before a real docking."""

from __future__ import annotations

from shared.principals import Role
from tests.support.console import console_before
from tests.support.docking import Dock, dock

__all__ = ["dock"]


async def test_a_scorecard_has_a_row_for_each_score(dock: Dock) -> None:
    enterprise = (await dock.departed())["enterprise"]
    async with console_before(docking=dock.client) as console:
        page = await (await console.visitor(Role.OFFICER)).get(f"/enterprises/{enterprise}/scorecard")
    scores = (await dock.get(f"/enterprises/{enterprise}/scorecard")).body["scores"]
    assert page.text.count('<th scope="row">') == len(scores)
    assert "Complaints still open" in page.words


async def test_a_list_is_sorted_by_the_heading_of_a_column_and_the_other_way_round(dock: Dock) -> None:
    for name in ("Baoji Labour", "Ankang Labour", "Chengde Labour"):
        await dock.enterprise(name=name, reserve=0)
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)

        async def shown(query: str) -> str:
            return (await officer.get(f"/enterprises{query}")).text

        first, upwards, downwards = await shown(""), await shown("?sort=name"), await shown("?sort=-name")
        assert '<a href="?sort=name">' in first
        assert [page.count("aria-sort") for page in (first, upwards, downwards)] == [0, 1, 1]
        assert 'aria-sort="ascending"><a href="?sort=-name">' in upwards, "the same heading turns it round"
        assert 'aria-sort="descending"><a href="?sort=name">' in downwards
        for page, names in ((upwards, "ABC"), (downwards, "CBA"), (await shown("?sort=-id"), "CAB"), (await shown("?sort=rubbish"), "BAC")):
            places = {name[0]: page.index(name) for name in ("Ankang", "Baoji", "Chengde")}
            assert "".join(sorted(places, key=lambda place: places[place])) == names


async def test_a_filter_keeps_the_order_and_an_order_the_filter(dock: Dock) -> None:
    await dock.order()
    async with console_before(docking=dock.client) as console:
        page = (await (await console.visitor(Role.OFFICER)).get("/orders?state=open&sort=-expires")).text
    assert '<input type="hidden" name="sort" value="-expires">' in page
    assert '<a href="?state=open&amp;sort=expires">' in page
