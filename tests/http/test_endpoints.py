"""Opening endpoints: what is refused, and how many an owner may have."""

from __future__ import annotations

from typing import Any

import pytest

from shared.principals import Role
from shared.values import new_id
from tests.conftest import MakeDatabase
from tests.support.http import Client, Start, serving

HOOK = {"kind": "webhook", "address": "https://example.org/hook"}


def an_enterprise(docking: Client) -> Client:
    return docking.speaking_as(Role.ENTERPRISE, party=new_id())


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"address": "http://example.org/"}, "URL_NOT_ALLOWED", "address"),
        ({"address": "https://127.0.0.1/"}, "URL_NOT_ALLOWED", "address"),
        ({"address": "https://user:pw@example.org/"}, "URL_NOT_ALLOWED", "address"),
        ({"address": "https://example.org/\nX: y"}, "INVALID", "address"),
        ({"address": "https://例.org/"}, "INVALID", "address"),
        ({"types": ["docking.Nothing.v1"]}, "TYPE_NOT_FOUND", "types.0"),
        ({"types": ["rights.IncomeReported.v1"]}, "TYPE_NOT_FOUND", "types.0"),
        ({"types": ["docking.Dispatched.v1", "rights.CaseSettled.v1"]}, "TYPE_NOT_FOUND", "types.1"),  # of another service
        ({"secret": "whsec_short"}, "SECRET_MALFORMED", "secret"),
        ({"language": "fr"}, "INVALID", "language"),
        ({"kind": "fax"}, "INVALID", "kind"),
        ({"kind": "mail", "address": "office@example.org"}, "MAIL_OFF", "kind"),
    ],
)
async def test_what_cannot_be_an_endpoint_is_refused_at_its_field(client: Start, changes: dict[str, Any], code: str, field: str) -> None:
    answer = await an_enterprise(await client("docking")).post("/endpoints", {**HOOK, **changes})
    assert (answer.code, answer.body["errors"][0]["field"]) == (code, field)
    assert "whsec_short" not in str(answer.body)


async def test_a_service_without_a_key_opens_none(make_database: MakeDatabase) -> None:
    async with serving("docking", await make_database("docking"), endpoint_key=None) as docking:
        assert (await an_enterprise(docking).post("/endpoints", HOOK)).code == "ENDPOINTS_OFF"


async def test_an_owner_has_twenty_at_a_time_and_opens_forty_a_day(client: Start) -> None:
    own = an_enterprise(await client("docking"))
    opened = [(await own.post("/endpoints", HOOK)).body["endpoint"] for _ in range(20)]
    assert (await own.post("/endpoints", HOOK)).code == "TOO_MANY_ENDPOINTS"
    for endpoint in opened:
        assert (await own.post(f"/endpoints/{endpoint}/disable")).status == 200
    for _ in range(20):
        assert (await own.post("/endpoints", HOOK)).status == 201
    assert (await own.post(f"/endpoints/{opened[0]}/enable")).code == "TOO_MANY_ENDPOINTS"
    async with own.database.connection() as conn:
        await conn.execute("UPDATE endpoint SET state = 'disabled'")
    assert (await own.post("/endpoints", HOOK)).code == "TOO_MANY_ENDPOINTS", "forty today"
    assert (await an_enterprise(own).post("/endpoints", HOOK)).status == 201, "of another they are not counted"


async def test_pages_of_endpoints_end(client: Start) -> None:
    own = an_enterprise(await client("docking"))
    opened = [(await own.post("/endpoints", HOOK)).body["endpoint"] for _ in range(3)]
    first = (await own.get("/endpoints", limit=2)).body
    second = (await own.get("/endpoints", limit=2, after=first["next"])).body
    assert [one["endpoint"] for one in first["items"] + second["items"]] == sorted(opened)
    assert second["next"] is None
