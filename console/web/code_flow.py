"""Logging in at the issuer: the authorization code flow of OpenID Connect, with PKCE (S256), state and nonce.

The console asks as the client CONSOLE_CLIENT_ID. What the issuer answers is bounded in size and time (shared.web.issuer).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from console.web.settings import ConsoleSettings
from shared.reread_file import RereadFile, secret_text
from shared.web.auth import LONGEST_TOKEN, Verifier, signed_claims
from shared.web.claims import NumericDate
from shared.web.issuer import Discovery, IssuerFailed
from shared.web.issuer_keys import IssuerKeys, IssuerUnavailable

logger = logging.getLogger("laowu.console")

CALLBACK = "/login/callback"
KEPT_SECONDS, KEPT = 60.0, 1000  # renewals whose answer is kept for requests that come with the refresh token before
Token = Annotated[str, Field(min_length=1, max_length=LONGEST_TOKEN)]


class LoginRefused(Exception):
    """The issuer gives no tokens, or such that were not asked for by this browser."""


class Pending(BaseModel):
    """A login under way, which only the browser that began it can end. `following`: where it leads."""

    state: str
    nonce: str
    verifier: str
    following: str


class Grant(BaseModel):
    """What the issuer gives out (RFC 6749, 5.1)."""

    access_token: Token
    refresh_token: Token | None = None
    id_token: Token | None = None


class _IdToken(BaseModel):
    """What of an id token is checked (OpenID Connect Core 1.0, 3.1.3.7)."""

    iss: str
    sub: str
    aud: str | list[str]
    azp: str | None = None
    exp: NumericDate
    nonce: str | None = None


@dataclass(slots=True, kw_only=True)
class CodeFlow:
    keys: IssuerKeys
    client: str
    secret: RereadFile[str] | None  # None: a public client, which PKCE alone protects
    address: str  # of the console, as browsers reach it
    scope: str
    _renewals: OrderedDict[str, tuple[float, asyncio.Task[Grant]]] = field(default_factory=OrderedDict, init=False)

    @classmethod
    def from_settings(cls, settings: ConsoleSettings, verifier: Verifier) -> CodeFlow | None:
        """None where people do not log in at an issuer. Raises OSError, ValueError for a secret that cannot be read."""
        if verifier.issuer_keys is None or settings.console_client_id is None:
            return None
        file = settings.console_client_secret_file
        return cls(
            keys=verifier.issuer_keys,
            client=settings.console_client_id,
            secret=None if file is None else RereadFile(file, secret_text),
            address=settings.console_url.rstrip("/"),
            scope=settings.console_scope,
        )

    async def begin(self, following: str) -> tuple[str, Pending]:
        """The issuer's address to go to, and what the browser keeps meanwhile. Raises LoginRefused, IssuerUnavailable."""
        addresses = await self.keys.addresses()
        if addresses.authorization_endpoint is None:
            raise LoginRefused("the issuer has no authorization endpoint")
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.address + CALLBACK,
            "scope": self.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return with_query(addresses.authorization_endpoint, asked), Pending(
            state=state, nonce=nonce, verifier=verifier, following=following
        )

    async def finish(self, answered: Mapping[str, str], pending: Pending) -> Grant:
        """Tokens for the code that the issuer led back with. Raises LoginRefused, IssuerUnavailable, Unauthenticated."""
        if not hmac.compare_digest(answered.get("state", "").encode(), pending.state.encode()):
            raise LoginRefused("not the login that this browser began")
        if answered.get("iss", self.keys.issuer.url) != self.keys.issuer.url:  # RFC 9207
            raise LoginRefused("the answer of another issuer")
        if "code" not in answered:
            raise LoginRefused("the issuer refused")
        grant = await self._granted(
            {
                "grant_type": "authorization_code",
                "code": answered["code"],
                "redirect_uri": self.address + CALLBACK,
                "code_verifier": pending.verifier,
            }
        )
        if grant.id_token is None:
            raise LoginRefused("the issuer gave no id token")
        claims = await self._id_claims(grant.id_token)
        if claims.nonce is None or not hmac.compare_digest(claims.nonce.encode(), pending.nonce.encode()):
            raise LoginRefused("an id token for another login")
        return grant

    async def renew(self, refresh_token: str) -> Grant:
        """New tokens, asked for once however many requests come with the same refresh token. Raises LoginRefused, IssuerUnavailable."""
        key, now = hashlib.sha256(refresh_token.encode()).hexdigest(), time.monotonic()
        while self._renewals and (len(self._renewals) > KEPT or next(iter(self._renewals.values()))[0] < now):
            self._renewals.popitem(last=False)
        if key not in self._renewals:
            form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
            self._renewals[key] = (now + KEPT_SECONDS, asyncio.create_task(self._granted(form), name="renewal"))
        try:
            return await asyncio.shield(self._renewals[key][1])
        except IssuerUnavailable:
            self._renewals.pop(key, None)  # nothing was decided: the next request asks again
            raise

    async def end(self, refresh_token: str | None) -> str | None:
        """Revoke the refresh token (RFC 7009), as far as the issuer answers; gives the address that ends the session there, if any."""
        try:
            addresses = await self.keys.addresses()
            if refresh_token is not None and addresses.revocation_endpoint is not None:
                await self._ask(addresses.revocation_endpoint, {"token": refresh_token, "token_type_hint": "refresh_token"}, (200,))
        except (IssuerUnavailable, IssuerFailed) as error:
            logger.warning("the issuer was not asked to revoke a session: %s", error)
            return None
        return addresses.end_session_endpoint

    async def _granted(self, form: Mapping[str, str]) -> Grant:
        endpoint = self._token_endpoint(await self.keys.addresses())
        try:
            status, body = await self._ask(endpoint, form, (200, 400, 401))
        except IssuerFailed as error:
            logger.warning("no tokens: %s", error)
            raise IssuerUnavailable("the issuer of tokens does not answer") from error
        if status != 200:
            raise LoginRefused(f"the issuer answers {status}")
        try:
            return Grant.model_validate_json(body)
        except ValidationError as error:
            raise LoginRefused("the issuer answers without tokens") from error

    def _token_endpoint(self, addresses: Discovery) -> str:
        if addresses.token_endpoint is None:
            raise LoginRefused("the issuer has no token endpoint")
        return addresses.token_endpoint

    async def _ask(self, url: str, form: Mapping[str, str], accepted: tuple[int, ...]) -> tuple[int, bytes]:
        """As this client: with its secret (RFC 6749, 2.3.1), or named only. Raises IssuerFailed."""
        if self.secret is None:
            return await self.keys.issuer.ask("POST", url, form={**form, "client_id": self.client}, accepted=accepted)
        known_as = aiohttp.encode_basic_auth(quote(self.client, safe=""), quote(self.secret.value, safe=""), "utf-8")
        return await self.keys.issuer.ask("POST", url, form=form, headers={"Authorization": known_as}, accepted=accepted)

    async def _id_claims(self, token: str) -> _IdToken:
        """Raises LoginRefused unless the issuer signed it for this client, and Unauthenticated where nobody we know signed it."""
        try:
            claims = _IdToken.model_validate(dict(await signed_claims(token, self.keys)), strict=True)
        except ValidationError as error:
            raise LoginRefused("an id token of another form") from error
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        for_us = self.client in audience and (claims.azp == self.client or (claims.azp is None and len(audience) == 1))
        if claims.iss != self.keys.issuer.url or not for_us or claims.exp <= time.time():
            raise LoginRefused("an id token for somebody else, or one that has expired")
        return claims


def with_query(url: str, more: Mapping[str, Any]) -> str:
    return url + ("&" if urlsplit(url).query else "?") + urlencode(more)
