"""Every route of every service, and requests for it made from its own OpenAPI document: nothing here knows a particular route."""

from __future__ import annotations

import copy
import random
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from hypothesis import Phase, find, settings
from hypothesis.strategies import from_regex

from shared.principals import Role
from shared.web.app import create_app
from shared.web.auth import Verifier
from tests.support.http import Client, environment, service_of

OPEN = frozenset({"/livez", "/readyz", "/metrics", "/asyncapi", "/docs", "/docs/oauth2-redirect", "/openapi.json"})
REGISTERED = {
    "currency": "JPY",
    "destination": "JPN",
    "county": "622427",
    "household_county": "622427",
}  # a pattern does not say which exist


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one path, and who may use it (None: nothing was declared)."""

    method: str
    path: str
    roles: tuple[Role, ...] | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def filled(self, with_: str | None = None) -> str:
        """The path with a random id, or the given text, in the place of every parameter."""
        return re.sub(r"\{[^}]*\}", lambda _: with_ or str(uuid.uuid4()), self.path)


def doors(app: FastAPI) -> list[Door]:
    """Every door of an application but the open ones."""
    return [
        Door(method, route.path, _roles(route))
        for route in routes(app.router)
        if route.path not in OPEN
        for method in sorted(route.methods or ())
    ]


def routes(router: APIRouter) -> Iterator[APIRoute]:
    """Every route, also of routers within routers."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner, APIRouter):
            yield from routes(inner)


def _roles(route: APIRoute) -> tuple[Role, ...] | None:
    declared = [roles for one in route.dependant.dependencies if (roles := getattr(one.call, "roles", None)) is not None]
    return tuple(declared[0]) if len(declared) == 1 else None


def application(client: Client) -> FastAPI:
    """The application as the client's service has it, to be read, not called."""
    service = service_of(client.service.name)
    return create_app(client.service, service.router, Verifier.load(environment() / "jwks.json"), body_limits=service.body_limits)


def permitted(client: Client, door: Door) -> Client:
    """The service, called by a role that the door serves, for the whole nation and some party."""
    assert door.roles, f"{door} declares no role"
    return client.speaking_as(door.roles[0], party=uuid.uuid4())


# --- bodies ---------------------------------------------------------------------------------------------------------------
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """The JSON body that a door takes."""

    document: Schema
    schema: Schema

    def plain(self) -> Any:
        """A body of the required form with every field filled."""
        return self._plain(self.schema, "")

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self._resolved(next(one for one in schema[several] if one.get("type") != "null"))
        return schema

    def _plain(self, schema: Schema, name: str) -> Any:
        schema = self._resolved(schema)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type", "object")
        if kind == "object":
            return {one: self._plain(part, one) for one, part in schema.get("properties", {}).items()}
        if kind == "array":
            if "prefixItems" in schema:
                return [self._plain(part, name) for part in schema["prefixItems"]]
            return [self._plain(schema.get("items", {"type": "string"}), name)] * max(1, schema.get("minItems", 1))
        if kind == "string":
            return REGISTERED.get(name) or _text(schema)
        least = int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))  # FastAPI writes bounds as 1.0
        return {"integer": least if least >= 0 else 1, "number": 1.5, "boolean": True}[kind]

    def hostile(self) -> Iterator[tuple[str, Any]]:
        """(what is wrong, body): the plain body with one value after the other made hostile."""
        whole = self.plain()
        for place, value in _leaves(whole, ()):
            where = ".".join(map(str, place))
            for what, bad in _instead_of(value):
                yield f"{where}: {what}", _replaced(whole, place, bad)
        if isinstance(whole, dict):
            yield "a field more", {**whole, "unheard_of": 1}
            for name in whole:
                yield f"{name}: another type", {**whole, name: [[{}]]}


def _text(schema: Schema) -> str:
    by_format = {"uuid": str(uuid.UUID(int=7)), "date": "2018-09-28", "date-time": "2018-09-28T08:00:00Z"}
    if schema.get("format") in by_format:
        return by_format[str(schema["format"])]
    if "pattern" in schema and (simplest := _matching(str(schema["pattern"]))):
        return simplest
    return "a" * max(1, int(schema.get("minLength", 1)))


@cache
def _matching(pattern: str) -> str:
    """The simplest text that matches."""
    bounds = settings(database=None, deadline=None, max_examples=50, phases=(Phase.generate,))
    found = find(from_regex(re.compile(pattern, re.ASCII), fullmatch=True), lambda _: True, settings=bounds, random=random.Random(7))
    return str(found).rstrip("\n")


def _leaves(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, (*place, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, (*place, index))
    else:
        yield place, value


def _instead_of(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, bool):
        return [("2**63 for a truth value", 2**63), ("a text for a truth value", "yes")]
    if isinstance(value, float):
        return [("2**63", 2**63), ("10**400", 10**400), ("less than nothing", -1.5), ("not a number", float("nan")), ("a text", "one")]
    if isinstance(value, int):
        return [("2**63", 2**63), ("-(2**63) - 1", -(2**63) - 1), ("10**400", 10**400), ("a fraction", 1.5), ("a text", "one")]
    return [
        ("NUL", f"{value}\x00"),
        ("only NUL", "\x00"),
        ("a lone surrogate", f"{value}\ud800"),
        ("10,000 characters", "a" * 10_000),
        ("a line separator", f"{value}\u2028{value}"),
        ("a number", 2**63),
    ]


def _replaced(whole: Any, place: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(whole)
    node = changed
    for step in place[:-1]:
        node = node[step]
    if not place:
        return value
    node[place[-1]] = value
    return changed


def form(document: Schema, door: Door) -> Form | None:
    """None: the door takes no JSON body that FastAPI knows of."""
    content = document["paths"][door.path][door.method.lower()].get("requestBody", {}).get("content", {})
    return Form(document, content["application/json"]["schema"]) if "application/json" in content else None
