"""`laowu person`: everything the five services hold about one worker, and who read it: the copy that a worker may ask for."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from console.api_client import ApiClient, RequestRefused, open_client
from console.commands.terminal import message
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
from shared.principals import Role

HOLDERS = ("docking", "training", "rights")  # beside registration; stats holds counts, and no record of a person


class NotGivenOut(ConsoleError):
    """A service refused, or the file is there already."""


def person(
    worker_no: Annotated[str, typer.Argument(help="the worker's number, such as W00000001-X, also an earlier one")],
    *,
    reason: Annotated[Literal["worker_asked", "court_order"], typer.Option(help="goes into the history of who read it")] = "worker_asked",
    out: Annotated[Path | None, typer.Option(help="a new file, readable by its owner alone; left out: the terminal")] = None,
) -> None:
    """Everything held about one worker in all services, and who read it, as JSON. That it was given out is recorded."""
    home = Home.here()
    addresses = stack.endpoints(home)  # raises NotRunning
    copy = asyncio.run(_copied(addresses, stack.tokens(home), worker_no, reason))
    text = json.dumps(copy, ensure_ascii=False, indent=2)
    if out is None:
        print(text)
    else:
        _write_new(out, text)
        message(f"written to {out}")


async def _copied(addresses: dict[str, str], token: stack.Token, worker_no: str, reason: str) -> dict[str, Any]:
    async with open_client(addresses, token, run=secrets.token_hex(8)) as client:
        try:
            return await everything_about(client.as_role(Role.OFFICER), worker_no, reason)
        except RequestRefused as refused:
            raise NotGivenOut(f"not given out: {refused}") from refused


async def everything_about(client: ApiClient, worker_no: str, reason: str) -> dict[str, Any]:
    """By service. Raises RequestRefused."""
    worker = (await client.get("registration", f"/workers/by-number/{worker_no}"))["worker"]
    path, label = f"/workers/{worker}/personal-data/copy", secrets.token_hex(8)
    held = {"registration": await client.post("registration", path, {"reason": reason}, label)}
    for service in HOLDERS:
        held[service] = (await client.get(service, f"/workers/{worker}/records"))["tables"]
    return held


def _write_new(out: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise NotGivenOut(f"{out} is there already") from error
    except OSError as error:
        raise NotGivenOut(f"{out}: {error.strerror}") from error
