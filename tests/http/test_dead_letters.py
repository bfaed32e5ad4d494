"""The dead letters of a service over HTTP: read by operators and auditors, decided by operators, each refusal a problem with its reason."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from console.services import SERVICES
from shared.events import DOCKING, encode
from shared.principals import Role
from tests.support.http import Client, Start
from tests.support.stats import dispatched, recorded

PARK = """
INSERT INTO dead_letter (topic, partition, "offset", sequence, key, value, headers, reason, detail, subject, blocks)
VALUES ($1, 0, $2, $3, $4, $5, '[["a", "AA=="]]', $6, 'by hand', $7, $8)
"""


async def parked(client: Client, offset: int, value: bytes, key: str, *, reason: str = "undecodable", sequence: str | None = None) -> None:
    async with client.database.connection() as conn:
        number = sequence or f"1.{offset}"
        await conn.execute(PARK, DOCKING, offset, number, key.encode(), value, reason, key, reason != "no_sequence")


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_lists_shows_previews_redrives_and_discards(service: str, client: Start) -> None:
    caller = await client(service)
    operator, auditor = caller.speaking_as(Role.OPERATOR), caller.speaking_as(Role.AUDITOR)
    await parked(operator, 0, b"\xff?", "k1")
    await parked(operator, 1, b"{}", "k1", reason="behind")
    listed = await auditor.get("/dead-letters?state=parked&limit=1")
    assert [one["id"] for one in listed.body["items"]] == [1]
    assert [one["id"] for one in (await auditor.get("/dead-letters?sort=-id")).body["items"]] == [2, 1]
    rest = await auditor.get("/dead-letters", after=listed.body["next"])
    assert ([one["reason"] for one in rest.body["items"]], rest.body["next"]) == (["behind"], None)
    shown = (await auditor.get("/dead-letters/1")).body
    assert (base64.b64decode(shown["value_base64"]), shown["value_text"], shown["headers"], shown["behind"]) == (
        b"\xff?",
        None,
        [["a", "AA=="]],
        1,
    )
    seen = (await auditor.get("/dead-letters/preview?id=1")).body
    assert [(one["id"], one["outcome"], one["reason"]) for one in seen["letters"]] == [(1, "parked", "undecodable")]
    assert (seen["left"], seen["figures"]) == (2, [] if service == "stats" else None)
    again = await operator.post("/dead-letters/redrive", {"ids": [1]})
    assert (again.status, again.body["letters"][0]["outcome"], again.body["left"]) == (200, "parked", 2)
    gone = await operator.post("/dead-letters/discard", {"ids": [1, 2], "why": "written by hand"})
    assert (gone.status, gone.body) == (200, {"discarded": 2})
    kept = (await auditor.get("/dead-letters?state=discarded")).body["items"]
    assert [(one["decided_by"], one["decided_why"]) for one in kept] == [("operator:tester", "written by hand")] * 2


async def test_stats_counts_what_is_redriven_and_a_repeated_request_is_done_once(client: Start) -> None:
    caller = await client("stats")
    operator = caller.speaking_as(Role.OPERATOR)
    event = recorded(dispatched())
    await parked(operator, 7, encode(event), event.subject)
    figures = {change["figure"]: change for change in (await operator.get("/dead-letters/preview?id=1")).body["figures"]}
    assert figures["dispatches|nation:CN|2017-2020"]["after"]["actual"] == 1
    answers = [await operator.post("/dead-letters/redrive", {"ids": [1]}, key="redrive-the-first") for _ in range(2)]
    assert [(one.status, one.body["letters"][0]["outcome"]) for one in answers] == [(200, "redriven")] * 2
    figure = (await caller.get("/figures/dispatches?from=2018&to=2018")).body
    assert [point["value"] for point in figure["points"]] == [1]
    twice = await operator.post("/dead-letters/redrive", {"ids": [1]})
    assert (twice.status, twice.code, twice.body["state"]) == (409, "DEAD_LETTER_DECIDED", {"1": "redriven"})


REFUSED: tuple[tuple[str, Any, int, str], ...] = (
    ("redrive", {"ids": [99]}, 404, "DEAD_LETTER_NOT_FOUND"),
    ("redrive", {"ids": [2]}, 409, "BEHIND_ANOTHER"),
    ("redrive", {"ids": [3]}, 409, "NOT_OF_THE_LOG"),
    ("redrive", {"ids": []}, 422, "INVALID"),
    ("redrive", {"ids": [0]}, 422, "INVALID"),
    ("redrive", {"ids": [2**63]}, 422, "INVALID"),
    ("redrive", {"ids": list(range(1, 102))}, 422, "INVALID"),
    ("discard", {"ids": [1, 99], "why": "x"}, 404, "DEAD_LETTER_NOT_FOUND"),
    ("discard", {"ids": [1]}, 422, "INVALID"),
    ("discard", {"ids": [1], "why": " "}, 422, "INVALID"),
)


async def test_what_cannot_be_decided_is_refused_and_changes_nothing(client: Start) -> None:
    operator = (await client("rights")).speaking_as(Role.OPERATOR)
    await parked(operator, 0, b"?", "k1")
    await parked(operator, 1, b"?", "k1", reason="behind")
    await parked(operator, 2, b"?", "k1", reason="no_sequence")
    for what, body, status, code in REFUSED:
        answer = await operator.post(f"/dead-letters/{what}", body)
        assert (answer.status, answer.code) == (status, code), (what, body)
    for query, status in (("id=99", 404), ("id=2", 409), ("", 422), ("id=0", 422), (f"id={2**63}", 422), ("id=x", 422)):
        assert (await operator.get(f"/dead-letters/preview?{query}")).status == status, query
    for letter, status in (("99", 404), ("0", 422), (str(2**63), 422), ("x", 422)):
        assert (await operator.get(f"/dead-letters/{letter}")).status == status, letter
    assert {one["state"] for one in (await operator.get("/dead-letters")).body["items"]} == {"parked"}
