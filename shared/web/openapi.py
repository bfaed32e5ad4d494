"""The OpenAPI document of a service: what FastAPI writes of its routes, completed by what every route has in common.

- `operationId` is the name of the route's function, its tag the file that it stands in;
- `x-roles` are the roles that `allow(...)` lets pass;
- errors are problem documents, not FastAPI's own form; `x-codes` of each, and its text, say with which codes the operation can be refused
  (problem_codes/);
- a POST whose answer is kept for repeats takes an Idempotency-Key.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.audiences import types_heard
from shared.principals import Role
from shared.web.examples import add_examples
from shared.web.idempotency import KEY
from shared.web.parameters import DESCRIPTIONS
from shared.web.problems import Problem

_SCHEMAS = "#/components/schemas/"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")
_BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "`laowu token` issues one for the local stack."}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Of one command: sent again with the same key it is done once, and the first answer is given again.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 200, "pattern": KEY.pattern},
}
_PROBLEM = {"$ref": f"{_SCHEMAS}{Problem.__name__}"}
_EVERYWHERE = {  # what every operation can answer; further codes of these statuses are the operation's own
    HTTPStatus.UNAUTHORIZED: {"UNAUTHENTICATED": "there is no valid token"},
    HTTPStatus.FORBIDDEN: {"FORBIDDEN": "the role, the region or the party may not do this"},
    HTTPStatus.UNPROCESSABLE_ENTITY: {
        "INVALID": "a field does not have the required form",
        "SIMULATION_OFF": "Simulated-Time is for a stack that simulates",
    },
    HTTPStatus.TOO_MANY_REQUESTS: {"TOO_MANY_REQUESTS": "more than this installation lets one caller ask"},
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "UNAVAILABLE": "a part is away for a moment",
        "ISSUER_UNAVAILABLE": "nobody can say whose the token is",
    },
}
_WITH_A_BODY = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"TOO_LARGE": "the body has more bytes than this operation takes"}}


def routes(router: APIRouter) -> Iterator[APIRoute]:
    """Every route, also of routers within routers."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner, APIRouter):
            yield from routes(inner)


def roles_of(route: APIRoute) -> tuple[Role, ...] | None:
    """Whom `allow(...)` lets pass; None: the route does not say."""
    declared = [roles for one in route.dependant.dependencies if (roles := getattr(one.call, "roles", None)) is not None]
    return tuple(declared[0]) if len(declared) == 1 else None


def is_for_anybody(route: APIRoute) -> bool:
    """Whether it answers without a token too."""
    return any(getattr(one.call, "anybody", False) for one in route.dependant.dependencies)


def is_command(route: APIRoute) -> bool:
    """Whether its answer is kept for repeats."""
    return "call.command(" in inspect.getsource(route.endpoint)


def problem_codes_file(service: str) -> Path:
    """What each code means, and the codes of each operation: written by tests/contracts/problem_codes.py from the error classes."""
    return Path(__file__).parent / "problem_codes" / f"{service}.json"


def document(app: FastAPI, service: str) -> dict[str, Any]:
    """The whole document, as plain values."""
    known = {route.name: route for route in routes(app.router) if route.include_in_schema}
    written = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes, tags=_tags(known.values()))
    refusals = json.loads(problem_codes_file(service).read_text(encoding="utf-8"))
    for operations in written["paths"].values():
        for name, operation in ((one["operationId"], one) for one in operations.values()):
            codes = {code: refusals["codes"][code] for code in refusals["operations"].get(name, ())}
            _complete(operation, known[name], codes)
    components = written.setdefault("components", {})
    components["securitySchemes"] = {"bearer": _BEARER}
    components["responses"] = {status.name: _refusal(status, means) for status, means in {**_EVERYWHERE, **_WITH_A_BODY}.items()}
    schemas = components.setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas.update(_schemas_of(Problem))
    if "OpenEndpoint" in schemas:  # a service's endpoints hear of its own events
        schemas["OpenEndpoint"]["properties"]["types"]["items"] = {"type": "string", "enum": list(types_heard(service))}
    add_examples(schemas)
    return written


def openapi_json(app: FastAPI) -> str:
    """The document as the text that is committed and diffed."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _complete(operation: dict[str, Any], route: APIRoute, codes: Mapping[str, Mapping[str, Any]]) -> None:
    operation["tags"] = [_tag(route)]
    operation["x-roles"] = [str(role) for role in roles_of(route) or ()]
    operation["security"] = [{}, {"bearer": []}] if is_for_anybody(route) else [{"bearer": []}]
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and parameter["name"] in DESCRIPTIONS:
            parameter.setdefault("description", DESCRIPTIONS[parameter["name"]])
    if is_command(route):
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    for content in (one for answer in operation["responses"].values() for one in answer.get("content", {}).values()):
        if "title" in content.get("schema", {}):
            content["schema"]["title"] = f"Response {route.name.replace('_', ' ').title()}"
    in_common = {**_EVERYWHERE, **(_WITH_A_BODY if "requestBody" in operation else {})}
    for status in sorted({*in_common, *(HTTPStatus(one["status"]) for one in codes.values())}):
        common = in_common.get(status, {})
        own = {code: one["means"] for code, one in codes.items() if one["status"] == status and code not in common}
        shared_answer = {"$ref": f"#/components/responses/{status.name}"}
        operation["responses"][str(status.value)] = _refusal(status, {**common, **own}) if own else shared_answer


def _refusal(status: HTTPStatus, means: Mapping[str, str]) -> dict[str, Any]:
    """A problem document with one of these codes."""
    lines = "\n".join(f"- `{code}`: {text}" for code, text in sorted(means.items()))
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {"description": f"{status.phrase}\n\n{lines}", "x-codes": sorted(means), "content": content}


def _tag(route: APIRoute) -> str:
    return route.endpoint.__module__.rpartition(".")[2]


def _tags(known: Iterable[APIRoute]) -> list[dict[str, str]]:
    """Each file of routes with the first line of its docstring."""
    described = {_tag(route): inspect.getdoc(inspect.getmodule(route.endpoint)) or "" for route in known}
    return [{"name": name, "description": text.partition("\n")[0]} for name, text in described.items()]


def _schemas_of(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_SCHEMAS + "{model}")
    return {**schema.pop("$defs", {}), model.__name__: schema}
