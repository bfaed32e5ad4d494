"""Numbers and names for the ids on a page: one question a service for all of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from console.web.backend import Backend

MOST = 200  # ids that a service names at a time
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FIELDS: Mapping[str, str] = {  # field of an answer -> what its id is of
    "worker": "worker",
    "survivor": "worker",
    "absorbed": "worker",
    "enterprise": "party",
    "enterprises": "party",
    "employer_id": "party",
    "takes_over": "party",
    "placement": "placement",
}
ROUTES = {"worker": ("registration", "/worker-numbers", "worker_no"), "party": ("docking", "/party-names", "name")}

Names = Mapping[str, str]  # id -> what people call it


async def names_in(backend: Backend, content: object) -> Names:
    """Of the workers, enterprises and employers whose ids are anywhere in it. What a service does not name stays an id."""
    wanted: dict[str, set[str]] = {kind: set() for kind in (*ROUTES, "placement")}
    for kind, identifier in _ids(content):
        wanted[kind].add(identifier)
    workers = await _workers_of(backend, sorted(wanted.pop("placement"))[:MOST])
    wanted["worker"] |= set(workers.values())
    found = await asyncio.gather(*(_ask(backend, kind, sorted(ids)[:MOST]) for kind, ids in wanted.items() if ids))
    names = {identifier: name for some in found for identifier, name in some.items()}
    return names | {placement: names[worker] for placement, worker in workers.items() if worker in names}


async def _workers_of(backend: Backend, placements: Sequence[str]) -> Mapping[str, str]:
    """A placement is called by its worker's number."""
    if not placements:
        return {}
    answer = await backend.ask("GET", "docking", "/placement-workers", [("placement", one) for one in placements])
    return {one["placement"]: one["worker"] for one in answer.body["items"]} if answer.ok else {}


async def _ask(backend: Backend, kind: str, ids: Sequence[str]) -> Names:
    service, route, name = ROUTES[kind]
    answer = await backend.ask("GET", service, route, [(kind, identifier) for identifier in ids])
    return {one[kind]: one[name] for one in answer.body["items"]} if answer.ok else {}


def _ids(content: Any, field: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from _ids(value, name)
    elif isinstance(content, str):
        if field in FIELDS and IDENTIFIER.fullmatch(content):
            yield FIELDS[field], content
    elif isinstance(content, Sequence):
        for value in content:
            yield from _ids(value, field)
