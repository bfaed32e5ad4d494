"""Whoever programs against a service reads in its document with which codes each operation can be refused: all that the code can raise."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from console.services import SERVICES
from shared.errors import Refused
from shared.web.openapi import problem_codes_file, routes
from tests.contracts import openapi, problem_codes
from tests.contracts.problem_codes import Named, error_of, modules, names_in, route_of
from tests.support.http import service_of

EVERYWHERE = {
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "INVALID",
    "SIMULATION_OFF",
    "TOO_MANY_REQUESTS",
    "UNAVAILABLE",
    "ISSUER_UNAVAILABLE",
}
RAISES = re.compile(r"Raises ([^.]+)\.")
every_service = pytest.mark.parametrize("service", SERVICES)


def table(service: str) -> Mapping[str, Any]:
    read: dict[str, Any] = json.loads(problem_codes_file(service).read_text(encoding="utf-8"))
    return read


def documented(operation: Mapping[str, Any], components: Mapping[str, Any]) -> set[str]:
    """The codes that stand in an operation of the OpenAPI document, in the answers of each status."""
    found: set[str] = set()
    for answer in operation["responses"].values():
        whole = components["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        found |= set(whole.get("x-codes", ()))
    return found


@every_service
def test_the_committed_table_is_fresh(service: str) -> None:
    assert problem_codes_file(service).read_text(encoding="utf-8") == problem_codes.text(service), "python -m tests.contracts.openapi"


@every_service
def test_every_operation_of_the_document_names_its_codes_and_no_others(service: str) -> None:
    document, codes = openapi.document(service), table(service)["operations"]
    for operations in document["paths"].values():
        for operation in operations.values():
            common = EVERYWHERE | ({"TOO_LARGE"} if "requestBody" in operation else set())
            assert documented(operation, document["components"]) == {*common, *codes[operation["operationId"]]}, operation["operationId"]


@every_service
def test_what_a_docstring_says_is_raised_is_among_the_codes(service: str) -> None:
    codes = table(service)["operations"]
    router = service_of(service).router
    silent = {
        (route.name, error.slug)
        for route in routes(router)
        if route.include_in_schema
        for error in raised_by(names_in(route_of(route)))
        if error.slug not in codes[route.name]
    }
    assert not silent


def raised_by(called: frozenset[Named]) -> Iterator[type[Refused]]:
    """The errors that the docstrings of what a route calls say are raised."""
    for one in called:
        node = modules()[one.module].defined[one.name]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for listed in RAISES.findall(inspect.cleandoc(ast.get_docstring(node) or "")):
                yield from filter(None, (error_in(one.module, name) for name in re.findall(r"\b[A-Z]\w+", listed)))


def error_in(where: str, name: str) -> type[Refused] | None:
    """The error class of that name in the service."""
    service = ".".join(where.split(".")[:2])
    place = Named(f"{service}.domain.errors", name)
    return error_of(place) if place.module in modules() and name in modules()[place.module].defined else None


@every_service
def test_every_declared_error_is_an_answer_of_some_operation(service: str) -> None:
    declared = {one for one in modules()[f"services.{service}.domain.errors"].defined if "." not in one}
    slugs = {error.slug for name in declared if (error := error_of(Named(f"services.{service}.domain.errors", name))) is not None}
    assert slugs - table(service)["codes"].keys() == set()
