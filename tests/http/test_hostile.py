"""Malformed requests: a 4xx problem that names what is wrong, nothing written, nothing published, never a 5xx.

The requests are made from each service's own OpenAPI document, so a new route is covered from the day it exists.
"""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from yarl import URL

from console.services import SERVICES
from services.docking.__main__ import LISTS
from shared.principals import Role
from shared.web.app import DEFAULT_BODY_LIMIT
from shared.web.auth import issue
from tests.support.http import SIGNING_KEY, Client, Start, service_of
from tests.support.routes import Endpoint, application, body_form, endpoints, permitted
from tests.support.tables import contents

JSON = "application/json"
MALFORMED_IDS = ("not-an-id", "0", "%00", "%ED%A0%80", "..%2f..", "a" * 3000)
MALFORMED_KEYS = {
    "no key": None,
    "too short": "abc",
    "too long": "k" * 201,
    "a space": "key with spaces",
    "a tab": "key\tkey\tkey",
    "beyond ASCII": "schlüssel-schlüssel",
}
HOSTILE_QUERY = (
    "",
    "a%00b",
    "%ED%A0%80",
    "-1",
    str(2**63),
    "1" + "0" * 400,
    "x" * 3000,
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    str(uuid.UUID(int=0)),
)

REFUSED = frozenset(range(400, 500)) - {401, 403}
# Answer for every row by itself, a bad one with its field and code: test_adoption_rows_of_any_shape_are_refused_one_by_one, and
# those of this name in tests/http/test_docking_lists.py and test_docking_match_lists.py.
ROW_BY_ROW = {"/matches/nominations", "/matches/acceptances", *(f"/placements/{kind}" for kind in LISTS)}
KEYLESS = {"/sweep", "/scenarios"}  # /sweep takes any key; /scenarios stores nothing and needs none

every_service = pytest.mark.parametrize("service", SERVICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A malformed request, and the statuses that refuse it. `key`: the Idempotency-Key; "fresh": a new valid one."""

    what: str
    content: bytes
    path: str
    expected: frozenset[int] = REFUSED
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": JSON})
    key: str | None = "fresh"


def malformed_bodies(endpoint: Endpoint, limit: int) -> Iterator[Attack]:
    """Bodies that no command takes."""

    def attack(what: str, content: bytes, *expected: int, kind: str = JSON) -> Attack:
        return Attack(
            what=what,
            content=content,
            path=endpoint.filled(),
            expected=frozenset(expected) or REFUSED,
            headers={"content-type": kind},
        )

    deep = 100_000
    yield attack("empty", b"")
    yield attack("not JSON", b"not json")
    yield attack("cut off", b'{"a": ')
    yield attack("twice", b"{}{}")
    yield attack("bad UTF-8", b'{"a": "\xff\xfe\xc0\x80"}')
    yield attack("UTF-16", '{"a": 1}'.encode("utf-16"))
    yield attack("only NUL", b"\x00" * 64)
    yield attack("brackets 100,000 deep", b"[" * deep + b"]" * deep)
    yield attack("objects 20,000 deep", b'{"a":' * 20_000 + b"1" + b"}" * 20_000)
    yield attack("an integer of 400 digits", b'{"a": 1' + b"0" * 400 + b"}")
    yield attack("an integer of 100,000 digits", b'{"a": 1' + b"0" * 100_000 + b"}")
    yield attack("NaN", b'{"a": NaN, "b": Infinity, "c": -Infinity}')
    yield attack("a text of 200,000 characters", json.dumps({"a": "x" * 200_000}).encode())
    yield attack("more than the limit", b'"' + b"x" * limit + b'"', 413)
    yield attack("another content type", b"a=1&b=2", kind="application/x-www-form-urlencoded")
    yield attack("a malformed content type", b"{}", kind="/;;;=")
    for other in (b"null", b"true", b"0", b'"text"', b"[]", b"[[]]", b"{}"):
        yield attack(f"only {other.decode()}", other)


def almost_valid_bodies(endpoint: Endpoint, document: dict[str, Any]) -> Iterator[Attack]:
    """Valid bodies with one hostile value each."""
    wanted = body_form(document, endpoint)
    if wanted is not None:
        for what, body in wanted.hostile():
            yield Attack(what=what, content=json.dumps(body).encode(), path=endpoint.filled())


def malformed_ids_and_keys(endpoint: Endpoint, document: dict[str, Any]) -> Iterator[Attack]:
    wanted = body_form(document, endpoint)
    valid = json.dumps(wanted.valid()).encode() if wanted else b"{}"
    if "{" in endpoint.path:
        for malformed in MALFORMED_IDS:
            yield Attack(what=f"the id {malformed[:20]}", content=valid, path=endpoint.filled(malformed))
    for what, key in MALFORMED_KEYS.items():
        yield Attack(what=f"Idempotency-Key: {what}", content=valid, path=endpoint.filled(), key=key)


async def answer(caller: Client, endpoint: Endpoint, attack: Attack) -> tuple[int, str, Any]:
    """(status, content type, body)."""
    headers = dict(attack.headers)
    headers["authorization"] = f"Bearer {issue(SIGNING_KEY, caller.who)}"
    if attack.key is not None:
        headers["idempotency-key"] = secrets.token_hex(16) if attack.key == "fresh" else attack.key
    url = caller.base + attack.path
    async with caller.session.request(
        endpoint.method, URL(url, encoded=True), data=io.BytesIO(attack.content), headers=headers, skip_auto_headers=("Content-Type",)
    ) as response:
        return response.status, response.content_type, await response.json(content_type=None)


def is_problem(attack: Attack, status: int, kind: str, body: Any) -> bool:
    return (
        status in attack.expected
        and kind == "application/problem+json"
        and isinstance(body, dict)
        and {"type", "title", "status", "code", "detail"} <= body.keys()
        and body["status"] == status
    )


async def failures(caller: Client, attacked: Iterable[tuple[Endpoint, Iterator[Attack]]]) -> list[str]:
    """Answers that are no 4xx problem, and a line more for every table that has changed."""
    wrong = []
    before = await contents(caller.database)
    for endpoint, attacks in attacked:
        speaker = permitted(caller, endpoint)
        for attack in attacks:
            status, kind, body = await answer(speaker, endpoint, attack)
            if not is_problem(attack, status, kind, body):
                wrong.append(f"{endpoint}: {attack.what}: {status} {kind} {str(body)[:200]}")
    after = await contents(caller.database)
    return wrong + [f"{table} was written to" for table in after if after[table] != before[table]]


def commands(caller: Client) -> tuple[list[Endpoint], dict[str, Any]]:
    """The endpoints that take a body, and the OpenAPI document."""
    app = application(caller)
    document = app.openapi()
    return [
        endpoint for endpoint in endpoints(app) if endpoint.method != "GET" and "requestBody" in _operation(document, endpoint)
    ], document


def _operation(document: dict[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"][endpoint.path][endpoint.method.lower()]
    return operation


@every_service
async def test_a_malformed_body_is_refused(service: str, client: Start) -> None:
    caller = await client(service)
    known, document = commands(caller)
    limits = service_of(service).body_limits
    attacked = [
        (endpoint, malformed_bodies(endpoint, limits.get(endpoint.path, DEFAULT_BODY_LIMIT)))
        for endpoint in known
        if body_form(document, endpoint) is not None
    ]
    wrong = await failures(caller, attacked)
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_valid_body_for_unknown_ids_is_no_server_error(service: str, client: Start) -> None:
    """Most of them pass validation, so what the next test changes in them is what they are refused for."""
    caller = await client(service)
    known, document = commands(caller)
    answers = {}
    for endpoint in known:
        wanted = body_form(document, endpoint)
        if wanted is not None:
            attack = Attack(what="valid", content=json.dumps(wanted.valid()).encode(), path=endpoint.filled())
            status, _, body = await answer(permitted(caller, endpoint), endpoint, attack)
            answers[str(endpoint)] = (status, body.get("code") if isinstance(body, dict) else None)
    assert all(status < 500 for status, _ in answers.values()), answers
    assert sum(code != "INVALID" for _, code in answers.values()) * 2 >= len(answers), answers


@every_service
async def test_a_body_with_one_hostile_value_is_refused(service: str, client: Start) -> None:
    caller = await client(service)
    known, document = commands(caller)
    whole = [endpoint for endpoint in known if endpoint.path not in ROW_BY_ROW]
    wrong = await failures(caller, ((endpoint, almost_valid_bodies(endpoint, document)) for endpoint in whole))
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_malformed_id_or_key_is_refused(service: str, client: Start) -> None:
    caller = await client(service)
    app = application(caller)
    document = app.openapi()
    posts = [endpoint for endpoint in endpoints(app) if endpoint.method != "GET" and endpoint.path not in KEYLESS]
    wrong = await failures(caller, ((endpoint, malformed_ids_and_keys(endpoint, document)) for endpoint in posts))
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_chunked_body_is_cut_off_at_its_limit(service: str, client: Start) -> None:
    """Chunked: no length is declared, so only counting helps."""
    caller = await client(service)
    known, _ = commands(caller)
    endpoint = known[0]
    limit = service_of(service).body_limits.get(endpoint.path, DEFAULT_BODY_LIMIT)

    async def chunks() -> Any:
        for _ in range(limit // 65536 + 2):
            yield b"x" * 65536

    answered = await permitted(caller, endpoint).send(endpoint.method, endpoint.filled(), data=chunks(), headers={"content-type": JSON})
    assert (answered.status, answered.code) == (413, "TOO_LARGE")


@every_service
async def test_a_hostile_query_is_no_server_error(service: str, client: Start) -> None:
    caller = await client(service)
    app = application(caller)
    document = app.openapi()
    wrong = []
    for endpoint in (one for one in endpoints(app) if one.method == "GET"):
        names = [one["name"] for one in _operation(document, endpoint).get("parameters", []) if one["in"] == "query"]
        speaker = permitted(caller, endpoint)
        tries = [(endpoint.filled(malformed), "") for malformed in MALFORMED_IDS] if "{" in endpoint.path else []
        tries += [(endpoint.filled(), f"{name}={bad}") for name in names for bad in HOSTILE_QUERY]
        for path, query in tries:
            status, kind, body = await answer(
                speaker, endpoint, Attack(what=query, content=b"", path=f"{path}?{query}", headers={}, key=None)
            )
            if status >= 500 or (status >= 400 and kind != "application/problem+json"):
                wrong.append(f"GET {path[:80]}?{query[:80]}: {status} {kind} {str(body)[:200]}")
    assert not wrong, "\n".join(wrong)


PAGING = {
    "sort": ("rubbish", "-", "id;drop", "%00", "x" * 3000),
    "after": ("%00", "%ED%A0%80", "x" * 3000),  # a cursor of the right form that is none: tests/http/test_lists.py
    "before": ("%00", "%ED%A0%80", "x" * 3000),
    "limit": ("0", "-1", "1000000000", "1e9", "", "%00", "NaN", "9" * 400),
}


@every_service
async def test_paging_that_cannot_be_is_refused_at_its_field(service: str, client: Start) -> None:
    caller = await client(service)
    app = application(caller)
    document = app.openapi()
    wrong, tried = [], 0
    for endpoint in (one for one in endpoints(app) if one.method == "GET"):
        asked = {one["name"]: one for one in _operation(document, endpoint).get("parameters", []) if one["in"] == "query"}
        for name in PAGING.keys() & asked.keys() if "limit" in asked else ():
            for bad in PAGING[name]:
                attack = Attack(what=bad, content=b"", path=f"{endpoint.filled()}?{name}={bad}", headers={}, key=None)
                status, kind, body = await answer(permitted(caller, endpoint), endpoint, attack)
                fields = {error["field"] for error in body.get("errors", ())} if isinstance(body, dict) else set()
                tried += 1
                if kind != "application/problem+json" or not (status == 422 and name in fields):
                    wrong.append(f"{endpoint} {name}={bad[:20]}: {status} {str(body)[:120]}")
    assert tried
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_hostile_simulated_time_is_refused(service: str, client: Start) -> None:
    caller = (await client(service)).speaking_as(Role.OPERATOR)
    for moment in ("yesterday", "2018-09-28", "2018-09-28T08:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1e400"):
        answered = await caller.send("POST", "/sweep", headers={"simulated-time": moment})
        assert (answered.status, answered.headers["content-type"]) == (422, "application/problem+json"), moment


@every_service
async def test_a_control_character_in_a_header_is_refused(service: str, client: Start) -> None:
    """Below FastAPI: the HTTP parser itself answers, and closes the connection."""
    caller = await client(service)
    url = URL(caller.base)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /sweep HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {issue(SIGNING_KEY, caller.speaking_as(Role.OPERATOR).who)}\r\n"
    writer.write(f"{head}Idempotency-Key: abcdefgh\x01\x00abc\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    first = await reader.readline()
    writer.close()
    assert first.split()[1] == b"400"
