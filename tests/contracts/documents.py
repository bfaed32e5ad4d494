"""Documents drawn from the code: `python -m tests.contracts.documents` writes docs/state-machines.md, measures, settings and metrics."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from console.services import SERVICES
from console.web.settings import ConsoleSettings
from services.stats.counting.cuts import CUTS
from services.stats.counting.derived import DERIVED, LISTED, QUOTIENTS, Derived, Listed, Quotient
from services.stats.counting.measures import MEASURES, RULES
from shared.metrics import DEFINITIONS
from shared.settings import Settings
from tests.contracts import dependencies, webhook_document
from tests.contracts.code import ROOT

FOLDER = ROOT / "docs"
Steps = Mapping[Any, Enum]


# --- state machines -----------------------------------------------------------------------------------------------------
def domain_modules(service: str) -> Iterator[ModuleType]:
    """Every module of a service's domain."""
    domain = importlib.import_module(f"services.{service}.domain")
    yield domain
    for module in pkgutil.iter_modules(getattr(domain, "__path__", ())):
        yield importlib.import_module(f"{domain.__name__}.{module.name}")


def step_tables(service: str) -> dict[str, Steps]:
    """State class -> its table: every mapping of a service's domain whose name ends in STEPS, each once."""
    found: dict[str, Steps] = {}
    for module in domain_modules(service):
        for name, value in vars(module).items():
            if name.endswith("STEPS") and isinstance(value, Mapping):
                found[type(next(iter(value.values()))).__name__] = value
    return found


def edges(steps: Steps) -> Iterator[tuple[Enum, Enum, str]]:
    """(from, to, label): a table is keyed by (state, step), or by the state alone where there is one way on."""
    for key, after in steps.items():
        state, step = key if isinstance(key, tuple) else (key, None)
        yield state, after, "" if step is None else str(step)


def diagram(steps: Steps) -> str:
    """A Mermaid state diagram from the first state on: steps that lead the same way share an arrow; where nothing leads on, it ends."""
    labels: dict[tuple[Enum, Enum], list[str]] = {}
    for state, after, label in edges(steps):
        labels.setdefault((state, after), []).append(label)
    states = list(type(next(iter(steps.values()))))
    reached = {after for state, after in labels if state is not after}
    left = {state for state, after in labels if state is not after}
    lines = [f"    [*] --> {states[0]}"]
    for (state, after), names in labels.items():
        text = ", ".join(filter(None, names))
        lines.append(f"    {state} --> {after}{f': {text}' if text else ''}")
    lines += [f"    {state} --> [*]" for state in states if state in reached and state not in left]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def state_machines() -> str:
    """Every state machine of every service."""
    parts = ["# State machines", "", "Drawn from the step tables of `services/*/domain` by `python -m tests.contracts.documents`."]
    parts += ["A step that a table does not hold is refused with 409 and the state in the body.", ""]
    for service in SERVICES:
        for name, steps in sorted(step_tables(service).items()):
            parts += [f"## {service}: {name}", "", diagram(steps), ""]
    return "\n".join(parts)


# --- measures -------------------------------------------------------------------------------------------------------------
def table(*rows: tuple[str, ...]) -> list[str]:
    """A Markdown table; the first row is its head."""
    head, *body = rows
    return [" | ".join(("", *row, "")).strip() for row in (head, ("---",) * len(head), *body)]


def counted_by(measure: str) -> str:
    """The event classes whose rules add to a measure."""
    names = dict.fromkeys(rule.event.__name__ for rule in RULES if rule.measure == measure)
    return ", ".join(names)


def measures() -> str:
    """What is counted, in which unit, by which events, and under which cuts."""
    stored = [(one.name, one.kind, one.unit, one.definition, counted_by(one.name)) for one in MEASURES]
    computed: list[Derived | Listed | Quotient] = [*DERIVED.values(), *LISTED.values(), *QUOTIENTS.values()]
    derived = [(one.name, one.kind, one.unit, one.definition) for one in computed]
    cuts = [(one.name, f"{one.k1}, {one.k2}", ", ".join(one.derived)) for one in CUTS]
    parts = ["# Measures", "", "Drawn from `services/stats/counting/measures.py` by `python -m tests.contracts.documents`.", ""]
    parts += ["## Stored", "", *table(("measure", "kind", "unit", "what it counts", "events"), *stored), ""]
    parts += ["## Computed when asked for", "", *table(("measure", "kind", "unit", "what it is"), *derived), ""]
    parts += ["## Cuts", "", *table(("cut", "stored dimensions", "and what follows from them"), *cuts), ""]
    return "\n".join(parts)


# --- settings -------------------------------------------------------------------------------------------------------------
def described(name: str, field: FieldInfo) -> tuple[str, str, str]:
    """Variable, default, meaning."""
    if field.is_required():
        default = "required"
    elif isinstance(field.default, SecretStr) or field.default is None:
        default = ""
    else:
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    return f"`{name.upper()}`", default, field.description or ""


def settings() -> str:
    """Every environment variable that a process of a service, or the console's, reads."""
    shared = Settings.model_fields
    head = ("variable", "default", "meaning")
    parts = [
        "# Settings",
        "",
        "Drawn from the settings classes by `python -m tests.contracts.documents`. Each is an environment variable, or a file in",
        "`/run/secrets` with its name in lower case, where that folder is there; a variable that is set goes before its file. A wrong",
    ]
    parts += ["value ends the process at start with exit code 2 and names the variable. (p): a parameter of the programme.", ""]
    parts += ["## Every service", "", *table(head, *(described(name, field) for name, field in shared.items())), ""]
    for service in SERVICES:
        own = importlib.import_module(f"services.{service}.__main__").SERVICE.settings.model_fields
        rows = [described(name, field) for name, field in own.items() if name not in shared]
        parts += [f"## {service}", "", *table(head, *rows), ""]
    parts += ["## The console", "", *table(head, *(described(name, field) for name, field in ConsoleSettings.model_fields.items())), ""]
    return "\n".join(parts)


# --- metrics --------------------------------------------------------------------------------------------------------------
def metrics() -> str:
    """Every metric of a service process: what it means, what to do when it rises."""
    rows = [(f"`{one.name}`", one.meaning, one.remedy) for one in DEFINITIONS]
    parts = [
        "# Metrics",
        "",
        "Drawn from `shared/metrics.py` by `python -m tests.contracts.documents`; served at `/metrics` of every service.",
        "",
    ]
    return "\n".join([*parts, *table(("metric", "what it means", "what to do"), *rows), ""])


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "state-machines.md": state_machines,
    "measures.md": measures,
    "settings.md": settings,
    "metrics.md": metrics,
    "webhooks.md": webhook_document.document,
    "licences.md": dependencies.document,
}


def file(name: str) -> Path:
    return FOLDER / name


if __name__ == "__main__":
    for document, text in DOCUMENTS.items():
        file(document).write_text(text(), encoding="utf-8")
