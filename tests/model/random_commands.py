"""Any command of any service, made from its OpenAPI document: known ids in wrong places, days near today, codes that exist.

Nothing here knows a particular route, so a new command takes part as soon as it exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from console.services import SERVICES
from shared.principals import Role
from shared.web.openapi import routes
from tests.contracts.openapi import file
from tests.model.world import CENTRES, COUNTIES, DESTINATIONS, OCCUPATIONS, Model
from tests.support.http import service_of

Schema = Mapping[str, Any]
# Fields that hold the id of something under another name.
SAME_AS = {"survivor": "worker", "absorbed": "worker", "other": "worker", "employer_id": "employer"}
CODES = {
    "county": COUNTIES,
    "counties": COUNTIES,
    "seat": COUNTIES,
    "destination": DESTINATIONS,
    "destinations": DESTINATIONS,
    "country": DESTINATIONS,
    "occupation": OCCUPATIONS,
    "occupations": OCCUPATIONS,
    "currency": ("CNY", "CNY", "CNY", "JPY"),
    "centre": CENTRES,
    "trainer": ("local-trainer", "trainer-2"),
    "assessor": ("local-assessor", "local-trainer"),
    "port": ("CNSHA",),
}
# Seldom drawn: they end what the lives rest on.
ENDINGS = ("revocation", "closure", "cancellation", "void", "erasure", "suspension", "decline", "emergencies", "stop")


@dataclass(frozen=True, slots=True)
class RandomCommand:
    service: str
    path: str
    roles: tuple[Role, ...]
    document: Schema
    body: Schema

    def __str__(self) -> str:
        return f"{self.service} {self.path}"


@cache
def all_commands() -> tuple[RandomCommand, ...]:
    """Every POST with a JSON body. Stats takes no part: its commands change what is counted, not what happens."""
    found = []
    for service in SERVICES:
        document = json.loads(file(service).read_text())
        for route in routes(service_of(service).router) if service != "stats" else ():
            roles = [roles for one in route.dependant.dependencies if (roles := getattr(one.call, "roles", None)) is not None]
            content = document["paths"].get(route.path, {}).get("post", {}).get("requestBody", {}).get("content", {})
            if roles and "application/json" in content:
                found.append(RandomCommand(service, route.path, tuple(roles[0]), document, content["application/json"]["schema"]))
    return tuple(found)


async def random_command(model: Model) -> None:
    command = model.chance.choice(all_commands())
    if command.path.rpartition("/")[2] in ENDINGS and model.chance.random() < 0.8:
        return
    path = re.sub(r"\{(\w+)\}", lambda match: _known(model, match[1]), command.path)
    role = model.chance.choice(command.roles)
    party = model.one_of("enterprise") if role is Role.ENTERPRISE else model.chance.choice(CENTRES)
    body = _value(model, command, command.body, "")
    await model.command(command.service, path, body, role=role, party=party, name=str(command))


def _known(model: Model, name: str) -> str:
    return model.one_of(SAME_AS.get(name, name)) or str(UUID(int=model.chance.getrandbits(128), version=4))


def _value(model: Model, command: RandomCommand, schema: Schema, name: str) -> Any:
    schema = _resolved(model, command.document, schema)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else model.chance.choice(schema["enum"])
    match schema.get("type", "object"):
        case "object":
            required = schema.get("required", ())
            parts = {one: part for one, part in schema.get("properties", {}).items() if one in required or model.chance.random() < 0.3}
            found: Any = {one: _value(model, command, part, one) for one, part in parts.items() if one != "version"}
        case "array":
            items = schema.get("items", {"type": "string"})
            found = [_value(model, command, items, name) for _ in range(max(1, schema.get("minItems", 1)))]
        case "string":
            found = model.chance.choice(CODES[name]) if name in CODES else _text(model, schema, name)
        case "integer":
            found = _number(model, schema, name)
        case _:
            found = model.chance.random() < 0.5
    return found


def _resolved(model: Model, document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _resolved(model, document, model.chance.choice([one for one in schema[several] if one.get("type") != "null"]))
    return schema


def _number(model: Model, schema: Schema, name: str) -> int:
    if name == "minor":
        return model.chance.choice((0, 100, 45_000, 450_000, 800_000, 20_000_000, 300_000_000))
    low = int(schema.get("minimum", schema.get("exclusiveMinimum", 0)))
    high = int(schema.get("maximum", low + 100))
    return model.chance.randint(low, min(high, low + 1000))


def _text(model: Model, schema: Schema, name: str) -> str:
    if schema.get("format") == "uuid":
        return _known(model, name.removesuffix("s"))
    if schema.get("format") == "date":
        return (model.day + timedelta(days=model.chance.choice((-400, -60, -20, -5, -1, 0, 0, 0, 1, 30, 365, 700)))).isoformat()
    if schema.get("format") == "date-time":
        return f"{model.day}T08:00:00Z"
    if name == "period":
        return (model.day - timedelta(days=model.chance.choice((0, 30, 60, 400)))).strftime("%Y-%m")
    if name in ("worker_no", "serial"):
        return _known(model, name)
    patterns = {"licence_no": f"LW370020{model.chance.randrange(10**6):06d}", "name_pinyin": "LI MING"}
    return patterns.get(name, "a" * max(1, int(schema.get("minLength", 1))))
