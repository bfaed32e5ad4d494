"""Knowing one service is knowing five. What import-linter cannot say: the same files in each, and nothing too long to read."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.code import ROOT, SERVICES, imports, name, part, python_files, tree

PARTS = ("__init__", "__main__", "api", "commands", "consumers", "usecases", "domain", "queries")
LONGEST_FILE = 500
LONGEST_FUNCTION = 60
THE_CONTRACT = ROOT / "shared" / "events" / "__init__.py"  # one class after the other; splitting it would hide what there is

# Plans, quotas and questions of stats are entered and stored as JSON: one type holds their bounds and their rule.
DOMAIN_ALSO_IMPORTS = {"stats": ("pydantic.",)}

EVERYTHING = ("services", "shared", "console", "tests")

every_service = pytest.mark.parametrize("service", SERVICES)


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@every_service
@pytest.mark.parametrize("wanted", PARTS)
def test_every_service_has_the_same_parts(service: str, wanted: str) -> None:
    assert part(service, wanted), f"services/{service}/{wanted}.py"


@every_service
def test_every_service_has_numbered_migrations(service: str) -> None:
    files = sorted(file.name for file in (ROOT / "services" / service / "migrations").iterdir())
    assert files
    assert [file[:5] for file in files] == [f"{number:04d}_" for number in range(1, len(files) + 1)]
    assert all(file.endswith(".sql") for file in files)


@every_service
def test_a_service_says_what_it_owns_what_it_tells_and_what_it_listens_to(service: str) -> None:
    said = ast.get_docstring(tree(ROOT / "services" / service / "__init__.py")) or ""
    assert said.startswith(f"{service}: ")
    assert [word.lower() for word in re.findall(r"^(?:Events )?(Owns|[Oo]ut|[Ii]n)\b", said, re.MULTILINE)] == ["owns", "out", "in"]


def test_no_file_is_too_long_to_read() -> None:
    lengths = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in python_files(*EVERYTHING)}
    del lengths[name(THE_CONTRACT)]
    assert not {file: lines for file, lines in lengths.items() if lines > LONGEST_FILE}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {
        f"{name(file)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for file in python_files(*EVERYTHING)
        for function in functions(file)
    }
    assert not {function: lines for function, lines in lengths.items() if lines > LONGEST_FUNCTION}


HTTP = ("fastapi.", "starlette.", "uvicorn.", "aiohttp.", "shared.web.")


def test_only_apis_and_the_runner_know_http() -> None:
    """The engine runs without HTTP: a consumer, a publisher or a rebuild is started by tests and commands that serve nothing."""
    engine = [
        file
        for file in python_files("services", "shared")
        if not re.match(r"shared/(web/|runner\.py)|services/\w+/(api\b|__main__\.py)", name(file))
    ]
    assert engine
    assert not {(name(file), what) for file in engine for what in imports(file) if f"{what}.".startswith(HTTP)}


@every_service
def test_the_domain_is_pure(service: str) -> None:
    """Standard library, shared.values and shared.errors, and the domain's own files."""
    allowed = ("shared.values.", "shared.errors.", f"services.{service}.domain.", *DOMAIN_ALSO_IMPORTS.get(service, ()))
    known = {(name(file), what) for file in part(service, "domain") for what in imports(file)}
    assert not {
        (file, what) for file, what in known if what.split(".")[0] not in sys.stdlib_module_names and not f"{what}.".startswith(allowed)
    }


@every_service
def test_the_domain_neither_tells_the_time_nor_rolls_dice(service: str) -> None:
    forbidden = {"now", "today", "utcnow", "random", "uuid4", "new_id", "time"}
    called = {
        f"{name(file)}:{node.lineno} {node.func.attr}"
        for file in part(service, "domain")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in forbidden
    }
    assert not called
