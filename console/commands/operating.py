"""What an operator's commands have in common: one service of the running stack, asked over HTTP."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from console.api_client import ApiClient, RequestRefused, ServiceUnavailable, open_client
from console.commands.terminal import message
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
from console.services import SERVICES
from shared.principals import Role

T = TypeVar("T")


class NotDone(ConsoleError):
    """The service refused, or does not answer. What it did before that stays done."""


def _known(service: str) -> str:
    if service not in SERVICES:
        raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}")
    return service


Service = Annotated[str, typer.Option(callback=_known, help=", ".join(SERVICES))]


def ask_as_operator(ask: Callable[[ApiClient], Awaitable[T]]) -> T:
    """The answer of the running stack, started for it if it is down. Raises NotDone, ConsoleError."""
    home = Home.here()

    async def asked() -> T:
        async with open_client(stack.endpoints(home), stack.tokens(home), run=secrets.token_hex(8)) as client:
            return await ask(client.as_role(Role.OPERATOR))

    with stack.running(home, message):
        try:
            return asyncio.run(asked())
        except (RequestRefused, ServiceUnavailable) as error:
            raise NotDone(str(error)) from None
