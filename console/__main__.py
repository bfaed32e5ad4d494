"""The `laowu` command. A command's module is imported when the command is called: `laowu --help` imports none of them."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from console.commands.terminal import message
from console.errors import ConsoleError, WrongMode

# Name -> where it is implemented, and its line in `laowu --help`: the first sentence of its own help (held equal by a test).
COMMANDS = {
    "demo": ("demo:demo", "Play the programme 2017-2020 through the five services and print the report a ministry would want."),
    "report": ("report:report", "The programme's figures: years, quotas, targets, what was parked, how fresh."),
    "watch": ("watch:watch", "Follow published figures, targets and quotas as they change."),
    "audit": ("audit:audit", "Recount the whole log with the reference fold and compare every cell."),
    "why": ("why:why", "The events that make a figure up, one by one."),
    "rebuild": ("rebuild:rebuild", "Count every cell anew while counting goes on; swap the new cells in if they are equal."),
    "verify": ("verify:verify", "Check a clearance or training certificate without a network."),
    "deadletters": ("dead_letters:app", "Records that a service could not apply: look at them, redrive or discard them."),
    "person": ("person:person", "Everything held about one worker in all services, and who read it, as JSON."),
    "token": (
        "token:token",
        "Print a bearer token of the local stack: everywhere in the nation, for 12 hours, unless asked otherwise.",
    ),
    "lock-token": (
        "lock_token:lock_token",
        "Let nobody in with a token that has leaked: every service and the console refuse it from now on.",
    ),
    "mail": ("mail:mail", "The letters of the local stack, newest first; with a number, one of them."),
    "backup": ("backup:backup", "Dump the services' databases into a new folder, or the keys into another one."),
    "restore": ("backup:restore", "Put a backup's databases, or its keys, back; every file is compared with its checksum first."),
    "cut-over": (
        "cut_over:cut_over",
        "Take over what an old system has under way, with its numbers, and reconcile it with its totals.",
    ),
    "keys": (
        "personal_keys:app",
        "The keys of personal data, of what seals it and of how people are found: change them while people work.",
    ),
    "lost-events": ("lost_events:app", "Events that a restored database has lost and the log holds: look at them, replay or void them."),
    "relay": ("relay:app", "The sending side of a service."),
    "partitions": (
        "partitions:partitions",
        "Add partitions to the topics in use, with the order of every subject kept; nothing stops meanwhile.",
    ),
    "flink-sql": (
        "flink_sql:flink_sql",
        "Print the table of measures as a job for Apache Flink, which counts the same cells into a topic.",
    ),
    "kafka": ("kafka:app", "What an administrator of a Kafka cluster does before the services start."),
    "postgres": ("postgres:app", "What an administrator of a PostgreSQL server does before the services start."),
    "up": ("stack:up", "Start Kafka, PostgreSQL and the five services; returns when all are ready."),
    "down": ("stack:down", "Stop everything the stack runs; its data stays."),
    "status": ("stack:status", "What runs; exit status 0 when all of it is ready, 1 otherwise."),
    "logs": ("stack:logs", "Print the log of a process of the stack."),
}


class LoadedOnUse(TyperGroup):
    """Lists commands by their line in COMMANDS; imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, found, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else found, rest


def load(name: str) -> Any:
    """The command itself, or its group of commands."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    implemented = getattr(import_module(f"console.commands.{module}"), attribute)
    if isinstance(implemented, typer.Typer):
        return typer.main.get_group(implemented)
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(implemented)
    return typer.main.get_command(single)


def _listed() -> None:
    """Stands for a command in the list; `LoadedOnUse` replaces it before it is called."""


app = typer.Typer(
    cls=LoadedOnUse,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Labour dispatch as five services.",
)
for _name, (_where, _line) in COMMANDS.items():
    app.command(_name, help=_line)(_listed)


def main() -> None:
    """Exit status: 0 done, 1 failed (one line says why), 2 wrong usage, 3 up in another mode than asked for, 130 Ctrl-C."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # else every attempt at a broker that is away has a line
    try:
        app()
    except ConsoleError as error:
        message(f"laowu: {error}", "red")
        sys.exit(3 if isinstance(error, WrongMode) else 1)


if __name__ == "__main__":
    main()
