"""`laowu token`: a bearer token of the local stack, to call its services by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from console.local import stack
from console.local.home import Home
from shared.principals import Role

ROLES = ", ".join(role for role in Role if role is not Role.SERVICE)


def token(
    role: Annotated[Role, typer.Argument(help=ROLES)],
    *,
    party: Annotated[str | None, typer.Option(help="id of the enterprise, or name of the training centre, that it acts for")] = None,
) -> None:
    """Print a bearer token of the local stack, valid for 12 hours everywhere in the nation."""
    if role is Role.SERVICE:
        raise typer.BadParameter("a service's own token is never issued")
    home = Home.here()
    stack.endpoints(home)  # raises NotRunning: a token without a stack would be signed by a key of its own
    print(stack.token(role, party=party, home=home))
