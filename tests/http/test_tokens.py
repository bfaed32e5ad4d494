"""What a token's claims let its bearer see and do, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.db import Database
from shared.principals import Role
from tests.support.docking import Dock, dock
from tests.support.http import SIGNING_KEY, Client, serving
from tests.support.registration import a_worker
from tests.support.tokens import signed

__all__ = ["dock"]

UNAUTHENTICATED = (401, "UNAUTHENTICATED")
SHAANXI, LIAONING, GANSU_COUNTY = "610102", "210102", "621126"
NOT_REGIONS = pytest.mark.parametrize("regions", ["620000", "CN", "", [""], ["6"], [620000]], ids=repr)


def bearing(client: Client, **claims: Any) -> Client:
    """The service, called by a clerk with these claims, signed by the stack's own key."""
    return replace(client, token=signed(SIGNING_KEY, **claims))


@NOT_REGIONS
async def test_field_case_f1_registration_shows_and_takes_nothing_for_regions_that_are_not_a_list_of_codes(
    registration: Client, regions: object
) -> None:
    clerk = bearing(registration, regions=regions)
    listed = await clerk.get("/workers")
    assert (listed.status, listed.code) == UNAUTHENTICATED
    for county in (SHAANXI, LIAONING, GANSU_COUNTY):
        answer = await clerk.post("/workers", a_worker().from_county(county).body())
        assert (answer.status, answer.code) == UNAUTHENTICATED
    nobody = await registration.speaking_as(Role.OFFICER).get("/workers")
    assert nobody.body["items"] == []


async def test_field_case_f1_a_clerk_of_gansu_covers_gansu_only(registration: Client) -> None:
    clerk = bearing(registration, regions=["620000"])
    answers = [await clerk.post("/workers", a_worker().from_county(county).body()) for county in (GANSU_COUNTY, SHAANXI, LIAONING)]
    assert [answer.status for answer in answers] == [201, 403, 403]


@NOT_REGIONS
async def test_field_case_f1_docking_shows_nothing_for_regions_that_are_not_a_list_of_codes(dock: Dock, regions: object) -> None:
    placement = (await dock.matched())["placement"]
    clerk = bearing(dock.client, regions=regions)
    listed = await clerk.get("/placements")
    assert (listed.status, listed.code) == UNAUTHENTICATED
    answer = await clerk.post(f"/placements/{placement}/cancellation", {})
    assert (answer.status, answer.code) == UNAUTHENTICATED
    everything = await bearing(dock.client, regions=["CN"]).get("/placements")
    assert [one["placement"] for one in everything.body["items"]] == [placement]


async def test_field_case_f22_a_token_issued_by_a_clock_three_seconds_ahead_is_accepted(registration: Client) -> None:
    now = int(time.time())
    assert (await bearing(registration, iat=now + 3, exp=now + 3600).get("/workers")).status == 200
    late = await bearing(registration, iat=now + 60, exp=now + 3600).get("/workers")
    assert (late.status, late.code) == UNAUTHENTICATED


async def test_who_asks_too_often_is_asked_to_wait_and_others_are_not(make_database: Callable[[str], Awaitable[Database]]) -> None:
    limits = {"caller_requests_per_second": 0.01, "caller_burst": 3}
    async with serving("registration", await make_database("registration"), **limits) as service:
        hasty, other = (bearing(service, sub=name) for name in ("hasty", "other"))
        answers = [await hasty.get("/workers") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].code == "TOO_MANY_REQUESTS"
        assert 0 < int(answers[-1].headers["retry-after"]) <= 100
        assert (await other.get("/workers")).status == 200
