"""`laowu token --party`: an enterprise and a training centre are found by the numbers on their licences."""

from __future__ import annotations

import pytest

from console.commands.token import PartyNotFound, find_party
from shared.principals import NATION, Principal, Role
from shared.web.auth import issue
from tests.support.docking import Dock, dock
from tests.support.http import SIGNING_KEY
from tests.support.training import CENTRE, School, school

__all__ = ["dock", "school"]


def tokens(role: Role, party: str | None) -> str:
    return issue(SIGNING_KEY, Principal("local", role, (NATION,), party))


async def test_an_enterprise_is_found_by_its_licence(dock: Dock) -> None:
    enterprise = await dock.enterprise(licence_no="LW622720150001", reserve=0)
    addresses = {"docking": dock.client.base}
    assert await find_party(addresses, tokens, "LW622720150001") == enterprise
    assert await find_party(addresses, tokens, enterprise) == enterprise
    with pytest.raises(PartyNotFound, match="LW622720159999"):
        await find_party(addresses, tokens, "LW622720159999")


async def test_a_training_centre_is_found_by_its_licence(school: School) -> None:
    await school.centre("Qingdao Training Centre", 7)
    addresses = {"training": school.client.base}
    assert await find_party(addresses, tokens, "37007") == "Qingdao Training Centre"
    with pytest.raises(PartyNotFound):
        await find_party(addresses, tokens, "37999")
    assert await find_party({}, tokens, CENTRE) == CENTRE
