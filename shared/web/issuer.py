"""An OpenID Connect issuer over HTTP. It is trusted for what it signs, not to answer soon, briefly, or well."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import aiohttp
from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError

from shared.hosts import keeps_secrets
from shared.web.trusted_keys import TrustedKeys, read_keys

ANSWER_SECONDS = 5.0
LARGEST_ANSWER = 256 * 1024  # bytes
WELL_KNOWN = "/.well-known/openid-configuration"


class IssuerFailed(Exception):
    """The issuer does not answer, or answers what is no answer. Names the address and why."""


def _safe(url: str) -> str:
    if not keeps_secrets(url):
        raise ValueError("must be an https:// URL (http:// only on loopback)")
    return url


Url = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[!-~]+$"), AfterValidator(_safe)]


class Discovery(BaseModel):
    """What the issuer says of itself (OpenID Connect Discovery 1.0, section 3), as far as it is used here."""

    issuer: str
    jwks_uri: Url
    authorization_endpoint: Url | None = None
    token_endpoint: Url | None = None
    end_session_endpoint: Url | None = None
    revocation_endpoint: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """`url`: as its tokens have it in `iss`. `cafile`: who signs its certificate; None: the system's authorities."""

    url: str
    cafile: Path | None = None
    seconds: float = ANSWER_SECONDS  # that an answer may take

    async def discover(self) -> Discovery:
        """Raises IssuerFailed."""
        url = self.url.rstrip("/") + WELL_KNOWN
        _, body = await self.ask("GET", url)
        try:
            found = Discovery.model_validate_json(body)
        except ValidationError as error:
            raise IssuerFailed(f"{url}: {_first(error)}") from None
        if found.issuer != self.url:
            raise IssuerFailed(f"{url} speaks for another issuer than AUTH_ISSUER")
        return found

    async def read(self) -> tuple[Discovery, TrustedKeys]:
        """Its addresses and its keys of this moment. Raises IssuerFailed."""
        found = await self.discover()
        url = found.jwks_uri
        _, body = await self.ask("GET", url)
        try:
            return found, read_keys(body)
        except ValidationError as error:
            raise IssuerFailed(f"{url}: {_first(error)}") from None
        except ValueError as error:
            raise IssuerFailed(f"{url}: {error}") from None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accepted: tuple[int, ...] = (200,),
    ) -> tuple[int, bytes]:
        """The status, one of `accepted`, and the body. No redirect is followed. Raises IssuerFailed."""
        # Not compressed, so that a small answer cannot become a large one.
        asked = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        try:
            async with self._session() as http, http.request(method, url, data=form, headers=asked, allow_redirects=False) as answer:
                if answer.status not in accepted:
                    raise IssuerFailed(f"{url} answers {answer.status}")
                return answer.status, await _bounded(answer)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:  # a ValueError: what is no URL after all
            raise IssuerFailed(f"{url} does not answer: {type(error).__name__}") from None

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=self.cafile))
        timeout = aiohttp.ClientTimeout(total=self.seconds)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            yield http


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise IssuerFailed(f"{answer.url.with_query(None)} answers more than {LARGEST_ANSWER} bytes")
    return bytes(body)


def _first(error: ValidationError) -> str:
    """What is wrong first, without what was answered."""
    wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, wrong['loc']))} {wrong['msg']}".strip()
