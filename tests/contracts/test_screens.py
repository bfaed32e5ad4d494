"""Every screen of the console asks for what the services have: routes, commands, columns and filters that exist, for roles that may."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from console.board import sentences
from console.web import drawings, screens
from console.web.documents import Operation, Schema
from console.web.screen import Button, ItemScreen, ListScreen, Part
from shared.principals import Role
from shared.web.openapi import routes
from tests.contracts import openapi
from tests.contracts.schemas import answers, has, operations, rows_of

TEMPLATES = Path(screens.__file__).parents[1] / "templates"
LISTS = [screen for screen in screens.SCREENS if isinstance(screen, ListScreen)]
ITEMS = [screen for screen in screens.SCREENS if isinstance(screen, ItemScreen)]
PARTS = [(screen, part) for screen in ITEMS for part in screen.parts]
every_list = pytest.mark.parametrize("screen", LISTS, ids=lambda screen: screen.path)
every_item = pytest.mark.parametrize("screen", ITEMS, ids=lambda screen: screen.path)
every_part = pytest.mark.parametrize(("screen", "part"), PARTS, ids=[f"{screen.path} {part.title}" for screen, part in PARTS])


def missing(operation: Operation, rows: Schema, columns: tuple[str, ...]) -> set[str]:
    return {column for column in columns if not has(operation, rows, column)}


def may(operation: Operation, roles: frozenset[Role]) -> set[str]:
    """The roles of a screen that the service would refuse."""
    return {role.value for role in roles} - operation.roles


@every_list
def test_a_list_asks_for_what_there_is(screen: ListScreen) -> None:
    operation = operations(screen.service)[screen.route]
    assert not missing(operation, rows_of(operation, screen.at), screen.columns)
    assert set(screen.filters) | set(screen.fixed) <= operation.query.keys()
    assert not may(operation, screen.roles)


@every_list
def test_what_a_list_puts_beneath_a_column_is_a_later_column(screen: ListScreen) -> None:
    for column, over in screen.beneath.items():
        assert screen.columns.index(over) < screen.columns.index(column)
        assert over not in screen.beneath


@every_list
def test_a_list_sends_what_its_service_does_not_answer_without(screen: ListScreen) -> None:
    """Also where somebody asks for everything."""
    parameters = openapi.document(screen.service)["paths"][screen.route]["get"].get("parameters", ())
    required = {one["name"] for one in parameters if one["in"] == "query" and one.get("required")}
    assert required <= {*screen.fixed, *screen.needed}
    assert set(screen.needed) <= screen.usual.keys()


@every_item
def test_a_page_of_one_thing_asks_for_what_there_is(screen: ItemScreen) -> None:
    operation = operations(screen.service)[screen.route]
    fields = (*screen.fields, *screen.tags, *(name for _, names in screen.groups for name in names))
    known = set(operation.parts)
    assert not missing(operation, answers(screen.service)[screen.route], tuple(name for name in fields if name not in known))
    assert not may(operation, screen.roles)


@every_part
def test_a_part_asks_for_what_there_is(screen: ItemScreen, part: Part) -> None:
    operation = operations(part.service)[part.route]
    assert not missing(operation, rows_of(operation, part.at), part.columns)
    assert set(part.parts) >= set(operation.parts)
    assert set(part.query) <= operation.query.keys()
    assert not may(operation, screen.roles & part.roles)


def buttons() -> Iterator[Button]:
    for screen in LISTS:
        yield from (*screen.buttons, *screen.row_buttons)
    for item in ITEMS:
        yield from item.buttons
        for part in item.parts:
            yield from part.buttons


def test_every_button_leads_to_a_command_that_its_roles_may_give() -> None:
    wrong = {
        (button.service, button.operation)
        for button in buttons()
        if button.operation not in operations(button.service) or may(operations(button.service)[button.operation], button.roles)
    }
    assert not wrong


def test_a_button_names_every_part_of_its_commands_address() -> None:
    asked = [(one, name) for one in buttons() for name in (one.operation, one.offers) if name is not None]
    short = [name for one, name in asked if not set(operations(one.service)[name].parts) <= set(one.parts)]
    assert not short


def test_every_upload_has_a_template_and_leads_to_roles_that_may() -> None:
    uploads = [one for module in screens.MODULES for one in getattr(module, "UPLOADS", ())]
    assert uploads
    assert not {one.route for one in uploads if f"{one.route}/template" not in operations(one.service)}


def test_every_question_is_a_command_that_its_roles_may_give() -> None:
    asked = [one for module in screens.MODULES for one in getattr(module, "ASKED", ())]
    wrong = {
        one.path for one in asked if one.operation not in operations(one.service) or may(operations(one.service)[one.operation], one.roles)
    }
    assert not wrong


def test_every_described_command_exists_with_the_fields_that_are_named() -> None:
    wrong: list[tuple[str, Any]] = []
    for command in screens.COMMANDS:
        operation = operations(command.service).get(command.operation)
        if operation is None:
            wrong.append((command.operation, "no such command"))
            continue
        named = {
            *command.hidden,
            *command.options,
            *command.searched,
            *command.resolved,
            *(name for _, names in command.sections for name in names),
        }
        body = operation.resolve(operation.body or {})
        wrong += [(command.operation, name) for name in sorted(named) if not has(operation, body, name)]
    assert not wrong


def test_every_row_and_link_leads_to_a_page_that_is_there() -> None:
    paths = {screen.path for screen in screens.SCREENS} | {route.path for router in screens.ROUTERS for route in routes(router)}
    shapes = {shape(path) for path in paths}
    rows = [screen.row for screen in LISTS if screen.row] + [part.row for _, part in PARTS if part.row]
    links = [at for item in ITEMS for _, at, _ in item.links]
    assert not {at for at in (*rows, *links) if shape(at.partition("?")[0]) not in shapes}


def shape(path: str) -> str:
    return "/".join("*" if piece.startswith("{") else piece for piece in path.split("/"))


def test_a_page_belongs_to_a_list_that_is_there() -> None:
    named = {one.above for one in ITEMS if one.above is not None}
    assert named
    assert named <= {screen.path for screen in LISTS}


def test_nobody_describes_a_command_twice() -> None:
    described: Mapping[tuple[str, str], int] = {}
    for command in screens.COMMANDS:
        described = {**described, (command.service, command.operation): described.get((command.service, command.operation), 0) + 1}
    assert not {name for name, times in described.items() if times > 1}


@pytest.mark.parametrize("module", [sentences, drawings], ids=lambda module: module.__name__)
def test_templates_call_only_functions_that_are_there(module: ModuleType) -> None:
    """A page that comes to such a call in a rare state would be answered 500."""
    short = module.__name__.rpartition(".")[2]
    called = {
        name
        for template in TEMPLATES.rglob("*.html")
        for name in re.findall(rf"\b{short}\.([a-z_]+)\(", template.read_text(encoding="utf-8"))
    }
    assert called
    assert not {name for name in called if not hasattr(module, name)}
