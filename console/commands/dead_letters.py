"""`laowu deadletters`: what a service could not apply, and what is to become of it. Over HTTP: the console writes to no database."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import typer
from rich.table import Table

from console.api_client import ApiClient
from console.commands.operating import Service, ask_as_operator
from console.commands.terminal import Json, figure_column, message, print_json, print_table, results, text_column
from shared.delivery.redriving import MAX_NAMED

app = typer.Typer(no_args_is_help=True, help="Records that a service could not apply: look at them, redrive or discard them.")
OUTCOMES = {"redriven": "green", "parked": "red"}
Ids = Annotated[list[int], typer.Argument(min=1, max=2**63 - 1, help="of the dead letters")]


@app.command("list")
def list_dead_letters(
    *,
    service: Service = "stats",
    state: Annotated[str, typer.Option(help="parked, redriven, discarded or all")] = "parked",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: Json = False,
) -> None:
    """What is parked, oldest first."""
    if state not in ("parked", "redriven", "discarded", "all"):
        raise typer.BadParameter(f"{state} is none of parked, redriven, discarded, all")

    async def ask(client: ApiClient) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            wanted = {"state": None if state == "all" else state, "after": after, "limit": min(limit - len(found), 200)}
            page = await client.get(service, "/dead-letters", **wanted)
            found, after = found + page["items"], page["next"]
            if after is None or len(found) >= limit:
                return found

    found = ask_as_operator(ask)
    if as_json:
        print_json(found)
        return
    if not found:
        print(f"no dead letters of {service}")
        return
    table = Table(box=None)
    figure_column(table, "id")
    for name in ("at", "type", "subject", "reason", "parked at", "state"):
        text_column(table, name)
    for one in found:
        why = one["reason"] if one["reason"] == "behind" else f"{one['reason']}: {one['detail']}"
        table.add_row(str(one["id"]), _at(one), one["event_type"] or "-", one["subject"] or "-", why, one["parked_at"][:19], one["state"])
    print_table(results(), table)


@app.command()
def show(
    dead_letter: Annotated[int, typer.Argument(min=1, max=2**63 - 1, metavar="ID")], *, service: Service = "stats", as_json: Json = False
) -> None:
    """One dead letter with its bytes."""
    found = ask_as_operator(lambda client: client.get(service, f"/dead-letters/{dead_letter}"))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if value is not None and not (name == "value_base64" and found["value_text"] is not None):
            print(f"{name:12} {value}")


@app.command()
def preview(ids: Ids, *, service: Service = "stats", as_json: Json = False) -> None:
    """What a redrive would do, and which published figures would change. Exit status: 0 all would be applied, 1 not all."""
    found = ask_as_operator(lambda client: client.get_many(service, "/dead-letters/preview", [("id", str(one)) for one in ids]))
    if as_json:
        print_json(found)
    else:
        _print_outcomes(found, {"redriven": "would be applied", "parked": "would stay parked"})
        for change in found["figures"] or []:
            print(f"{change['figure']}: {_shown(change['before'])} -> {_shown(change['after'])}")
        if found["figures"] == []:
            print("no published figure would change")
    raise typer.Exit(_exit_code(found))


@app.command()
def redrive(ids: Ids, *, service: Service = "stats", as_json: Json = False) -> None:
    """Apply dead letters, each with those parked behind it, in order. Exit status: 0 nothing of their subjects is left, 1 something is."""

    async def act(client: ApiClient) -> dict[str, Any]:
        run, found, wanted = secrets.token_hex(8), {"letters": list[Any](), "left": 0}, ids
        while wanted:  # a long queue is applied in bounded requests
            answer = await client.post(service, "/dead-letters/redrive", {"ids": wanted}, f"{run}-{wanted[0]}")
            found, wanted = {"letters": found["letters"] + answer["letters"], "left": answer["left"]}, answer["more"][:MAX_NAMED]
        return found

    found = ask_as_operator(act)
    if as_json:
        print_json(found)
    else:
        _print_outcomes(found, {"redriven": "redriven", "parked": "parked again"})
    raise typer.Exit(_exit_code(found))


@app.command()
def discard(ids: Ids, *, why: Annotated[str, typer.Option(help="the reason, kept with them")], service: Service = "stats") -> None:
    """Leave dead letters out for good. Those parked behind them may then be redriven."""
    body = {"ids": ids, "why": why}
    found = ask_as_operator(lambda client: client.post(service, "/dead-letters/discard", body, secrets.token_hex(8)))
    message(f"{found['discarded']} discarded")


def _print_outcomes(found: dict[str, Any], words: dict[str, str]) -> None:
    console = results()
    for one in found["letters"]:
        outcome = f"[{OUTCOMES[one['outcome']]}]{words[one['outcome']]}[/]"
        console.print(f"{one['id']} {_at(one)} {one['event_type'] or '-'} {outcome}", end="", highlight=False, soft_wrap=True)
        why = f": {one['reason']}: {one['detail']}" if one["outcome"] == "parked" else f", was {one['reason']}"
        console.print(why, highlight=False, markup=False, soft_wrap=True)
    if found["left"]:
        console.print(f"{found['left']} of these subjects left parked", highlight=False)


def _exit_code(found: dict[str, Any]) -> int:
    return 1 if found["left"] or any(one["outcome"] == "parked" for one in found["letters"]) else 0


def _at(dead_letter: dict[str, Any]) -> str:
    return f"{dead_letter['topic']}/{dead_letter['partition']}@{dead_letter['offset']}"


def _shown(figure: Any) -> str:
    if not isinstance(figure, dict):
        return "nothing" if figure is None else f"{figure:,}"
    return ", ".join(f"{name} {value}" for name, value in figure.items() if value is not None)
