"""The services' OpenAPI documents: what a command takes, what a list can be asked for, who may ask."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.web.backend import Backend, ServiceRefused, parts_of

FRESH_SECONDS = 60.0

Schema = Mapping[str, Any]


class OperationNotFound(Exception):
    """The service has no such operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route of a service. `body` is None where it takes none; `roles` is empty where the document does not say."""

    service: str
    name: str  # of the function behind it: register_worker
    method: str
    path: str
    summary: str
    body: Schema | None
    query: Mapping[str, Schema]
    roles: frozenset[str]
    components: Mapping[str, Schema]

    @property
    def parts(self) -> list[str]:
        """The names of the {parts} of its path."""
        return parts_of(self.path)

    def resolve(self, schema: Schema) -> Schema:
        """What a reference means; what else stands beside it, such as a default, stays. `null` as an alternative is left out."""
        if "$ref" in schema:
            return {**self.resolve(self.components[schema["$ref"].rpartition("/")[2]]), **{k: v for k, v in schema.items() if k != "$ref"}}
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                rest = {name: value for name, value in schema.items() if name != word}
                real = [one for one in schema[word] if one.get("type") != "null"]
                return {**self.resolve(real[0]), **rest, "nullable": len(real) < len(schema[word])}
        return schema


@dataclass(slots=True)
class Documents:
    """The documents by service, asked again every minute; while a service is away its last one holds."""

    backend: Backend
    _held: dict[str, tuple[float, dict[str, Operation]]] = field(default_factory=dict)
    _reading: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def operation(self, service: str, name: str) -> Operation:
        """`name`: of a command's function, or the path of what is read. Raises OperationNotFound, ServiceRefused."""
        found = (await self.operations(service)).get(name)
        if found is None:
            raise OperationNotFound(f"{service} has no operation {name}")
        return found

    async def operations(self, service: str) -> dict[str, Operation]:
        """Commands by the name of their function, what is read by its path. Raises OperationNotFound, ServiceRefused."""
        if service not in self.backend.addresses:
            raise OperationNotFound(f"there is no service {service}")
        held = self._held.get(service)
        if held is None or time.monotonic() - held[0] > FRESH_SECONDS:
            async with self._reading[service]:
                held = self._held.get(service)
                if held is None or time.monotonic() - held[0] > FRESH_SECONDS:
                    held = self._held[service] = (time.monotonic(), await self._read(service, held and held[1]))
        return held[1]

    async def _read(self, service: str, last: dict[str, Operation] | None) -> dict[str, Operation]:
        try:
            document = await self.backend.get(service, "/openapi.json")
        except ServiceRefused:
            if last is None:
                raise
            return last
        return operations_of(service, document)


def operations_of(service: str, document: Mapping[str, Any]) -> dict[str, Operation]:
    """Of one OpenAPI document: commands by the name of their function, what is read by its path."""
    return {one.path if one.method == "GET" else one.name: one for one in _operations(service, document)}


def _operations(service: str, document: Mapping[str, Any]) -> Iterator[Operation]:
    components = document.get("components", {}).get("schemas", {})
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            content = route.get("requestBody", {}).get("content", {})
            yield Operation(
                service=service,
                name=route["operationId"],
                method=method.upper(),
                path=path,
                summary=route["summary"],
                body=content.get("application/json", {}).get("schema"),
                query={one["name"]: one["schema"] for one in route.get("parameters", []) if one["in"] == "query"},
                roles=frozenset(route.get("x-roles", ())),
                components=components,
            )
