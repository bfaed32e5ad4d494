"""Every screen names routes, operations and fields that the services' documents have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from console.web import screens
from console.web.asking import AskScreen
from console.web.documents import Operation, _operations
from console.web.screen import Button, ListScreen
from console.web.uploading import UploadScreen
from tests.contracts.code import ROOT
from tests.support.console import SERVICES


def documents() -> dict[str, dict[str, Operation]]:
    found = {}
    for service in SERVICES:
        document = json.loads((ROOT / "tests" / "contracts" / "openapi" / f"{service}.json").read_text())
        found[service] = {one.path if one.method == "GET" else one.name: one for one in _operations(service, document)}
    return found


DOCUMENTS = documents()


def buttons() -> Iterator[Button]:
    for screen in screens.SCREENS:
        yield from screen.buttons
        if isinstance(screen, ListScreen):
            yield from screen.row_buttons
        else:
            for part in screen.parts:
                yield from part.buttons


def asked() -> Iterator[AskScreen | UploadScreen]:
    for module in screens.MODULES:
        yield from getattr(module, "ASKED", ())
        yield from getattr(module, "UPLOADS", ())


def test_every_route_of_a_screen_is_one_of_the_service() -> None:
    routes = [(screen.service, screen.route) for screen in screens.SCREENS]
    routes += [(part.service, part.route) for screen in screens.SCREENS if not isinstance(screen, ListScreen) for part in screen.parts]
    routes += [(one.service, f"{one.route}/template") for one in asked() if isinstance(one, UploadScreen)]
    assert not [(service, route) for service, route in routes if route not in DOCUMENTS[service]]


def test_every_button_and_command_is_an_operation_of_the_service() -> None:
    named = {(one.service, one.operation) for one in buttons()} | {(one.service, one.operation) for one in screens.COMMANDS}
    named |= {(one.service, one.operation) for one in asked() if isinstance(one, AskScreen)}
    assert not [name for name in sorted(named) if name[1] not in DOCUMENTS[name[0]]]


def test_a_button_names_every_part_of_its_commands_address() -> None:
    short = [one.operation for one in buttons() if not set(DOCUMENTS[one.service][one.operation].parts) <= set(one.parts)]
    assert not short


def test_a_button_is_shown_only_to_roles_that_may() -> None:
    wrong = {
        (one.operation, role.value)
        for one in buttons()
        for role in one.roles
        if (may := DOCUMENTS[one.service][one.operation].roles) and role.value not in may
    }
    assert not wrong


def test_every_filter_is_a_parameter_of_the_list() -> None:
    wrong = [
        (screen.path, name)
        for screen in screens.SCREENS
        if isinstance(screen, ListScreen)
        for name in screen.filters
        if name not in DOCUMENTS[screen.service][screen.route].query
    ]
    assert not wrong


@pytest.mark.parametrize("command", screens.COMMANDS, ids=lambda one: one.operation)
def test_a_commands_sections_and_options_are_its_fields(command: Any) -> None:
    operation = DOCUMENTS[command.service][command.operation]
    fields = set(operation.resolve(operation.body or {}).get("properties", {}))
    named = {name for _, names in command.sections for name in names} | set(command.hidden) | set(command.resolved)
    named |= {name.partition(".")[0] for name in command.options}
    assert named <= fields
