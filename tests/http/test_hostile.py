"""Whatever is sent to a command: a 4xx problem that names what is wrong, nothing written, nothing published, never a 5xx.

The requests are made from each service's own OpenAPI document, so a new route is attacked from the day it exists.
"""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from yarl import URL

from shared.principals import Role
from shared.web.app import DEFAULT_BODY_LIMIT
from shared.web.auth import issue
from tests.support.http import SERVICES, SIGNING_KEY, Client, Start, service_of
from tests.support.routes import Door, application, doors, form, permitted
from tests.support.tables import contents

JSON = "application/json"
NO_ID = ("not-an-id", "0", "%00", "%ED%A0%80", "..%2f..", "a" * 3000)
NO_KEY = {
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

KEYLESS = {"/sweep", "/scenarios"}  # the one takes whatever key there is, the other stores nothing and needs none

every_service = pytest.mark.parametrize("service", SERVICES)


@dataclass(frozen=True, slots=True)
class Attack:
    what: str
    content: bytes
    path: str
    expected: frozenset[int]
    headers: dict[str, str] = field(default_factory=dict)
    key: str | None = "fresh"


REFUSED = frozenset(range(400, 500)) - {401, 403}


def on_any_body(door: Door, limit: int) -> Iterator[Attack]:
    """Bodies that no command takes, whatever its form."""

    def attack(what: str, content: bytes, *expected: int, kind: str = JSON) -> Attack:
        return Attack(what, content, door.filled(), frozenset(expected) or REFUSED, {"content-type": kind})

    deep = 100_000
    yield attack("nothing", b"")
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
    yield attack("a content type that is none", b"{}", kind="/;;;=")
    for other in (b"null", b"true", b"0", b'"text"', b"[]", b"[[]]", b"{}"):
        yield attack(f"only {other.decode()}", other)


def on_its_form(door: Door, document: dict[str, Any]) -> Iterator[Attack]:
    """Bodies of almost the required form."""
    wanted = form(document, door)
    if wanted is not None:
        for what, body in wanted.hostile():
            yield Attack(what, json.dumps(body).encode(), door.filled(), REFUSED, {"content-type": JSON})


def on_its_path_and_key(door: Door, document: dict[str, Any]) -> Iterator[Attack]:
    wanted = form(document, door)
    plain = json.dumps(wanted.plain()).encode() if wanted else b"{}"
    if "{" in door.path:
        for no_id in NO_ID:
            yield Attack(f"the id {no_id[:20]}", plain, door.filled(no_id), REFUSED, {"content-type": JSON})
    for what, key in NO_KEY.items():
        yield Attack(f"Idempotency-Key: {what}", plain, door.filled(), REFUSED, {"content-type": JSON}, key)


async def answer(caller: Client, door: Door, attack: Attack) -> tuple[int, str, Any]:
    """(status, content type, body). A connection that the server closed on us counts as status 0."""
    headers = dict(attack.headers)
    headers["authorization"] = f"Bearer {issue(SIGNING_KEY, caller.who)}"
    if attack.key is not None:
        headers["idempotency-key"] = secrets.token_hex(16) if attack.key == "fresh" else attack.key
    url = caller.base + attack.path
    async with caller.session.request(
        door.method, URL(url, encoded=True), data=io.BytesIO(attack.content), headers=headers, skip_auto_headers=("Content-Type",)
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


async def unharmed(caller: Client, door: Door, attacks: Iterator[Attack]) -> list[str]:
    """What went wrong under attack: an answer that is no 4xx problem, or a table that has changed."""
    speaker, wrong = permitted(caller, door), []
    before = await contents(caller.database)
    for attack in attacks:
        status, kind, body = await answer(speaker, door, attack)
        if not is_problem(attack, status, kind, body):
            wrong.append(f"{door}: {attack.what}: {status} {kind} {str(body)[:200]}")
    if await contents(caller.database) != before:
        wrong.append(f"{door}: something was written")
    return wrong


def commands(caller: Client) -> tuple[list[Door], dict[str, Any]]:
    """The POST doors that take a body, and the OpenAPI document."""
    app = application(caller)
    document = app.openapi()
    return [door for door in doors(app) if door.method != "GET" and "requestBody" in _operation(document, door)], document


def _operation(document: dict[str, Any], door: Door) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"][door.path][door.method.lower()]
    return operation


@every_service
async def test_what_is_no_body_is_refused(service: str, client: Start) -> None:
    caller = await client(service)
    known, document = commands(caller)
    limits = service_of(service).body_limits
    wrong = [
        line
        for door in known
        if form(document, door) is not None
        for line in await unharmed(caller, door, on_any_body(door, limits.get(door.path, DEFAULT_BODY_LIMIT)))
    ]
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_body_of_the_required_form_is_never_our_fault(service: str, client: Start) -> None:
    """And most of them get past the form: what the next test changes in them is then what they are refused for."""
    caller = await client(service)
    known, document = commands(caller)
    answers = {}
    for door in known:
        wanted = form(document, door)
        if wanted is not None:
            attack = Attack("plain", json.dumps(wanted.plain()).encode(), door.filled(), REFUSED, {"content-type": JSON})
            status, _, body = await answer(permitted(caller, door), door, attack)
            answers[str(door)] = (status, body.get("code") if isinstance(body, dict) else None)
    assert all(status < 500 for status, _ in answers.values()), answers
    assert sum(code != "INVALID" for _, code in answers.values()) * 2 >= len(answers), answers


@every_service
async def test_a_body_with_one_hostile_value_is_refused(service: str, client: Start) -> None:
    caller = await client(service)
    known, document = commands(caller)
    wrong = [line for door in known for line in await unharmed(caller, door, on_its_form(door, document))]
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_path_that_holds_no_id_and_a_bad_key_are_refused(service: str, client: Start) -> None:
    caller = await client(service)
    app = application(caller)
    document = app.openapi()
    posts = [door for door in doors(app) if door.method != "GET" and door.path not in KEYLESS]
    wrong = [line for door in posts for line in await unharmed(caller, door, on_its_path_and_key(door, document))]
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_body_that_grows_beyond_its_bound_while_it_is_sent_is_cut_off(service: str, client: Start) -> None:
    """Chunked: no length is declared, so only counting helps."""
    caller = await client(service)
    known, _ = commands(caller)
    door = known[0]
    limit = service_of(service).body_limits.get(door.path, DEFAULT_BODY_LIMIT)

    async def chunks() -> Any:
        for _ in range(limit // 65536 + 2):
            yield b"x" * 65536

    answered = await permitted(caller, door).send(door.method, door.filled(), data=chunks(), headers={"content-type": JSON})
    assert (answered.status, answered.code) == (413, "TOO_LARGE")


@every_service
async def test_no_query_breaks_a_reading_route(service: str, client: Start) -> None:
    caller = await client(service)
    app = application(caller)
    document = app.openapi()
    wrong = []
    for door in (one for one in doors(app) if one.method == "GET"):
        names = [one["name"] for one in _operation(document, door).get("parameters", []) if one["in"] == "query"]
        speaker = permitted(caller, door)
        tries = [(door.filled(no_id), "") for no_id in NO_ID] if "{" in door.path else []
        tries += [(door.filled(), f"{name}={bad}") for name in names for bad in HOSTILE_QUERY]
        for path, query in tries:
            status, kind, body = await answer(speaker, door, Attack(query, b"", f"{path}?{query}", frozenset(), key=None))
            if status >= 500 or (status >= 400 and kind != "application/problem+json"):
                wrong.append(f"GET {path[:80]}?{query[:80]}: {status} {kind} {str(body)[:200]}")
    assert not wrong, "\n".join(wrong)


@every_service
async def test_a_hostile_simulated_time_is_refused(service: str, client: Start) -> None:
    caller = (await client(service)).speaking_as(Role.OPERATOR)
    for moment in ("yesterday", "2018-09-28", "2018-09-28T08:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1e400"):
        answered = await caller.send("POST", "/sweep", headers={"simulated-time": moment})
        assert (answered.status, answered.headers["content-type"]) == (422, "application/problem+json"), moment


@every_service
async def test_a_control_character_in_a_header_is_refused(service: str, client: Start) -> None:
    """Below FastAPI: the HTTP parser itself answers and closes."""
    caller = await client(service)
    url = URL(caller.base)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /sweep HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {issue(SIGNING_KEY, caller.speaking_as(Role.OPERATOR).who)}\r\n"
    writer.write(f"{head}Idempotency-Key: abcdefgh\x01\x00abc\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    first = await reader.readline()
    writer.close()
    assert first.split()[1] == b"400"
