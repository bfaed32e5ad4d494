"""An OpenID Connect issuer on loopback, which gives out tokens as Keycloak does and fails in every way a test asks for."""

from __future__ import annotations

import base64
import hashlib
import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import uuid4

import aiohttp
from aiohttp import web
from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey

from shared.token_settings import TokenSettings

AUDIENCE, CLIENT = "laowu", "laowu-console"
DISCOVERY, JWKS = "/realms/labour/.well-known/openid-configuration", "/realms/labour/certs"
TOKEN, REVOCATION = "/realms/labour/token", "/realms/labour/revocation"
Key = OKPKey | ECKey | RSAKey
Answering = Callable[[], Awaitable[web.StreamResponse]]


def new_key(algorithm: str) -> Key:
    """A signing key for the algorithm, which its public half names, as Keycloak has it."""
    more: KeyParameters = {"alg": algorithm, "use": "sig"}
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, more, auto_kid=True)
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", more, auto_kid=True)
    return OKPKey.generate_key("Ed25519", more, auto_kid=True)


@dataclass(slots=True)
class OpenIdIssuer:
    """`keys`: published, the last of them signs. `answering`: by path, what is answered instead. `asked`: how often, by path."""

    url: str = ""
    keys: list[Key] = field(default_factory=lambda: [new_key("EdDSA")])
    answering: dict[str, Answering] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    secret: str | None = None  # of the console's client
    seconds: int = 300  # that an access token lasts
    codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    id_claims: dict[str, Any] = field(default_factory=dict)  # of id tokens, instead
    granting: dict[str, Any] = field(default_factory=dict)  # by the token endpoint, instead; None: left out

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/realms/labour")

    def settings(self, **changes: Any) -> TokenSettings:
        """Of a process that believes this issuer alone."""
        return TokenSettings(**{**self.environment(), "auth_jwks": None, **changes})

    def environment(self) -> dict[str, Any]:
        return {
            "auth_issuer": self.url,
            "auth_audience": AUDIENCE,
            "auth_role_claims": "realm_access.roles,resource_access.laowu.roles",
            "auth_roles": {"labour-clerk": "clerk", "labour-officer": "officer", "labour-operator": "operator"},
            "auth_regions_claim": "labour.regions",
            "auth_party_claim": "labour.party",
        }

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Of a clerk of Gansu; None leaves a claim out."""
        now = int(time.time())
        usual = {
            "iss": self.url,
            "aud": [AUDIENCE, "account"],
            "sub": "5d1f3c1e-0000-4000-8000-000000000001",
            "iat": now,
            "exp": now + 300,
            "jti": uuid4().hex,
            "typ": "Bearer",
            "azp": "laowu-console",
            "realm_access": {"roles": ["offline_access", "default-roles-labour", "labour-clerk"]},
            "resource_access": {"account": {"roles": ["view-profile"]}},
            "labour": {"regions": ["620000"]},
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def token(self, key: Key | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Signed by the newest key, or by another."""
        key = key or self.keys[-1]
        head = {"alg": key.as_dict(private=False)["alg"], "kid": key.kid, "typ": "JWT", **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        with warnings.catch_warnings(category=SecurityWarning, action="ignore"):  # of the name EdDSA, which Keycloak uses
            return jwt.encode(
                head, self.claims(**changes), key, registry=jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
            )

    def rotate(self, algorithm: str = "EdDSA") -> None:
        """A new key signs from now on; the one before is published still."""
        self.keys = [*self.keys[-1:], new_key(algorithm)]

    def withdraw(self) -> None:
        """All keys but the newest are gone."""
        self.keys = self.keys[-1:]

    def fail(self) -> None:
        """Nothing is answered but 503, until `recover`."""
        self.answer(web.Response(status=503), DISCOVERY, JWKS)

    def recover(self) -> None:
        self.answering.clear()

    def answer(self, response: web.Response, *paths: str) -> None:
        """What is answered instead. A response is sent once, so each request gets one like it."""

        async def answer() -> web.StreamResponse:
            return web.Response(status=response.status, body=response.body, headers=dict(response.headers))

        self.answering |= dict.fromkeys(paths, answer)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path] += 1
        if request.path in self.answering:
            return await self.answering[request.path]()
        if request.path == DISCOVERY:
            addresses = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "end_session", "revocation")}
            return web.json_response({"issuer": self.url, "jwks_uri": self.origin + JWKS, **addresses})
        if request.path == JWKS:
            return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})
        if request.path == TOKEN:
            return self._given_out(await request.post(), request.headers.get("Authorization"))
        if request.path == REVOCATION:
            self.refresh_tokens.discard(str((await request.post())["token"]))
            return web.Response()
        return web.Response(status=404)

    def authorize(self, address: str, **claims: Any) -> str:
        """What a person does who follows the console there and logs in: the address that the issuer leads back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.url}/authorization?"), address
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256"), asked
        code = uuid4().hex
        self.codes[code] = (asked, claims)
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"], "iss": self.url})

    def _given_out(self, form: Mapping[str, Any], known_as: str | None) -> web.Response:
        secrets = [] if self.secret is None else [self.secret, quote(self.secret, safe="")]
        if secrets and known_as not in [aiohttp.encode_basic_auth(CLIENT, one) for one in secrets]:
            return web.json_response({"error": "invalid_client"}, status=401)
        if form["grant_type"] == "client_credentials":
            return self._tokens({})
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:  # each is good once, so a second use is a theft
                self.refresh_tokens.clear()
                return web.json_response({"error": "invalid_grant"}, status=400)
            self.refresh_tokens.discard(form["refresh_token"])
            return self._tokens({})
        asked, claims = self.codes.pop(form.get("code", ""), ({}, {}))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if asked.get("code_challenge") != challenge or asked.get("redirect_uri") != form["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        identity = {"aud": CLIENT, "azp": CLIENT, "nonce": asked["nonce"], "name": "Zhang San", "realm_access": None, "labour": None}
        return self._tokens({"id_token": self.token(**{**identity, **self.id_claims})}, **claims)

    def _tokens(self, more: dict[str, str], **claims: Any) -> web.Response:
        fresh = uuid4().hex
        self.refresh_tokens.add(fresh)
        access = self.token(**{"exp": int(time.time()) + self.seconds, **claims})
        given = {"access_token": access, "refresh_token": fresh, "token_type": "Bearer", **more, **self.granting}
        return web.json_response({name: value for name, value in given.items() if value is not None})


@asynccontextmanager
async def openid_issuer() -> AsyncIterator[OpenIdIssuer]:
    """Listening on a free port of loopback."""
    issuer = OpenIdIssuer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", issuer.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (address,) = runner.addresses
    issuer.url = f"http://127.0.0.1:{address[1]}/realms/labour"
    try:
        yield issuer
    finally:
        await runner.cleanup()
