"""Log in and out: at the issuer, where there is one; else whoever has a token enters it.

The local stack is an issuer of its own, with one account per role, from which anybody on this machine chooses. It is on loopback only.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from joserfc.jwk import OKPKey

from console.web import choices
from console.web.backend import Backend
from console.web.code_flow import CALLBACK, Grant, LoginRefused
from console.web.forms import Option
from console.web.pages import AnyVisitor, language_of, local_account, render, render_for
from console.web.sessions import Sessions, TokenTooLong, own_path
from console.web.settings import ConsoleSettings
from shared.hosts import is_loopback
from shared.principals import NATION, Forbidden, Principal, Role
from shared.texts import sentence, texts
from shared.web.auth import issue
from shared.web.claims import Unauthenticated

router = APIRouter()
logger = logging.getLogger("laowu.console")

TOO_LONG = sentence("This token is too long to log in with: let it name provinces, not each county.")

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
    text = texts(language_of(request))
    try:
        token = given.get("token", "").strip() or _local_token(request, given)
        response = Response(status_code=303, headers={"Location": own_path(given.get("next"))})
        sessions: Sessions = request.app.state.sessions
        await sessions.start(response, Grant(access_token=token))
    except (Unauthenticated, ValueError):
        return await _page(request, status=401, problem=text("This token is not valid, or it has expired."))
    except TokenTooLong:
        return await _page(request, status=422, problem=text(TOO_LONG))
    return response


@router.get("/login/start")
async def log_in_at_issuer(request: Request) -> Response:
    """To the issuer, which leads back to the callback."""
    sessions: Sessions = request.app.state.sessions
    if sessions.flow is None:
        return await _page(request)
    try:
        address, pending = await sessions.flow.begin(own_path(request.query_params.get("next")))
    except LoginRefused as error:
        return await _not_logged_in(request, error)
    response = Response(status_code=303, headers={"Location": address, "Cache-Control": "no-store"})
    sessions.begin(response, pending)
    return response


@router.get(CALLBACK)
async def come_back(request: Request) -> Response:
    """From the issuer, with a code that only the browser which began the login can use."""
    sessions: Sessions = request.app.state.sessions
    if sessions.flow is None:
        return await _page(request)
    text = texts(language_of(request))
    try:
        pending = sessions.pending(request)
        grant = await sessions.flow.finish(dict(request.query_params), pending)
        response = Response(status_code=303, headers={"Location": own_path(pending.following), "Cache-Control": "no-store"})
        await sessions.start(response, grant)
    except (LoginRefused, Unauthenticated) as error:
        return await _not_logged_in(request, error)
    except TokenTooLong:
        return await _page(request, status=422, problem=text(TOO_LONG))
    return response


async def _not_logged_in(request: Request, error: Exception) -> Response:
    logger.warning("a login at the issuer failed: %s", error)
    text = texts(language_of(request))
    named = error.code if isinstance(error, Unauthenticated) else ""
    problem = text.word("error", named) if text.has("error", named) else text("The login did not succeed. Begin it again.")
    return await _page(request, status=401, problem=problem)


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """Here, and at the issuer where people logged in there."""
    sessions: Sessions = request.app.state.sessions
    refresh_token, id_token = sessions.ending(request)
    end = None if sessions.flow is None else await sessions.flow.end(refresh_token)
    if end is None or sessions.flow is None or id_token is None:
        response = Response(status_code=303, headers={"Location": "/login"})
    else:
        # Sent as a form, since an id token names a person and an address ends up in logs.
        hidden = {
            "id_token_hint": id_token,
            "client_id": sessions.flow.client,
            "post_logout_redirect_uri": sessions.flow.address + "/login",
        }
        response = render_for(request, "logged_out.html", end=end, hidden=hidden)
        origin = urlsplit(end)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {origin.scheme}://{origin.netloc}"
        )
    sessions.end(response)
    return response


async def _page(request: Request, *, status: int = 200, problem: str | None = None) -> Response:
    sessions: Sessions = request.app.state.sessions
    following = own_path(request.query_params.get("next"))
    local = _offers_roles(request)
    roles = [_role(role) for role in LOCAL_ROLES] if local else []
    role = next((one for one in LOCAL_ROLES if one == request.query_params.get("role")), None)
    parties = await _parties(request, role) if role in PARTIES and local else []
    return render_for(
        request,
        "login.html",
        status=status,
        following=following,
        roles=roles,
        role=role,
        at_issuer=None if sessions.flow is None else "/login/start?" + urlencode({"next": following}),
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


def _offers_roles(request: Request) -> bool:
    """Whether the local accounts are there. A page of elsewhere that had its own name led to this machine would carry that name."""
    settings: ConsoleSettings = request.app.state.settings
    return settings.local_accounts_key is not None and is_loopback((request.url.hostname or "").strip("[]"))


def _local_token(request: Request, given: dict[str, str]) -> str:
    """Raises ValueError for a role or region that is none, Forbidden where there are no local accounts."""
    if not _offers_roles(request):
        raise Forbidden("there are no local accounts here")
    role = Role(given.get("role", ""))
    if role not in LOCAL_ROLES:
        raise ValueError("no such role")
    region = choices.meant("region", given.get("region") or NATION)
    return _sign(request.app.state.settings, Principal(local_account(role), role, (region,), given.get("party") or None))


def _sign(settings: ConsoleSettings, who: Principal) -> str:
    if settings.local_accounts_key is None:
        raise Forbidden("there are no local accounts here")
    key = OKPKey.import_key(json.loads(settings.local_accounts_key.read_text()))
    return issue(key, who, seconds=settings.session_hours * 3600)
