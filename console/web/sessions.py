"""Who looks at a page: the session cookie holds the visitor's bearer token, sealed, and nothing is kept on the server.

The cookie is HttpOnly and SameSite=Lax. A request that changes something must come from a page of this console (`require_own_page`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request, Response

from console.web.settings import ConsoleSettings
from shared.principals import Forbidden, Principal
from shared.web.auth import Verifier
from shared.web.claims import Unauthenticated

LONGEST_COOKIE = 4000  # of the 4096 bytes that browsers keep; a longer one they drop without a word
CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


class NotLoggedIn(Exception):
    """There is no session, or its token has expired."""


class TokenTooLong(Exception):
    """The token does not fit into a cookie: some hundred regions are named in it."""


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class Sessions:
    """Opens, reads and ends sessions."""

    settings: ConsoleSettings
    verifier: Verifier

    @property
    def cookie(self) -> str:
        return "__Host-laowu" if self.settings.https else "laowu"

    async def start(self, response: Response, token: str) -> Principal:
        """Put the session into `response`. Raises Unauthenticated, IssuerUnavailable, TokenTooLong."""
        principal = await self.verifier.principal(token)
        sealed = self._seal(token)
        if len(sealed) > LONGEST_COOKIE:
            raise TokenTooLong
        response.set_cookie(
            self.cookie,
            sealed,
            max_age=self.settings.session_hours * 3600,
            secure=self.settings.https,
            httponly=True,
            samesite="lax",
        )
        return principal

    async def read(self, request: Request) -> Session:
        """Raises NotLoggedIn, IssuerUnavailable."""
        sealed = request.cookies.get(self.cookie, "")
        try:
            opened = self._box().decrypt(sealed.encode(), ttl=self.settings.session_hours * 3600)
            token = str(json.loads(opened)["token"])
            return Session(token, await self.verifier.principal(token))
        except (InvalidToken, Unauthenticated, ValueError, KeyError, TypeError) as error:
            raise NotLoggedIn from error

    def end(self, response: Response) -> None:
        response.delete_cookie(self.cookie, secure=self.settings.https, httponly=True, samesite="lax")

    def _box(self) -> Fernet:
        return Fernet(self.settings.session_key.get_secret_value())

    def _seal(self, token: str) -> str:
        return self._box().encrypt(json.dumps({"token": token}).encode()).decode()


def require_own_page(request: Request) -> None:
    """Raises Forbidden for a change that another site's page asks for (CSRF), or that no page asks for."""
    if request.method in CHANGES_NOTHING:
        return
    origin = urlsplit(request.headers.get("origin", ""))
    if not origin.netloc or origin.netloc != request.headers.get("host"):
        raise Forbidden("the request does not come from a page of this console")


def own_path(path: str | None, otherwise: str = "/") -> str:
    """A path of this console to go on to; anything else, such as another site's address, is `otherwise`."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not all("!" <= character <= "~" for character in path):
        return otherwise
    return path
