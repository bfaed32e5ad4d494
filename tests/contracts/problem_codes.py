"""With which codes each operation can be refused, read from the code: every error class that can be reached from its route.

The classes are declared once (`domain/errors.py`, beside what raises them in shared). From the function of a route follow every function,
method and class that it names, and so on; what is raised there is what it can answer. `python -m tests.contracts.openapi` writes the table
to shared/web/problem_codes/<service>.json, from which the OpenAPI document has it.
"""

from __future__ import annotations

import ast
import importlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fastapi.routing import APIRoute

from shared.errors import Refused
from shared.web.app import documented_app
from shared.web.openapi import problem_codes_file, routes
from tests.contracts.code import module, python_files, tree
from tests.support.http import service_of

FOLDERS = ("services", "shared")
MOST_METHODS = 3  # of one name: more are the names of something general, such as `get`
OF_CONTAINERS = frozenset(name for one in (dict, list, set, str, bytes) for name in dir(one))  # and of no class of ours
REQUEST = "shared.web.call.Call"  # what a route calls `call`

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


class Named(NamedTuple):
    """Something that a module defines: a function, a class, a method (Class.method) or a constant."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Module(NamedTuple):
    """`imported`: a name in it -> the dotted name that it stands for."""

    defined: Mapping[str, Definition]
    imported: Mapping[str, str]


# What reaches a route by an object that the service is built with, and by no name.
BY_WIRING: Mapping[str, Mapping[str, tuple[Named, ...]]] = {
    "registration": {"import_workers": (Named("services.registration.domain.errors", "ImportInterrupted"),)},
    "stats": dict.fromkeys(("redrive_dead_letters", "preview_redrive"), (Named("services.stats.domain.errors", "RebuildRunning"),)),
}


# --- what is defined where -------------------------------------------------------------------------------------------------
@cache
def modules() -> Mapping[str, Module]:
    return {module(file): _module(file) for file in python_files(*FOLDERS)}


def _module(file: Path) -> Module:
    defined: dict[str, Definition] = {}
    imported: dict[str, str] = {}
    for node in tree(file).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined[node.name] = node
        if isinstance(node, ast.ClassDef):
            methods = (one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
            defined |= {f"{node.name}.{one.name}": one for one in methods}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {one.id: node for one in targets if isinstance(one, ast.Name)}
    for part in ast.walk(tree(file)):
        if isinstance(part, ast.ImportFrom) and part.module:
            imported |= {one.asname or one.name: f"{part.module}.{one.name}" for one in part.names}
        elif isinstance(part, ast.Import):
            imported |= {one.asname: one.name for one in part.names if one.asname}
    return Module(defined, imported)


@cache
def methods() -> Mapping[str, tuple[Named, ...]]:
    """Name of a method -> where there is one."""
    found: dict[str, list[Named]] = defaultdict(list)
    for where, one in modules().items():
        for name in one.defined:
            if "." in name:
                found[name.partition(".")[2]].append(Named(where, name))
    return {name: tuple(several) for name, several in found.items()}


def _resolve(where: str, chain: list[str]) -> Named | None:
    """What a dotted name means in a module."""
    here = modules()[where]
    head, *rest = chain
    if head == "call" and rest:
        return _resolve_dotted([*REQUEST.split("."), *rest])
    if head in here.defined:
        inner = f"{head}.{rest[0]}" if rest else head
        return Named(where, inner if inner in here.defined else head)
    return _resolve_dotted([*here.imported[head].split("."), *rest]) if head in here.imported else None


def _resolve_dotted(pieces: list[str]) -> Named | None:
    for length in range(len(pieces) - 1, 0, -1):
        where = ".".join(pieces[:length])
        if where in modules():
            return _resolve(where, pieces[length:])
    return None


# --- what is reached ---------------------------------------------------------------------------------------------------------
@cache
def names_in(one: Named) -> frozenset[Named]:
    """What its body names; not what it only catches."""
    node = modules()[one.module].defined[one.name]
    handlers = [one.type for one in ast.walk(node) if isinstance(one, ast.ExceptHandler) and one.type]
    caught = {id(part) for handler in handlers for part in ast.walk(handler)}
    typed = dict(_typed(one, node))
    return frozenset(found for part in _body(node) if id(part) not in caught for found in _meant(one.module, part, typed))


def _typed(one: Named, node: Definition) -> Iterator[tuple[str, Named]]:
    """Its parameters, and the classes that they are of."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if "." in one.name:
            yield "self", Named(one.module, one.name.partition(".")[0])
        for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            chain = _chain(parameter.annotation) if parameter.annotation is not None else None
            if chain and (of := _resolve(one.module, chain)) is not None:
                yield parameter.arg, of


def _body(node: Definition) -> Iterator[ast.AST]:
    """Of a class what it is built with: its methods are reached where they are called."""
    if isinstance(node, ast.ClassDef):
        parts: Iterable[ast.AST] = [one for one in node.body if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    else:
        parts = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else [one for one in (node.value,) if one is not None]
    for part in parts:
        yield from ast.walk(part)


def _meant(where: str, part: ast.AST, typed: Mapping[str, Named]) -> Iterator[Named]:
    chain = _chain(part)
    if chain is None:
        return
    found = _method(typed[chain[0]], chain[1]) if len(chain) == 2 and chain[0] in typed else _resolve(where, chain)
    if found is not None:
        yield found
    elif isinstance(part, ast.Attribute) and part.attr not in OF_CONTAINERS:
        mine, several = where.split(".")[:2], methods().get(part.attr, ())
        near = [one for one in several if one.module.split(".")[:2] == mine or one.module.startswith("shared.")]
        yield from near if len(several) <= MOST_METHODS else ()


def _method(of: Named, name: str) -> Named | None:
    found = Named(of.module, f"{of.name}.{name}")
    return found if found.name in modules()[of.module].defined else None


def _chain(part: ast.AST) -> list[str] | None:
    """a.b.c of an expression that is no more than names."""
    if isinstance(part, ast.Name):
        return [part.id]
    if isinstance(part, ast.Attribute):
        before = _chain(part.value)
        return [*before, part.attr] if before else ["", part.attr]
    return None


def reached(start: Iterable[Named]) -> set[Named]:
    found, left = set[Named](), list(start)
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += names_in(one)
    return found


def error_of(one: Named) -> type[Refused] | None:
    node = modules()[one.module].defined[one.name]
    if not isinstance(node, ast.ClassDef):
        return None
    value = getattr(importlib.import_module(one.module), one.name, None)
    return value if isinstance(value, type) and issubclass(value, Refused) else None


# --- by operation --------------------------------------------------------------------------------------------------------------
def route_of(route: APIRoute) -> Named:
    return Named(route.endpoint.__module__, route.endpoint.__name__)


def errors_by_operation(service: str) -> dict[str, set[type[Refused]]]:
    app = documented_app(service, service_of(service).router)
    shown = [route for route in routes(app.router) if route.include_in_schema]
    wired = BY_WIRING.get(service, {})
    starts = {route.name: (route_of(route), *wired.get(route.name, ())) for route in shown}
    return {name: {error for one in reached(start) if (error := error_of(one)) is not None} for name, start in starts.items()}


def text(service: str) -> str:
    """The table as it is committed: what each code means, and the codes of each operation."""
    by_operation = errors_by_operation(service)
    errors = {error.slug: error for errors in by_operation.values() for error in errors}
    table: dict[str, Any] = {
        "codes": {slug: {"status": error.status, "means": meaning(error)} for slug, error in sorted(errors.items())},
        "operations": {name: sorted({error.slug for error in errors}) for name, errors in sorted(by_operation.items())},
    }
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


def meaning(error: type[Refused]) -> str:
    """The first sentence or two of its docstring, on one line."""
    return " ".join((error.__doc__ or error.slug).split("\n\n")[0].split())


def write(service: str) -> None:
    problem_codes_file(service).write_text(text(service), encoding="utf-8")
