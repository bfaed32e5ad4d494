"""Lists of codes that people see and that no HTTP document enumerates, each found where the code has it.

`values()`: field -> codes that an answer carries as a plain string. `codes()`: kind -> codes of everything else that has a name.
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from types import ModuleType
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

import services
import shared
from console.services import SERVICES
from console.web.choices import PORTS
from services.docking.clearance.checks import CHECKS
from services.docking.domain.enterprises import LICENCE_REGION_UNKNOWN
from services.docking.domain.scorecards import Counts, Score, scores
from services.docking.matching.eligibility import Obstacle
from services.docking.matching.quota_effect import EFFECT
from services.docking.matching.ranking import REASONS, WITH_POINTS
from services.rights.domain.cases import EscalationCause
from services.rights.usecases.collective_cases import OWED
from services.stats.counting.cuts import CUTS
from services.stats.counting.measures import MEASURES
from services.stats.figures.measure_catalogue import MEASURE_BY_NAME
from services.stats.periods.restatement import Kind as RestatementKind
from services.stats.queries.classifications import Kind
from shared.db import Unavailable
from shared.errors import Refused
from shared.events import EVENTS, asyncapi
from shared.principals import Role
from shared.reference import occupations
from shared.values import QuotaStatus, TargetState
from shared.web.claims import ClaimCode
from tests.contracts.code import ROOT, python_files, tree
from tests.support.http import environment

ENGLISH_ELSEWHERE = frozenset({"occupation", "definition", "score_definition", "line"})  # their tables are in English
OF_THE_ENVELOPE = frozenset({"specversion", "datacontenttype"})
STEPS_AND_VERDICTS = ("Step", "Verdict")  # of step tables and decisions: no answer carries them


@cache
def modules(*packages: str) -> tuple[ModuleType, ...]:
    """Every module below, imported."""
    environment()
    found = []
    for package in packages:
        parent = importlib.import_module(package)
        found.append(parent)
        names = (info.name for info in pkgutil.walk_packages(parent.__path__, f"{package}."))
        found += [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    return tuple(found)


# --- values of fields -----------------------------------------------------------------------------------------------------
@cache
def values() -> Mapping[str, frozenset[str]]:
    """Field -> codes. The field "" stands for whichever field carries them: a text of any `value` kind will do."""
    found: dict[str, set[str]] = defaultdict(set)
    found["failed"] |= {*CHECKS, *get_args(Obstacle)}
    found["warnings"].add(LICENCE_REGION_UNKNOWN)
    found["waits_for"] |= set(get_args(EscalationCause))
    found["kind"] |= {*get_args(Kind), *(measure.kind for measure in MEASURE_BY_NAME.values())}
    found["rate"] |= {measure.rate for measure in MEASURES if measure.rate}
    found["unit"] |= {measure.unit for measure in MEASURE_BY_NAME.values()} | {score.unit for score in _scores().values()}
    found["port"] |= set(PORTS)
    found["education"] |= set("012345678")  # ISCED levels, a number in every document
    found["cut"] |= {cut.name for cut in CUTS}
    found["reason"] |= {reason for reason in _dead_letter_reasons() if not reason.isupper()}  # others are slugs of errors
    for field, codes_of_field in _values_of_events():
        if field not in OF_THE_ENVELOPE:
            found[field] |= codes_of_field
    for codes_of_alias in _aliases():
        found[""] |= codes_of_alias
    return {field: frozenset(one) for field, one in found.items()}


def _aliases() -> Iterator[set[str]]:
    """Every StrEnum, and every module's `Name = Literal[...]`, of the services' domains and commands and of shared.values."""
    domains = [f"services.{service}.{part}" for service in SERVICES for part in ("domain", "commands")]
    for module in modules("services", "shared"):
        if not module.__name__.startswith((*domains, "shared.values")):
            continue
        for name, value in vars(module).items():
            if name.endswith(STEPS_AND_VERDICTS) or name.startswith("_"):
                continue
            if isinstance(value, type) and issubclass(value, StrEnum):
                yield {str(member) for member in value}
            else:
                yield {code for code in get_args(value) if isinstance(code, str) and code}


def _dead_letter_reasons() -> Iterator[str]:
    """`Reject("code", ...)`, `Item(..., reason="code")` and `item.parked("code", ...)` of the code."""
    for file in python_files("services", "shared"):
        for node in ast.walk(tree(file)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            given = (
                node.args[:1]
                if name in ("Reject", "parked")
                else [one.value for one in node.keywords if name == "Item" and one.arg == "reason"]
            )
            yield from (str(one.value) for one in given if isinstance(one, ast.Constant) and one.value)


def _values_of_events() -> Iterator[tuple[str, set[str]]]:
    schemas = json.loads(asyncapi.text())["components"]["schemas"]
    for schema in schemas.values():
        for field, part in schema.get("properties", {}).items():
            yield field, set(_enumerated(part, schemas))


def _enumerated(node: Any, schemas: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(node, list):
        for part in node:
            yield from _enumerated(part, schemas)
    elif isinstance(node, dict):
        named = schemas.get(str(node.get("$ref", "")).rpartition("/")[2], {})
        if "properties" not in named:
            yield from _enumerated(named, schemas) if named else ()
        yield from (str(one) for one in (*node.get("enum", ()), *((node["const"],) if "const" in node else ())))
        for keyword in ("items", "anyOf", "prefixItems"):
            yield from _enumerated(node.get(keyword), schemas)


# --- codes of other kinds ---------------------------------------------------------------------------------------------------
@cache
def codes() -> Mapping[str, frozenset[str]]:
    """Kind -> codes."""

    plans = [json.loads(file.read_text(encoding="utf-8")) for file in (ROOT / "services/stats/programmes").glob("*.json")]
    return {
        "error": frozenset(errors()),
        "event": frozenset({event.__name__ for event in EVENTS} | set(_notes())),
        "measure": frozenset(MEASURE_BY_NAME),
        "definition": frozenset(MEASURE_BY_NAME),
        "score": frozenset(_scores()),
        "score_definition": frozenset(_scores()),
        "role": frozenset(map(str, Role)),
        "service": frozenset(SERVICES),
        "programme": frozenset(plan["code"] for plan in plans),
        "quota": frozenset(one["code"] for plan in plans for one in plan["quotas"]),
        "target": frozenset(one["code"] for plan in plans for one in plan["targets"]),
        "state": frozenset({*QuotaStatus, *TargetState}),  # within a line
        "restated": frozenset(get_args(RestatementKind)),
        "occupation": frozenset(occupations()),
        "line": frozenset({EFFECT, OWED, *(WITH_POINTS.format(reason=reason, points="{points}") for reason in REASONS)}),
    }


def _scores() -> Mapping[str, Score]:

    nothing = dict.fromkeys(Counts.__dataclass_fields__, 0)
    return scores(Counts(**nothing), reserve_minor=0, minimum_reserve=0)


def _notes() -> Iterator[str]:
    """What is in a history and is no event: the third argument of `note(tx, subject, what, reason)`."""
    for file in python_files("services"):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "note" and isinstance(node.args[2], ast.Constant):
                yield str(node.args[2].value)


# --- errors -----------------------------------------------------------------------------------------------------------------
# Errors of pydantic that no JSON body, query or header can cause here: of Python objects, and of types that no command has.
NOT_OF_REQUESTS = re.compile(
    r"(no_such|recursion_loop|get_|frozen|default_factory|model_class|dataclass|callable|is_|arguments|missing_|unexpected|multiple_arg|"
    r"iter|mapping|set_|complex|bytes|time_|url|union|needs_|invalid_key|none_required|counter|deque|ellipsis|fraction|named_tuple|"
    r"ordered_dict|string_not_ascii|timezone_(naive|offset)|date(time)?_(past|future)).*"
)


@cache
def errors() -> frozenset[str]:
    """Of classes, of problem documents, of claims, of cells of lists, and of requests that have not the required form."""
    environment()
    assert modules("services", "shared")
    found = {one.slug for one in _subclasses(Refused)} | set(_problems()) | set(_cells())
    found |= {Unavailable.code, *(one.code for one in Unavailable.__subclasses__())}
    found |= set(get_args(ClaimCode))
    found |= {error.upper() for error in get_args(ErrorType) if not NOT_OF_REQUESTS.fullmatch(error)}
    return frozenset(found | {HTTPStatus(status).name for status in (404, 405, 406, 415)})  # of the web framework


def _subclasses(error: type[Refused]) -> Iterator[type[Refused]]:
    yield error
    for one in error.__subclasses__():
        if not one.__module__.startswith("tests"):
            yield from _subclasses(one)


def _problems() -> Iterator[str]:
    for file in python_files("shared", "services"):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "problem" and len(node.args) > 1:
                yield from (str(one.value) for one in node.args[1:2] if isinstance(one, ast.Constant))


def _cells() -> Iterator[str]:
    """The codes of every messages.csv: tests of the lists hold that these are all."""
    for folder in (shared, services):
        for file in (ROOT / folder.__name__).rglob("messages.csv"):
            yield from (line.partition(",")[0] for line in file.read_text(encoding="utf-8").splitlines()[1:])
