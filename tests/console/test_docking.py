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
