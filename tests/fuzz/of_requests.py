"""What callers of the services and visitors of the console send: bodies, cursors, headers, addresses."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from console.services import SERVICES
from console.web.documents import operations_of
from console.web.forms import read as read_posted
from console.web.public.addresses import NoSuchPage, parse, wanted_language
from console.web.public.serving import _is_known
from console.web.sessions import own_path, require_own_page
from services.docking.commands import adoptions, arrivals, clearances, dispatches, medicals, placements, proposals
from services.docking.usecases.placement_rows import parse_rows
from services.stats.domain.errors import KeyNotFound, PeriodInvalid
from services.stats.domain.periods import period_end, period_start
from services.stats.replay.figure_keys import _of_cell, _of_measure
from shared import values
from shared.errors import Invalid
from shared.notifications.endpoint_secrets import SecretUnreadable, is_secret, new_secret, seal, unseal
from shared.notifications.webhooks import _outcome, is_url
from shared.paging import CursorInvalid, Page
from shared.principals import Forbidden, Principal, Role
from shared.rows import SortedStatement
from shared.texts import best_language
from shared.values import Clock
from shared.web.call import Call, _clock, _replayed
from shared.web.idempotency import KeyMissing, require_key
from shared.web.openapi import routes
from tests.contracts import openapi
from tests.fuzz.parser import Parser, Refusal, as_text
from tests.support.http import service_of
from tests.support.routes import Endpoint, body_form

NO_ONE = Principal("fuzz", Role.OFFICER, ("CN",))
ROW_BY_ROW: Mapping[type[Any], type[BaseModel]] = {
    adoptions.AdoptPlacements: adoptions.AdoptedPlacement,
    proposals.NominateWorkers: proposals.NominatedWorker,
    proposals.AcceptMatches: proposals.AcceptedMatch,
    placements.RegisterContracts: placements.ListedContract,
    clearances.RequestClearances: clearances.ListedClearance,
    placements.BindInsurances: placements.ListedInsurance,
    medicals.RecordMedicals: medicals.ListedMedical,
    dispatches.RecordDepartures: dispatches.ListedDeparture,
    arrivals.ConfirmArrivals: arrivals.ListedArrival,
    dispatches.RecordReturns: dispatches.ListedReturn,
}


# --- bodies ---------------------------------------------------------------------------------------------------------------
@cache
def commands() -> Mapping[str, TypeAdapter[Any]]:
    """Of every service: the route -> what its body is read as."""
    found = {}
    for service in SERVICES:
        for route in routes(service_of(service).router):
            for field in route.dependant.body_params:
                found[f"{service} {min(route.methods or ())} {route.path}"] = TypeAdapter[Any](field.field_info.annotation or Any)
    return found


@cache
def bodies() -> tuple[bytes, ...]:
    """A valid body of every command, behind its route."""
    found = []
    for named in commands():
        service, method, path = named.split(" ")
        form = body_form(openapi.document(service), Endpoint(method, path, ()))
        found.append(f"{named}\n{json.dumps(form.valid(), ensure_ascii=False) if form else '{}'}".encode())
    return tuple(found)


def read_body(named: bytes) -> None:
    """As FastAPI reads it; what is accepted can be stored: no text with NUL, no number beyond a bigint."""
    name, _, body = named.partition(b"\n")
    known = commands()
    adapter = known.get(as_text(name)) or known[sorted(known)[len(body) % len(known)]]
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal from None
    command = adapter.validate_python(document)
    if (form := ROW_BY_ROW.get(type(command))) is not None:
        parse_rows(form, command.rows)  # each as it was sent
    else:
        require_storable(adapter.dump_python(command))


def require_storable(value: Any) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            require_storable(name)
            require_storable(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            require_storable(part)
    elif isinstance(value, Enum):
        require_storable(value.value)
    elif isinstance(value, str):
        assert "\x00" not in value, "a text with NUL"
        value.encode()
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63, "a number beyond a bigint"
    elif isinstance(value, datetime):
        assert value.tzinfo is not None, "a moment without its zone"
        value.astimezone(UTC)
    else:
        assert value is None or isinstance(value, UUID | date | float | Decimal), f"a {type(value).__name__}"


FIELDS: tuple[TypeAdapter[Any], ...] = tuple(
    TypeAdapter(kind)
    for kind in (
        *(values.Day, values.PeriodField, values.Money, values.Amount, values.PositiveAmount, values.Line, values.CountyField),
        *(values.DestinationField, values.OccupationField, values.CurrencyField, values.Count, values.WorkerId, values.Channel),
    )
)
FIELD_SAMPLES = (
    *(b'"2018-09-28"', b'"2018-09"', b'{"minor": 1250, "currency": "CNY"}', '"王芳"'.encode(), b'"622427"', b'"JPN"', b'"7112"', b'"CNY"'),
    *(b"1250", b"true", b'"018f0000-0000-7000-8000-000000000000"', b'"seafarer"', b'"2018-09-28T08:00:00Z"'),
)


def read_field(text: bytes) -> None:
    refused = 0
    for field in FIELDS:
        try:
            found = field.validate_json(text)
        except ValidationError:
            refused += 1
        else:
            require_storable(field.dump_python(found))
            to_json(found)
    if refused == len(FIELDS):
        raise Refusal


# --- cursors --------------------------------------------------------------------------------------------------------------
_AN_ID = "018f0000-0000-7000-8000-000000000000"
ORDERS: Mapping[bytes, list[Any]] = {
    b"uuid": [_AN_ID],
    b"date uuid": ["2018-09-28", _AN_ID],
    b"timestamptz uuid": ["2018-09-28T08:00:00.5+00:00", _AN_ID],
    b"text uuid": ["Weihai", _AN_ID],
    b"integer uuid": [250, _AN_ID],
    b"bigint text uuid": [10**12, "622427", _AN_ID],
}


def cursors() -> tuple[bytes, ...]:
    """What a list is sorted by, and the values of a cursor of it."""
    return tuple(b"%s\n%s" % (kinds, json.dumps(found).encode()) for kinds, found in ORDERS.items())


def read_cursor(lines: bytes) -> None:
    """With the check that whoever reads our source can put before it: the values can be sent to PostgreSQL."""
    kinds, _, packed = lines.partition(b"\n")
    if kinds not in ORDERS:
        raise Refusal
    statement = SortedStatement(object, "", tuple(("column", kind) for kind in kinds.decode().split()))
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    check = Page(path="/orders", sort="expires")._check(text)
    found = Page(path="/orders", sort="expires", after=f"{check}.{text}").values(statement)
    require_storable(found)
    for (_, kind), value in zip(statement.by, found, strict=True):
        assert kind != "integer" or -(2**31) <= value < 2**31, "a number beyond an integer"


def read_after(text: bytes) -> None:
    statement = SortedStatement(object, "", (("expires", "date"), ("id", "uuid")))
    Page(path="/orders", sort="expires", after=as_text(text)).values(statement)


def a_cursor() -> tuple[bytes, ...]:
    packed = base64.urlsafe_b64encode(json.dumps(ORDERS[b"date uuid"]).encode()).decode().rstrip("=")
    return (f"{Page(path='/orders', sort='expires')._check(packed)}.{packed}".encode(),)


# --- headers --------------------------------------------------------------------------------------------------------------
HEADERS = (
    *(b"simulated-time: 2018-09-28T08:00:00Z", b"simulated-time: 2018-09-28T08:00:00.123+08:00", b"idempotency-key: 0190f3b0-5d1c-7c1e"),
    *(
        b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        b"dry-run: true",
        b"accept-language: zh-CN,zh;q=0.9,ja;q=0.8",
    ),
    *(b"replays: 018f0000-0000-7000-8000-000000000000, 018f0000-0000-7000-8000-000000000001", b'if-none-match: W/"abc", "def"'),
    *(b"origin: https://laowu.example\nhost: laowu.example", b"content-type: text/csv; charset=utf-8", b"retry-after: 120"),
)
_SETTINGS: Any = SimpleNamespace(simulation=True)


def a_request(lines: bytes) -> Request:
    found = [one.partition(b":")[::2] for one in lines.split(b"\n")]
    headers = [(name.strip().lower(), value.strip()) for name, value in found]
    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers})


def read_headers(lines: bytes) -> None:
    request, refused = a_request(lines), 0
    call = Call(request, NO_ONE, None, Clock())  # type: ignore[arg-type]
    call.cause("a key")
    sent = request.headers.get("if-none-match")
    _is_known(sent.encode("latin-1") if sent else None, SimpleNamespace(etag=b'"def"'))  # type: ignore[arg-type]
    assert best_language(request.headers.get("accept-language")) in ("zh", "en", "ja")
    _outcome(503, request.headers.get("retry-after", ""))
    for read in (
        lambda: _clock(request, _SETTINGS).today(),
        lambda: _replayed(request),
        lambda: require_key(request),
        lambda: require_own_page(request),
    ):
        try:
            read()
        except (Invalid, KeyMissing, Forbidden):
            refused += 1
    if refused == 3:
        raise Refusal


# --- addresses ------------------------------------------------------------------------------------------------------------
ADDRESSES = (
    *(b"/public/zh/", b"/public/en/2018/", b"/public/ja/2018/dispatches/destination.csv", b"/public/en/enterprises?wanted=Weihai&page=2"),
    *(b"/public/zh/certificate?serial=TC000000000001", b"/public/en/notices.csv", b"/public/en/method?language=zh"),
)


def read_address(given: bytes) -> None:
    """The page that it names has an address of its own, which names the same page."""
    path, _, query = given.partition(b"?")
    wanted_language(query)
    own_path(as_text(given))
    address = parse(as_text(path), query)
    back, _, more = address.path.partition("?")
    assert parse(back, more.encode()) == address


URLS = (b"https://hooks.example/laowu?a=1", b"http://127.0.0.1:8080/x", b"https://[2001:db8::1]:443/", b"https://user:p@h.example/#f")


def read_url(given: bytes) -> None:
    text = as_text(given)
    if not is_url(text, local=False) and not is_url(text, local=True):
        raise Refusal


# --- texts of stats -------------------------------------------------------------------------------------------------------
FIGURES = (
    *(b"2018", b"2018-09", b"2018-09-28", b"dispatches|nation:CN|2018", b"income|CNY|province:620000|2018-09"),
    *(b"dispatches|region:west|2018-09-28", b"dispatches|county x designation|622427|national|2018-09-28|recorded 2018-10-01|CNY"),
    *(b"dispatches|nation:CN/listed:national|2018", b"stock|destination:JPN|2018"),
)


def read_figure(given: bytes) -> None:
    key, refused = as_text(given), 0
    for read in (period_start, period_end, _by_key):
        try:
            read(key)
        except (PeriodInvalid, KeyNotFound):
            refused += 1
    if refused == 3:
        raise Refusal


def _by_key(key: str) -> object:
    parts = [part.strip() for part in key.split("|")]
    if len(parts) in (6, 7):
        return _of_cell(key, parts)
    if len(parts) == 3:
        return _of_measure(key, *parts)
    if len(parts) == 4:
        return _of_measure(key, parts[0], parts[2], parts[3], parts[1])
    raise KeyNotFound


# --- secrets --------------------------------------------------------------------------------------------------------------
@cache
def sealed() -> tuple[bytes, ...]:
    return seal(bytes(32), UUID(int=7), new_secret()), new_secret().encode()


def read_sealed(given: bytes) -> None:
    is_secret(as_text(given))
    unseal(bytes(32), UUID(int=7), given)


# --- forms of the console -------------------------------------------------------------------------------------------------
NO_FORM = {"enter_programme", "rehearse_scenario"}  # their bodies are documents, of a form no page draws


@cache
def operations() -> Mapping[str, Any]:
    found = {}
    for service in SERVICES:
        for one in operations_of(service, openapi.document(service)).values():
            if one.body is not None and one.name not in NO_FORM:
                found[f"{service} {one.name}"] = one
    return found


@cache
def posted() -> tuple[bytes, ...]:
    """The fields of every form, filled in, behind its operation."""
    by_route = {f"{one.service} {one.method} {one.path}": name for name, one in operations().items()}
    found = []
    for sample in bodies():
        route, _, body = sample.partition(b"\n")
        if (name := by_route.get(route.decode())) is not None:
            fields = list(_flat(json.loads(body), ""))
            found.append(f"{name}\n{'&'.join(f'{at}={value}' for at, value in fields)}".encode())
    return tuple(found)


def _flat(value: Any, at: str) -> Sequence[tuple[str, str]]:
    if isinstance(value, dict) and {"minor", "currency"} <= value.keys():
        return [(f"{at}.amount", str(value["minor"])), (f"{at}.currency", str(value["currency"]))]
    parts = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) and isinstance(value[0], dict) else None
    )
    if parts is None:
        return [(at, str(one)) for one in (value if isinstance(value, list) else [value])]
    return [field for name, part in parts for field in _flat(part, f"{at}.{name}" if at else str(name))]


def read_form(given: bytes) -> None:
    """What the fields of a posted form are read as can be sent to the service, whatever it then says of it."""
    name, _, fields = given.partition(b"\n")
    known = operations()
    operation = known.get(as_text(name)) or known[sorted(known)[len(fields) % len(known)]]
    body = read_posted(operation, parse_qsl(as_text(fields), keep_blank_values=True, errors="replace"))
    json.dumps(body, allow_nan=False)
    if not body:
        raise Refusal


PARSERS = (
    Parser(name="bodies of commands", samples=bodies, read=read_body, refuses=(Refusal, ValidationError), share=140),
    Parser(name="fields", samples=lambda: FIELD_SAMPLES, read=read_field, share=60),
    Parser(name="contents of cursors", samples=cursors, read=read_cursor, refuses=(Refusal, CursorInvalid), share=50),
    Parser(name="cursors", samples=a_cursor, read=read_after, refuses=(CursorInvalid,), share=20),
    Parser(name="headers", samples=lambda: HEADERS, read=read_headers, share=50),
    Parser(name="public addresses", samples=lambda: ADDRESSES, read=read_address, refuses=(NoSuchPage,), share=40),
    Parser(name="webhooks' addresses", samples=lambda: URLS, read=read_url, share=20),
    Parser(name="keys of figures", samples=lambda: FIGURES, read=read_figure, share=30),
    Parser(
        name="sealed secrets",
        samples=sealed,
        read=read_sealed,
        refuses=(SecretUnreadable,),
        share=10,
    ),
    Parser(name="forms of the console", samples=posted, read=read_form, share=20),
)
