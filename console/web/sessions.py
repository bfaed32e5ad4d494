"""Who looks at a page: the session cookie holds the visitor's bearer token, sealed, and nothing is kept on the server.

The cookie is HttpOnly and SameSite=Lax. Where the issuer gives a refresh token, a cookie of its own holds that, and a session whose token
has expired gets a new one. All cookies of a session carry its number, and a login replaces all of them: what one person left in a browser
is of no use to the next. A request that changes something must come from a page of this console (`require_own_page`).
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from console.web.code_flow import CodeFlow, Grant, LoginRefused, Pending
from console.web.settings import ConsoleSettings
from shared.principals import Forbidden, Principal
from shared.web.auth import Verifier, claimed
from shared.web.claims import LockedOut, Unauthenticated

logger = logging.getLogger("laowu.console")

LONGEST_COOKIE = 4000  # of the 4096 bytes that browsers keep; a longer one they drop without a word
CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
KEPT_TOKEN_IDS = 8  # of a session: with 36 characters each they are a tenth of a cookie; most tokens expire before the eighth is given out
LOGIN_SECONDS = 600  # that a login at the issuer may take
LOGIN, LOGOUT = "/login", "/logout"  # the only paths at which a browser sends the two cookies of a login and of a logout


class NotLoggedIn(Exception):
    """There is no session, or its token has expired."""


class TokenTooLong(Exception):
    """The token does not fit into a cookie: some hundred regions are named in it."""


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    principal: Principal


class _Renewable(BaseModel):
    """What renews a session. `since`: the login, from which SESSION_HOURS count however often it is renewed.

    `token_ids`: of the tokens given out in it, the first and the newest ones. While one of them is locked out, it is not renewed.
    """

    session: str
    refresh_token: str
    subject: str
    since: float
    token_ids: tuple[str, ...]

    def with_grant(self, grant: Grant) -> _Renewable:
        """The refresh token stays good where the issuer gives no other (RFC 6749, 6)."""
        token_ids = (*self.token_ids[:1], *self.token_ids[1:][2 - KEPT_TOKEN_IDS :], *_token_id(grant))
        return self.model_copy(update={"refresh_token": grant.refresh_token or self.refresh_token, "token_ids": token_ids})


def _token_id(grant: Grant) -> tuple[str, ...]:
    """Empty where the issuer gives its tokens no `jti`: those cannot be locked out."""
    found = claimed(grant.access_token).get("jti")
    return (found,) if isinstance(found, str) else ()


@dataclass(frozen=True, slots=True)
class Sessions:
    """Opens, reads and ends sessions. `flow`: None where nobody logs in at an issuer."""

    settings: ConsoleSettings
    verifier: Verifier
    flow: CodeFlow | None = None

    @property
    def cookie(self) -> str:
        return "__Host-laowu" if self.settings.https else "laowu"

    @property
    def _refresh_cookie(self) -> str:
        return f"{self.cookie}-refresh"

    @property
    def _login_cookie(self) -> str:
        return "__Secure-laowu-login" if self.settings.https else "laowu-login"

    @property
    def _end_cookie(self) -> str:
        return "__Secure-laowu-end" if self.settings.https else "laowu-end"

    async def start(self, response: Response, grant: Grant) -> Principal:
        """Put the session into `response`, in place of any before it. Raises Unauthenticated, IssuerUnavailable, TokenTooLong."""
        principal = await self.verifier.principal(grant.access_token)
        number = secrets.token_urlsafe(16)
        self._put(response, self.cookie, {"token": grant.access_token, "session": number})
        kept = None
        if grant.refresh_token is not None:
            kept = _Renewable(
                session=number,
                refresh_token=grant.refresh_token,
                subject=principal.subject,
                since=time.time(),
                token_ids=_token_id(grant),
            )
        self._put_or_delete(response, self._refresh_cookie, None if kept is None else kept.model_dump())
        ending = None if grant.id_token is None else {"id_token": grant.id_token, "session": number}
        self._put_or_delete(response, self._end_cookie, ending, path=LOGOUT)
        self._delete(response, self._login_cookie, path=LOGIN)
        return principal

    async def read(self, request: Request) -> Session:
        """Raises NotLoggedIn, IssuerUnavailable."""
        try:
            token = str(self._opened(request, self.cookie)["token"])
            return Session(token, await self.verifier.principal(token))
        except LockedOut as error:
            request.state.locked_out = True  # a new token for it would undo the lock
            raise NotLoggedIn from error
        except (InvalidToken, Unauthenticated, ValueError, KeyError, TypeError) as error:
            if self.flow is None:
                raise NotLoggedIn from error
            return await self._renewed(request, self.flow)

    async def _renewed(self, request: Request, flow: CodeFlow) -> Session:
        """A session with new tokens, which the answer to this request puts into the browser: `keep_renewed`."""
        try:
            kept = _Renewable.model_validate(self._of_session(request, self._refresh_cookie))
            if kept.since + self.settings.session_hours * 3600 <= time.time():
                raise NotLoggedIn
            await self.verifier.require_unlocked(*kept.token_ids)
            grant = await flow.renew(kept.refresh_token)
            principal = await self.verifier.principal(grant.access_token)
        except LockedOut as error:
            request.state.locked_out = True
            raise NotLoggedIn from error
        except (InvalidToken, Unauthenticated, LoginRefused, ValueError, KeyError, TypeError) as error:
            raise NotLoggedIn from error
        if principal.subject != kept.subject:
            raise NotLoggedIn
        request.state.renewed = (grant.access_token, kept.with_grant(grant))
        return Session(grant.access_token, principal)

    def keep_renewed(self, request: Request, response: Response) -> None:
        """Put what `read` has renewed for this request into its answer; nothing stays of a session whose token is locked out."""
        if getattr(request.state, "locked_out", False):
            self.end(response)
        renewed: tuple[str, _Renewable] | None = getattr(request.state, "renewed", None)
        if renewed is not None:
            token, kept = renewed
            self._put(response, self.cookie, {"token": token, "session": kept.session})
            self._put_or_delete(response, self._refresh_cookie, kept.model_dump())

    def begin(self, response: Response, pending: Pending) -> None:
        """Keep a login under way in the browser that began it."""
        self._put(response, self._login_cookie, pending.model_dump(), path=LOGIN, seconds=LOGIN_SECONDS)

    def pending(self, request: Request) -> Pending:
        """Raises LoginRefused where this browser began none, or too long ago."""
        try:
            return Pending.model_validate(self._opened(request, self._login_cookie, seconds=LOGIN_SECONDS))
        except (InvalidToken, ValidationError, ValueError) as error:
            raise LoginRefused("no login was begun in this browser") from error

    def ending(self, request: Request) -> tuple[str | None, str | None]:
        """The refresh token and the id token of the session, as far as there are any."""
        return self._kept(request, self._refresh_cookie, "refresh_token"), self._kept(request, self._end_cookie, "id_token")

    def end(self, response: Response) -> None:
        for cookie, path in ((self.cookie, "/"), (self._refresh_cookie, "/"), (self._end_cookie, LOGOUT)):
            self._delete(response, cookie, path=path)

    def _put_or_delete(self, response: Response, cookie: str, content: dict[str, Any] | None, *, path: str = "/") -> None:
        """Nothing stays of a session before, also where there is nothing to keep, or more than a cookie holds."""
        try:
            if content is not None:
                return self._put(response, cookie, content, path=path)
        except TokenTooLong:
            logger.warning("the issuer's tokens are too long for the cookie %s: the session is kept without", cookie)
        return self._delete(response, cookie, path=path)

    def _delete(self, response: Response, cookie: str, *, path: str) -> None:
        response.delete_cookie(cookie, path=path, secure=self.settings.https, httponly=True, samesite="lax")

    def _put(self, response: Response, cookie: str, content: dict[str, Any], *, path: str = "/", seconds: int | None = None) -> None:
        """Raises TokenTooLong."""
        sealed = self._box().encrypt(json.dumps(content).encode()).decode()
        if len(sealed) > LONGEST_COOKIE:
            raise TokenTooLong
        age = self.settings.session_hours * 3600 if seconds is None else seconds
        response.set_cookie(cookie, sealed, max_age=age, path=path, secure=self.settings.https, httponly=True, samesite="lax")

    def _opened(self, request: Request, cookie: str, *, seconds: int | None = None) -> dict[str, Any]:
        """Raises InvalidToken for what this console has not sealed, or too long ago."""
        age = self.settings.session_hours * 3600 if seconds is None else seconds
        found: dict[str, Any] = json.loads(self._box().decrypt(request.cookies.get(cookie, "").encode(), ttl=age))
        return found

    def _of_session(self, request: Request, cookie: str) -> dict[str, Any]:
        """What the cookie holds. Raises InvalidToken, ValueError, KeyError, also where the session cookie is not of the same session."""
        found = self._opened(request, cookie)
        if found["session"] != self._opened(request, self.cookie)["session"]:
            raise ValueError(f"the cookie {cookie} is of another session")
        return found

    def _kept(self, request: Request, cookie: str, name: str) -> str | None:
        try:
            return str(self._of_session(request, cookie)[name])
        except (InvalidToken, ValueError, KeyError):
            return None

    def _box(self) -> Fernet:
        return Fernet(self.settings.session_key.get_secret_value())


def require_own_page(request: Request) -> None:
    """Raises Forbidden for a change that another site's page asks for (CSRF), or that no page asks for."""
    if request.method in CHANGES_NOTHING:
        return
    try:
        origin = urlsplit(request.headers.get("origin", "")).netloc
    except ValueError:  # half an IPv6 address
        origin = ""
    if not origin or origin != request.headers.get("host"):
        raise Forbidden("the request does not come from a page of this console")


def own_path(path: str | None, otherwise: str = "/") -> str:
    """A path of this console to go on to; anything else, such as another site's address, is `otherwise`."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not all("!" <= character <= "~" for character in path):
        return otherwise
    return path
