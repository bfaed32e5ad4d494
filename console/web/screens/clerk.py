"""Screens of a county clerk: workers, willingness, surveys, supply. Officers and auditors see them too."""

from __future__ import annotations

from console.web.screen import Button, Command, ItemScreen, ListScreen, Part
from shared.principals import Role

READERS = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
CLERK = frozenset({Role.CLERK})
WORKER = {"worker": "worker"}

SCREENS = (
    ListScreen(
        path="/workers",
        title="Workers",
        group="Registration",
        service="registration",
        route="/workers",
        columns=("worker_no", "county", "state", "assurance", "birth_year", "sex", "registered_on"),
        filters=("worker_no", "county", "state"),
        roles=READERS,
        row="/workers/{worker}",
        buttons=(Button(service="registration", operation="register_worker", roles=CLERK),),
    ),
    ItemScreen(
        path="/workers/{worker}",
        title="Worker {worker_no}",
        service="registration",
        route="/workers/{worker}",
        roles=READERS,
        parts=(
            Part(
                title="History",
                service="registration",
                route="/workers/{worker}/history",
                parts=WORKER,
                columns=("recorded_at", "effective", "action", "principal"),
            ),
        ),
        buttons=tuple(
            Button(service="registration", operation=operation, parts=WORKER, roles=CLERK)
            for operation in ("verify_worker", "record_willingness", "withdraw_willingness", "correct_worker", "change_residence")
        ),
    ),
)
COMMANDS = (Command(service="registration", operation="register_worker", then="/workers/{worker}"),)
