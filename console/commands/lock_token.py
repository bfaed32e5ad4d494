"""`laowu lock-token`: a token that has leaked lets nobody in any more, at any service."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import BaseModel, ValidationError

from console.api_client import RequestRefused, ServiceUnavailable, open_client
from console.commands.terminal import message
from console.commands.token import stack_of
from console.errors import ConsoleError
from console.local import stack
from shared.principals import Role
from shared.web.auth import claimed
from shared.web.claims import Name, Unauthenticated

STANDARD_INPUT = "-"
Failed = RequestRefused | ServiceUnavailable


class NotLocked(ConsoleError):
    """A service did not take the lock, or the token has no id."""


class _Identified(BaseModel):
    jti: Name


def lock_token(
    token_id: Annotated[str, typer.Argument(help="the token's claim jti; - reads a whole token from the standard input", metavar="ID")],
    *,
    why: Annotated[str, typer.Option(help="the reason, kept with the lock")],
    compose: Annotated[bool, typer.Option("--compose", help="of the stack of docker-compose.yml in this folder")] = False,
) -> None:
    """Let nobody in with a token that has leaked: every service and the console refuse it from now on."""
    home, addresses = stack_of(compose=compose)
    wanted = id_of(sys.stdin.read().strip()) if token_id == STANDARD_INPUT else token_id
    failed = asyncio.run(lock_everywhere(addresses, stack.tokens(home), wanted, why))
    if failed:
        reasons = "; ".join(f"{service}: {error}" for service, error in failed.items())
        raise NotLocked(f"not locked out everywhere, try again: {reasons}")
    message(f"locked out at {', '.join(addresses)}")


def id_of(token: str) -> str:
    """Raises NotLocked for a token without an id: nothing but its end locks that one out."""
    try:
        return _Identified.model_validate(claimed(token)).jti
    except (Unauthenticated, ValidationError):
        raise NotLocked("this is no token, or it has no id (jti)") from None


async def lock_everywhere(addresses: Mapping[str, str], tokens: stack.Token, token_id: str, why: str) -> dict[str, Failed]:
    """Asks every service, whatever the others answer. Returns those that did not take it."""
    body, run = {"token_id": token_id, "why": why}, secrets.token_hex(8)

    async with open_client(addresses, tokens, run=run) as client:
        operator = client.as_role(Role.OPERATOR)

        async def lock(service: str) -> Failed | None:
            try:
                await operator.post(service, "/token-locks", body, f"lock-{service}")
            except (RequestRefused, ServiceUnavailable) as error:
                return error
            return None

        answers = dict(zip(addresses, await asyncio.gather(*map(lock, addresses)), strict=True))
    return {service: error for service, error in answers.items() if error is not None}
