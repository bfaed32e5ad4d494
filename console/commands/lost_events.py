"""`laowu lost-events`: what a service published after the backup its database was restored from, and what is to become of it. Over HTTP."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from console.api_client import ApiClient
from console.commands.operating import NotDone, Service, ask_as_operator
from console.commands.terminal import Json, message, print_json, print_table, results, text_column
from shared.principals import Role

HELP = "Events that a restored database has lost and the log holds: look at them, replay or void them."
app = typer.Typer(no_args_is_help=True, help=HELP)
AT_ONCE = 100  # events in one request
Ids = Annotated[list[str] | None, typer.Argument(help="of the events")]


@app.command("list")
def list_lost_events(
    *,
    service: Service,
    state: Annotated[str, typer.Option(help="lost, replayed, voided or all")] = "lost",
    as_json: Json = False,
) -> None:
    """What is still to be decided, in the order in which it was published. Exit status: 0 nothing is, 1 something is."""
    if state not in ("lost", "replayed", "voided", "all"):
        raise typer.BadParameter(f"{state} is none of lost, replayed, voided, all")
    found = ask_as_operator(lambda client: _list(client, service, None if state == "all" else state))
    if as_json:
        print_json(found)
    elif not found:
        print(f"no lost events of {service}")
    else:
        table = Table(box=None)
        for name in ("event", "type", "subject", "recorded", "by", "state"):
            text_column(table, name)
        for one in found:
            by = f"because of {one['caused_by']}" if _is_reaction(one) else one["event"]["actor"]
            table.add_row(one["event_id"], one["type"], one["subject"], one["recorded"][:19], by, _state(one))
        print_table(results(), table)
    raise typer.Exit(1 if any(one["state"] == "lost" for one in found) else 0)


def _is_reaction(one: dict[str, Any]) -> bool:
    """To another service's event; then it is replayed as that one is read again."""
    return one["caused_by"] is not None and not one["caused_by"].startswith("request:")


def _state(one: dict[str, Any]) -> str:
    if one["state"] == "lost":
        return "lost"
    return f"{one['state']} by {one['decided_by']}{': ' + one['decided_why'] if one['decided_why'] else ''}"


@app.command()
def replay(
    path: Annotated[str, typer.Argument(help="of the route that the command was sent to, such as /placements/ID/dispatch")],
    body: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="file with the command as JSON, as it was sent")],
    ids: Annotated[list[str], typer.Argument(help="of the events that it published")],
    *,
    service: Service,
    role: Annotated[Role, typer.Option(help="whose command it is")] = Role.OFFICER,
    party: Annotated[str | None, typer.Option(help="of an enterprise, a trainer or an assessor")] = None,
) -> None:
    """Enter a command again. It acts at the time of its first event and must publish these events; they are not sent a second time."""
    try:
        content = json.loads(body.read_bytes())
    except ValueError as error:
        raise NotDone(f"{body} is no JSON: {error}") from None
    named = {"replays": ",".join(ids)}
    ask_as_operator(lambda client: client.as_role(role, party).post(service, path, content, secrets.token_hex(8), headers=named))
    message(f"replayed: {', '.join(ids)}")


@app.command()
def void(
    ids: Ids = None,
    *,
    service: Service,
    why: Annotated[str, typer.Option(help="the reason, kept with them")],
    every: Annotated[bool, typer.Option("--all", help="every one that is still lost")] = False,
) -> None:
    """Take events back, for a reason: figures lose what they had added. What other services made of them is corrected there."""
    if bool(ids) is every:
        raise typer.BadParameter("name the events, or --all")

    async def act(client: ApiClient) -> int:
        wanted, voided = ids or [one["event_id"] for one in await _list(client, service, "lost")], 0
        for first in range(0, len(wanted), AT_ONCE):
            some = wanted[first : first + AT_ONCE]
            answer = await client.post(service, "/lost-events/void", {"ids": some, "why": why}, secrets.token_hex(8))
            voided += answer["voided"]
        return voided

    message(f"{ask_as_operator(act)} voided")


async def _list(client: ApiClient, service: str, state: str | None) -> list[dict[str, Any]]:
    return await client.get_all(service, "/lost-events", state=state)
