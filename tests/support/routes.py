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

from fastapi import FastAPI
from hypothesis import Phase, find, settings
from hypothesis.strategies import from_regex

from shared.principals import Role
from shared.web.app import create_app
from shared.web.auth import Verifier
from shared.web.openapi import is_for_anybody, roles_of, routes
from tests.support.http import Client, environment, service_of

OPEN = frozenset({"/livez", "/readyz", "/metrics", "/asyncapi", "/asyncapi.json", "/docs", "/docs/{asset}", "/openapi.json"})
# Codes that exist, by field: the pattern of a field does not say which do.
KNOWN_CODES = {
    "currency": "JPY",
    "destination": "JPN",
    "county": "622427",
    "household_county": "622427",
    "region": "370000",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path, and who may use it (None: nothing was declared)."""

    method: str
    path: str
    roles: tuple[Role, ...] | None
    anybody: bool = False  # answered without a token

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def filled(self, value: str | None = None) -> str:
        """The path with `value`, or a random id, for every parameter."""
        return re.sub(r"\{[^}]*\}", lambda _: value or str(uuid.uuid4()), self.path)


def endpoints(app: FastAPI) -> list[Endpoint]:
    """Every endpoint of an application but the open ones."""
    return [
        Endpoint(method, route.path, roles_of(route), is_for_anybody(route))
        for route in routes(app.router)
        if route.path not in OPEN
        for method in sorted(route.methods or ())
    ]


def application(client: Client) -> FastAPI:
    """The application of the client's service, to be read, not called."""
    service = service_of(client.service.name)
    return create_app(client.service, service.router, Verifier.load(environment() / "jwks.json"), body_limits=service.body_limits)


def permitted(client: Client, endpoint: Endpoint) -> Client:
    """The service, called by a role that the endpoint serves, for the whole nation and a random party."""
    assert endpoint.roles, f"{endpoint} declares no role"
    return client.speaking_as(endpoint.roles[0], party=uuid.uuid4())


# --- bodies ---------------------------------------------------------------------------------------------------------------
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """The JSON body that an endpoint takes."""

    document: Schema
    schema: Schema

    def valid(self) -> Any:
        """A body of the required form with every field filled; ids in it are unknown ones."""
        return self._valid(self.schema, "")

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self._resolved(next(one for one in schema[several] if one.get("type") != "null"))
        return schema

    def _valid(self, schema: Schema, name: str) -> Any:
        schema = self._resolved(schema)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type", "object")
        if kind == "object":
            return {one: self._valid(part, one) for one, part in schema.get("properties", {}).items()}
        if kind == "array":
            if "prefixItems" in schema:
                return [self._valid(part, name) for part in schema["prefixItems"]]
            return [self._valid(schema.get("items", {"type": "string"}), name)] * max(1, schema.get("minItems", 1))
        if kind == "string":
            return KNOWN_CODES.get(name) or next(iter(schema.get("examples", ())), None) or _text(schema)
        least = int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))  # FastAPI writes bounds as 1.0
        return {"integer": least if least >= 0 else 1, "number": 1.5, "boolean": True}[kind]

    def hostile(self) -> Iterator[tuple[str, Any]]:
        """(what is wrong, body): the valid body with one value after the other made hostile."""
        whole = self.valid()
        for path, value in _leaves(whole, ()):
            field = ".".join(map(str, path))
            for what, bad in _hostile_values(value):
                yield f"{field}: {what}", _replaced(whole, path, bad)
        if isinstance(whole, dict):
            yield "an unknown field", {**whole, "unknown_field": 1}
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


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, (*path, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, index))
    else:
        yield path, value


def _hostile_values(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, bool):
        return [("2**63 for a boolean", 2**63), ("a text for a boolean", "yes")]
    if isinstance(value, float):
        return [("2**63", 2**63), ("10**400", 10**400), ("a negative number", -1.5), ("not a number", float("nan")), ("a text", "one")]
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


def _replaced(whole: Any, path: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(whole)
    node = changed
    for step in path[:-1]:
        node = node[step]
    if not path:
        return value
    node[path[-1]] = value
    return changed


def body_form(document: Schema, endpoint: Endpoint) -> Form | None:
    """The form of the endpoint's JSON body; None: it takes none that its OpenAPI document describes."""
    content = document["paths"][endpoint.path][endpoint.method.lower()].get("requestBody", {}).get("content", {})
    return Form(document, content["application/json"]["schema"]) if "application/json" in content else None
