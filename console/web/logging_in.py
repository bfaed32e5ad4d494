"""Log in and out. Whoever has a token enters it; on a local stack anybody on this machine may choose a role instead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from joserfc.jwk import OKPKey

from console.web import choices
from console.web.backend import Backend
from console.web.forms import Option
from console.web.pages import AnyVisitor, language_of, render, render_for
from console.web.sessions import Sessions, TokenTooLong, own_path
from console.web.settings import ConsoleSettings
from shared.principals import NATION, Forbidden, Principal, Role
from shared.texts import texts
from shared.web.auth import issue
from shared.web.claims import Unauthenticated

router = APIRouter()

LOCAL_ROLES = tuple(role for role in Role if role not in {Role.SERVICE, Role.PUBLIC})
HAS_REGION = frozenset({Role.CLERK, Role.OFFICER})
PARTIES = {  # role -> where its parties are listed, the field that is the party in a token, the field people know it by
    Role.ENTERPRISE: ("docking", "/enterprises", "enterprise", "name"),
    Role.TRAINER: ("training", "/centres", "centre", "centre"),
    Role.ASSESSOR: ("training", "/centres", "centre", "centre"),
}


@router.get("/")
async def first_page(who: AnyVisitor) -> Response:
    """Where the role's work is."""
    return render(who, "home.html")


@router.get("/login")
async def login(request: Request) -> Response:
    return await _page(request)


@router.post("/login")
async def log_in(request: Request) -> Response:
    """By a token, or by a role of the local stack."""
    form = await request.form(max_files=0, max_fields=20)
    given = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    settings: ConsoleSettings = request.app.state.settings
    text = texts(language_of(request))
    try:
        token = given.get("token", "").strip() or _local_token(settings, given)
        response = Response(status_code=303, headers={"Location": own_path(given.get("next"))})
        sessions: Sessions = request.app.state.sessions
        await sessions.start(response, token)
    except (Unauthenticated, ValueError):
        return await _page(request, status=401, problem=text("This token is not valid, or it has expired."))
    except TokenTooLong:
        return await _page(
            request, status=422, problem=text("This token is too long to log in with: let it name provinces, not each county.")
        )
    return response


@router.post("/logout")
async def log_out(request: Request) -> Response:
    response = Response(status_code=303, headers={"Location": "/login"})
    sessions: Sessions = request.app.state.sessions
    sessions.end(response)
    return response


async def _page(request: Request, *, status: int = 200, problem: str | None = None) -> Response:
    settings: ConsoleSettings = request.app.state.settings
    following = own_path(request.query_params.get("next"))
    roles = [_role(role) for role in LOCAL_ROLES] if settings.local_accounts_key else []
    role = next((one for one in LOCAL_ROLES if one == request.query_params.get("role")), None)
    parties = await _parties(request, role) if role in PARTIES and settings.local_accounts_key else []
    return render_for(
        request,
        "login.html",
        status=status,
        following=following,
        roles=roles,
        role=role,
        parties=parties,
        problem=problem,
        has_region=role in HAS_REGION,
        choose=lambda one: "/login?" + urlencode({"role": one, "next": following}),
    )


def _role(role: Role) -> str:
    return role.value


async def _parties(request: Request, role: Role) -> Sequence[Option]:
    service, path, identifier, name = PARTIES[role]
    backend: Backend = request.app.state.backend
    asking = backend.as_visitor(_sign(request.app.state.settings, Principal("local-login", Role.OFFICER, (NATION,))))
    found: list[Any] = await asking.get_all(service, path, {})
    return [(str(one[identifier]), str(one[name])) for one in found]


def _local_token(settings: ConsoleSettings, given: dict[str, str]) -> str:
    """Raises ValueError for a role or region that is none, Forbidden where there are no local accounts."""
    role = Role(given.get("role", ""))
    if role not in LOCAL_ROLES:
        raise ValueError("no such role")
    region = choices.meant("region", given.get("region") or NATION)
    return _sign(settings, Principal(f"local-{role}", role, (region,), given.get("party") or None))


def _sign(settings: ConsoleSettings, who: Principal) -> str:
    if settings.local_accounts_key is None:
        raise Forbidden("there are no local accounts here")
    key = OKPKey.import_key(json.loads(settings.local_accounts_key.read_text()))
    return issue(key, who, seconds=settings.session_hours * 3600)
