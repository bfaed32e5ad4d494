"""`laowu token`: a bearer token of the local stack, to call its services by hand."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from console.api_client import open_client
from console.errors import ConsoleError, NotRunning
from console.local import compose_env, stack
from console.local.home import Home
from console.local.regions import region_code
from console.services import SERVICES
from shared.principals import NATION, Role

ROLES = ", ".join(role for role in Role if role is not Role.SERVICE)
LICENCE = re.compile(r"LW[0-9]{12}")  # of an enterprise
CENTRE_LICENCE = re.compile(r"[0-9]{5}")


class PartyNotFound(ConsoleError):
    """No enterprise, or no training centre, has the number."""


def token(
    role: Annotated[Role | None, typer.Argument(help=ROLES)] = None,
    *,
    as_role: Annotated[Role | None, typer.Option("--role", help="the same as the argument")] = None,
    region: Annotated[list[str] | None, typer.Option(help="code or name, such as 620000, 甘肃 or gansu; may be repeated")] = None,
    party: Annotated[
        str | None,
        typer.Option(help="whom it acts for: an enterprise's id or licence, a training centre's name or licence"),
    ] = None,
    compose: Annotated[bool, typer.Option("--compose", help="of the stack of docker-compose.yml in this folder")] = False,
    hours: Annotated[float, typer.Option(min=0.01, max=168, help="how long it is valid")] = 12,
) -> None:
    """Print a bearer token of the local stack: everywhere in the nation, for 12 hours, unless asked otherwise."""
    chosen = role or as_role
    if chosen is None or (role and as_role and role is not as_role):
        raise typer.BadParameter("one role is needed, as in: laowu token officer")
    if chosen is Role.SERVICE:
        raise typer.BadParameter("a service's own token is never issued")
    home, addresses = stack_of(compose=compose)
    regions = [region_code(one) for one in region or [NATION]]
    acts_for = asyncio.run(find_party(addresses, stack.tokens(home), party)) if party else None
    print(stack.token(chosen, regions, acts_for, home=home, seconds=round(hours * 3600)))


def stack_of(*, compose: bool) -> tuple[Home, dict[str, str]]:
    """Its keys, and where its services are. Raises NotRunning."""
    return _in_containers() if compose else _here()


def _here() -> tuple[Home, dict[str, str]]:
    """Raises NotRunning: a token without a stack would be signed by a key of its own."""
    home = Home.here()
    return home, stack.endpoints(home)


def _in_containers() -> tuple[Home, dict[str, str]]:
    """Raises NotRunning."""
    home = Home(compose_env.KEYS)
    if home.read("auth.json") is None:
        raise NotRunning("no keys of docker-compose.yml here: run make up-compose first, in the folder of that file.")
    return home, {service: compose_env.address(service) for service in SERVICES}


async def find_party(addresses: Mapping[str, str], tokens: stack.Token, party: str) -> str:
    """The id of the enterprise with the licence number, the name of the training centre with it; anything else as it is.

    Raises PartyNotFound, ServiceUnavailable.
    """
    if LICENCE.fullmatch(party):
        found = await _all(addresses, tokens, "docking", "/public/enterprises", licence_no=party)
        return str(_only(found, party)["enterprise"])
    if CENTRE_LICENCE.fullmatch(party):
        found = await _all(addresses, tokens, "training", "/centres")
        return str(_only([one for one in found if one["licence_no"] == party], party)["centre"])
    try:
        return str(UUID(party))
    except ValueError:
        return party


def _only(found: list[Any], number: str) -> Any:
    if not found:
        raise PartyNotFound(f"{number}: nobody has this licence")
    return found[0]


async def _all(addresses: Mapping[str, str], tokens: stack.Token, service: str, path: str, **query: str) -> list[Any]:
    async with open_client(addresses, tokens, run=secrets.token_hex(8)) as client:
        return await client.as_role(Role.OFFICER).get_all(service, path, **query)
