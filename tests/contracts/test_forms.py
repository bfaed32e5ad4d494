"""Every form of a command says what it acts on, what is recorded of it, and asks for no id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from console.services import SERVICES
from console.web import screens
from console.web.commanding import CORRECTING, places_of_now
from console.web.documents import Operation, Schema
from console.web.forms import MONEY, TODAY_UNLESS_GIVEN
from console.web.screen import Button, Command, ItemScreen, ListScreen, Part
from console.web.subjects import is_named
from tests.contracts.schemas import answers, has, operations, rows_of

COMMANDS: Mapping[tuple[str, str], Command] = {(one.service, one.operation): one for one in screens.COMMANDS}
THINGS = [one for one in (*screens.SCREENS, *screens.SUBJECTS) if isinstance(one, ItemScreen)]
NOT_SHOWN = {  # commands that put something right and show nothing of it
    "revise_fx_rate": "no page offers it: rates are loaded from a file",
}
NOT_ANSWERED = {  # fields whose present value is not shown
    "change_residence.moved_on": "the day of the move itself",
    "set_household_status.as_of": "the day of the change itself",
    "correct_worker.name_pinyin": "kept encrypted beside the name, and answered in clear for a purpose only",
    "correct_arrival.terms": "answered as whether they match the contract, and in what they differ",
    "correct_attendance.day": "the day to put right is one of those recorded",
    "correct_attendance.minutes": "stands beside each day to choose",
    "extend_contract.signed_on": "the day on which the extension itself is signed",
    "transfer_employer.consent": "the worker's consent to this transfer",
    "transfer_employer.days_per_month": "of a monthly wage a filler; the page of the placement says it of a daily one",
    "transfer_employer.employer_id": "answered with the job order, and once more with the changes of the contract",
    "transfer_employer.since": "the day of the transfer itself",
}
CORRECTIONS = [one for service in SERVICES for one in operations(service).values() if one.name.startswith(CORRECTING)]
BY_NAME = pytest.mark.parametrize("operation", CORRECTIONS, ids=lambda one: one.name)


def holders(operation: Operation) -> Iterator[tuple[Operation, Schema]]:
    """What answers the thing that the command is about: the list whose rows have its button, else the page of the thing."""
    found: list[ListScreen | Part] = [
        one for one in screens.SCREENS if isinstance(one, ListScreen) and leads_to(one.row_buttons, operation)
    ]
    found += [part for thing in THINGS for part in thing.parts if leads_to(part.buttons, operation)]
    for holder in found:
        answer = operations(holder.service)[holder.route]
        yield answer, rows_of(answer, holder.at)
    for thing in THINGS:
        if thing.service == operation.service and is_page_of(thing, operation.parts[-1]):
            yield operations(thing.service)[thing.route], answers(thing.service)[thing.route]


def leads_to(buttons: tuple[Button, ...], operation: Operation) -> bool:
    return any((one.service, one.operation) == (operation.service, operation.name) for one in buttons)


def is_page_of(thing: ItemScreen, part: str) -> bool:
    return thing.path.endswith(f"{{{part}}}")


def fields_of(operation: Operation, schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Dotted name and schema of all that is typed; an amount is one."""
    for name, part in operation.resolve(schema).get("properties", {}).items():
        found = operation.resolve(part)
        if "properties" in found and not found["properties"].keys() >= MONEY:
            yield from fields_of(operation, found, f"{prefix}{name}.")
        else:
            yield prefix + name, found


@BY_NAME
def test_a_command_that_puts_something_right_shows_what_is_recorded(operation: Operation) -> None:
    if operation.name in NOT_SHOWN:
        return
    command = COMMANDS.get((operation.service, operation.name), Command(service=operation.service, operation=operation.name))
    places = places_of_now(operation, command)
    answered = list(holders(operation))
    assert answered, "no page answers what it is about"
    for name, _ in fields_of(operation, operation.body or {}):
        excused = name in {"version", "reason"} or any(f"{operation.name}.{name}".startswith(one) for one in NOT_ANSWERED)
        own = command.recorded is not None
        assert excused or own or all(has(answer, rows, places.get(name, name)) for answer, rows in answered[:1]), name


@BY_NAME
def test_what_is_not_shown_is_not_shown_by_chance(operation: Operation) -> None:
    """Another value of the same name would be taken for it."""
    command = COMMANDS.get((operation.service, operation.name), Command(service=operation.service, operation=operation.name))
    places = places_of_now(operation, command)
    excused = {one.partition(".")[2] for one in NOT_ANSWERED if one.startswith(f"{operation.name}.")}
    wrong = {name for name in excused & places.keys() for answer, rows in holders(operation) if has(answer, rows, places[name])}
    assert not wrong


def test_no_excuse_is_left_over() -> None:
    names = {one.name for one in CORRECTIONS}
    assert set(NOT_SHOWN) <= names
    assert {one.partition(".")[0] for one in NOT_ANSWERED} <= names


@pytest.mark.parametrize("command", [*COMMANDS], ids=str)
def test_no_form_asks_for_an_id(command: tuple[str, str]) -> None:
    described, operation = COMMANDS[command], operations(command[0])[command[1]]
    given = {*described.hidden, *described.options, *described.searched, *described.resolved, *described.asked_of}
    ids = {name for name, schema in fields_of(operation, operation.body or {}) if is_id(operation, schema)}
    assert not ids - given


def test_a_command_that_takes_an_id_is_described() -> None:
    """A form that is drawn from its schema alone would ask for it."""
    offered = {(one.service, one.operation) for one in buttons()}
    asking = {
        (service, one.name)
        for service in SERVICES
        for one in operations(service).values()
        if any(is_id(one, schema) for _, schema in fields_of(one, one.body or {}))
    }
    assert not (offered & asking) - COMMANDS.keys()


def is_id(operation: Operation, schema: Schema) -> bool:
    items = operation.resolve(schema["items"]) if schema.get("type") == "array" and "items" in schema else schema
    return items.get("format") == "uuid"


def buttons() -> Iterator[Button]:
    for one in screens.SCREENS:
        yield from one.buttons
        if isinstance(one, ListScreen):
            yield from one.row_buttons
        else:
            yield from (button for part in one.parts for button in part.buttons)


def test_what_a_form_acts_on_has_a_name() -> None:
    """By its title, or by fields beside it: a command's form stands alone."""
    assert not [one.path for one in THINGS if one.buttons and not is_named(one)]


def test_no_secret_is_read_for_the_head_of_a_form() -> None:
    secrets = [one for one in THINGS if one.route.endswith("/secret")]
    assert len(secrets) == len(SERVICES)
    assert not any(map(is_named, secrets))


def test_what_stands_beside_a_title_is_answered() -> None:
    wrong = [
        (one.path, name)
        for one in THINGS
        for name in one.known_by
        if not has(operations(one.service)[one.route], answers(one.service)[one.route], name)
    ]
    assert not wrong


@pytest.mark.parametrize(("name", "day"), TODAY_UNLESS_GIVEN.items())
def test_a_day_that_is_today_unless_given_may_be_left_empty(name: str, day: str) -> None:
    (operation,) = (found for service in SERVICES for found in operations(service).values() if found.name == name)
    body = operation.resolve(operation.body or {})
    assert operation.resolve(body["properties"][day])["format"] == "date"
    assert day not in body.get("required", ())
