"""`laowu deadletters`: what a service could not apply, and what is to become of it. Over HTTP: the console writes to no database."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from console.api_client import Away, Caller, Refused, calling
from console.commands import demo
from console.commands.audit import Json
from console.errors import Trouble
from console.local import stack
from console.local.home import SERVICES, Home
from shared.delivery.dead_letters import MOST
from shared.principals import Role

app = typer.Typer(no_args_is_help=True, help="Records that a service could not apply: look at them, redrive or discard them.")
told = Console(stderr=True)
OUTCOMES = {"redriven": "green", "parked": "red"}


class NotDecided(Trouble):
    """The service refused, or does not answer."""


def _known(service: str) -> str:
    if service not in SERVICES:
        raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}")
    return service


Service = Annotated[str, typer.Option(callback=_known, help=", ".join(SERVICES))]
Ids = Annotated[list[int], typer.Argument(min=1, max=2**63 - 1, help="of the dead letters")]


@app.command("list")
def list_letters(
    *,
    service: Service = "stats",
    state: Annotated[str, typer.Option(help="parked, redriven, discarded or all")] = "parked",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: Json = False,
) -> None:
    """What is parked, oldest first."""
    if state not in ("parked", "redriven", "discarded", "all"):
        raise typer.BadParameter(f"{state} is none of parked, redriven, discarded, all")

    async def ask(caller: Caller) -> list[dict[str, Any]]:
        found, after = list[dict[str, Any]](), 0
        while len(found) < limit and after is not None:
            wanted = {"state": None if state == "all" else state, "after": after, "limit": min(limit - len(found), 200)}
            page = await caller.get(service, "/dead-letters", **wanted)
            found, after = found + page["items"], page["next"]
        return found

    found = _asked(ask)
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    table = Table("id", "at", "type", "subject", "reason", "parked at", "state", box=None)
    for one in found:
        why = one["reason"] if one["reason"] == "behind" else f"{one['reason']}: {one['detail']}"
        table.add_row(str(one["id"]), _at(one), one["event_type"] or "-", one["subject"] or "-", why, one["parked_at"][:19], one["state"])
    Console().print(table if found else f"no dead letters of {service}")


@app.command()
def show(
    letter: Annotated[int, typer.Argument(min=1, max=2**63 - 1, metavar="ID")], *, service: Service = "stats", as_json: Json = False
) -> None:
    """One dead letter with its bytes."""
    found = _asked(lambda caller: caller.get(service, f"/dead-letters/{letter}"))
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for name, value in found.items():
        if value is not None and not (name == "value_base64" and found["value_text"] is not None):
            print(f"{name:12} {value}")


@app.command()
def preview(ids: Ids, *, service: Service = "stats", as_json: Json = False) -> None:
    """What a redrive would do, and which published figures would change. Exit status: 0 all would be applied, 1 not all."""
    found = _asked(lambda caller: caller.get_many(service, "/dead-letters/preview", [("id", str(one)) for one in ids]))
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        _print_outcomes(found, {"redriven": "would be applied", "parked": "would stay parked"})
        for change in found["figures"] or []:
            Console().print(f"{change['figure']}: {_short(change['before'])} -> {_short(change['after'])}", highlight=False)
        if found["figures"] == []:
            Console().print("no published figure would change")
    raise typer.Exit(_exit_code(found))


@app.command()
def redrive(ids: Ids, *, service: Service = "stats", as_json: Json = False) -> None:
    """Apply dead letters, each with those parked behind it, in order. Exit status: 0 nothing of their subjects is left, 1 something is."""

    async def act(caller: Caller) -> dict[str, Any]:
        run, found, wanted = secrets.token_hex(8), {"letters": list[Any](), "left": 0}, ids
        while wanted:  # a long queue is applied in bounded requests
            answer = await caller.post(service, "/dead-letters/redrive", {"ids": wanted}, f"{run}-{wanted[0]}")
            found, wanted = {"letters": found["letters"] + answer["letters"], "left": answer["left"]}, answer["more"][:MOST]
        return found

    found = _asked(act)
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        _print_outcomes(found, {"redriven": "redriven", "parked": "parked again"})
    raise typer.Exit(_exit_code(found))


@app.command()
def discard(ids: Ids, *, why: Annotated[str, typer.Option(help="the reason, kept with them")], service: Service = "stats") -> None:
    """Leave dead letters out for good. Those parked behind them may then be redriven."""
    body = {"ids": ids, "why": why}
    found = _asked(lambda caller: caller.post(service, "/dead-letters/discard", body, secrets.token_hex(8)))
    told.print(f"{found['discarded']} discarded")


def _asked(ask: Callable[[Caller], Awaitable[Any]]) -> Any:
    """The answer of the running stack, started for it if it is down. Raises NotDecided, Trouble."""
    home = Home.here()

    async def asking() -> Any:
        async with calling(stack.endpoints(home), demo.tokens(home), run=secrets.token_hex(8)) as caller:
            return await ask(caller.speaking_as(Role.OPERATOR))

    with demo.running(home):
        try:
            return asyncio.run(asking())
        except (Refused, Away) as error:
            raise NotDecided(str(error)) from None


def _print_outcomes(found: dict[str, Any], words: dict[str, str]) -> None:
    console = Console()
    for one in found["letters"]:
        outcome = f"[{OUTCOMES[one['outcome']]}]{words[one['outcome']]}[/]"
        console.print(f"{one['id']} {_at(one)} {one['event_type'] or '-'} {outcome}", end="", highlight=False, soft_wrap=True)
        why = f": {one['reason']}: {one['detail']}" if one["outcome"] == "parked" else f", was {one['reason']}"
        console.print(why, highlight=False, markup=False, soft_wrap=True)
    if found["left"]:
        console.print(f"{found['left']} of these subjects left parked", highlight=False)


def _exit_code(found: dict[str, Any]) -> int:
    return 1 if found["left"] or any(one["outcome"] == "parked" for one in found["letters"]) else 0


def _at(letter: dict[str, Any]) -> str:
    return f"{letter['topic']}/{letter['partition']}@{letter['offset']}"


def _short(standing: Any) -> str:
    if not isinstance(standing, dict):
        return "nothing" if standing is None else f"{standing:,}"
    return ", ".join(f"{name} {value}" for name, value in standing.items() if value is not None)
