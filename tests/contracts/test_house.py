"""Knowing one service is knowing five: the same files in each, and in each file the same kind of thing."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from types import ModuleType

import pytest
from pydantic_settings import BaseSettings

from console.services import SERVICES
from shared.runner import Service
from shared.settings import Settings
from shared.web.openapi import routes
from tests.contracts.code import ROOT, module, name, part, python_files, tree
from tests.support.http import environment

MODULES = frozenset({"__init__", "__main__", "settings", "commands", "consumers"})
PACKAGES = frozenset({"api", "usecases", "domain", "queries", "views"})
COMMANDS_BY_AGGREGATE = frozenset({"docking"})  # a package instead of one module: too many to read in one file
OWN_PACKAGES = {  # named for what only this service does
    "registration": frozenset({"personal_data", "worker_lists"}),
    "docking": frozenset({"matching", "clearance"}),
    "training": frozenset({"statements"}),
    "rights": frozenset({"payroll_files"}),
    "stats": frozenset({"counting", "figures", "programmes", "periods", "publishing", "replay"}),
}
VERB = re.compile(r"(get|lock|list|insert|update|delete|exists)(_|$)")
SESSION = frozenset({"without_statement_timeout"})  # sets up the transaction, reads and writes no table
REFUSALS = frozenset({"Refused", "Invalid", "NotFound", "Conflict", "Limited"})
LONGEST_MAIN = 40

every_service = pytest.mark.parametrize("service", SERVICES)


def loaded(service: str, part_name: str) -> ModuleType:
    environment()
    return importlib.import_module(f"services.{service}.{part_name}")


def declared(service: str) -> Service:
    found = loaded(service, "__main__").SERVICE
    assert isinstance(found, Service)
    return found


@every_service
def test_every_service_has_exactly_the_same_modules_and_packages(service: str) -> None:
    folder = ROOT / "services" / service
    split = frozenset({"commands"}) if service in COMMANDS_BY_AGGREGATE else frozenset()
    assert {file.stem for file in folder.glob("*.py")} == MODULES - split
    packages = {file.parent.name for file in folder.glob("*/__init__.py")}
    assert packages == PACKAGES | OWN_PACKAGES[service] | split


def test_the_list_of_services_names_every_folder_and_every_one_has_its_own_packages_named_here() -> None:
    folders = {file.parent.name for file in (ROOT / "services").glob("*/__main__.py")}
    assert folders == set(SERVICES), "SERVICES in console/services.py: a new service comes last, its ports follow from its place"
    assert folders == set(OWN_PACKAGES)


@every_service
def test_no_module_is_named_after_its_package(service: str) -> None:
    """A package is split by aggregate or table."""
    named_after_layer = {name(file) for wanted in PACKAGES for file in part(service, wanted) if file.stem == file.parent.name}
    assert not named_after_layer


@every_service
def test_every_service_has_numbered_migrations(service: str) -> None:
    files = sorted(file.name for file in (ROOT / "services" / service / "migrations").iterdir())
    assert files
    assert [file[:5] for file in files] == [f"{number:04d}_" for number in range(1, len(files) + 1)]
    assert all(file.endswith(".sql") for file in files)


@every_service
def test_a_service_declares_what_it_owns_and_its_events_out_and_in(service: str) -> None:
    docstring = ast.get_docstring(tree(ROOT / "services" / service / "__init__.py")) or ""
    assert docstring.startswith(f"{service}: ")
    assert re.findall(r"^(Owns|Events out|Events in|Out|In)\b", docstring, re.MULTILINE) in (
        ["Owns", "Events out", "Events in"],
        ["Owns", "Out", "In"],
    )


@every_service
@pytest.mark.parametrize("package", ["usecases", "domain", "queries", "views"])
def test_the_package_of_a_layer_holds_a_docstring_and_nothing_else(service: str, package: str) -> None:
    body = tree(ROOT / "services" / service / package / "__init__.py").body
    assert [type(node) for node in body] == [ast.Expr]


@every_service
def test_the_api_serves_every_route_of_its_files(service: str) -> None:
    served = {id(route) for route in routes(loaded(service, "api").router)}
    for file in part(service, "api"):
        own = getattr(importlib.import_module(module(file)), "router", None)
        assert own is None or {id(route) for route in routes(own)} <= served, name(file)


@every_service
def test_the_named_errors_of_a_service_are_in_one_file(service: str) -> None:
    errors = ROOT / "services" / service / "domain" / "errors.py"
    own = {node.name for node in tree(errors).body if isinstance(node, ast.ClassDef)}
    assert own
    elsewhere = {
        f"{name(file)}:{node.lineno} {node.name}"
        for file in python_files(f"services/{service}")
        if file != errors
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ClassDef)
        if {ast.unparse(base).rpartition(".")[2] for base in node.bases} & (REFUSALS | own)
    }
    assert not elsewhere


@every_service
def test_the_settings_of_a_service_are_a_policy_and_its_own_settings(service: str) -> None:
    settings = loaded(service, "settings")
    own = getattr(settings, f"{service.capitalize()}Settings")
    assert issubclass(settings.Policy, BaseSettings)
    assert issubclass(own, Settings)
    assert issubclass(own, settings.Policy)
    assert isinstance(settings.policy(), settings.Policy)
    assert settings.policy() is settings.policy()
    assert declared(service).settings is own


@every_service
def test_a_service_is_declared_in_a_file_read_at_a_glance(service: str) -> None:
    main = ROOT / "services" / service / "__main__.py"
    assert len(main.read_text().splitlines()) <= LONGEST_MAIN
    assert declared(service).name == service


@every_service
def test_consumers_map_event_classes_to_usecases(service: str) -> None:
    consumers = loaded(service, "consumers")
    assert declared(service).topics == consumers.TOPICS
    assert declared(service).apply is consumers.apply


@every_service
def test_timeouts_are_swept_by_the_usecase_of_that_name(service: str) -> None:
    sweep = declared(service).sweep
    assert sweep is None or inspect.getmodule(sweep) is loaded(service, "usecases.sweeps")


@every_service
def test_functions_of_queries_begin_with_one_of_the_verbs(service: str) -> None:
    others = {
        f"{name(file)}:{node.lineno} {node.name}"
        for file in part(service, "queries")
        for node in tree(file).body
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_") and not VERB.match(node.name)
        if node.name not in SESSION
    }
    assert not others
