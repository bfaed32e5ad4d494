"""The arguments with which every aiokafka client reaches the cluster: addresses, TLS and SASL."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from aiokafka.abc import AbstractTokenProvider
from pydantic import BaseModel, Field, ValidationError

from shared.kafka_settings import KafkaSettings
from shared.reread_file import RereadFile, secret_text

logger = logging.getLogger("laowu.kafka")
TOKEN_SECONDS = 10.0
TOKEN_LENGTH = 64 * 1024
# A token is asked for anew this long before it expires: a connection that is being made may take as long.
RENEW_SECONDS = 30.0
# And this long after it was given at the latest: brokers may refuse one that has not expired, as after the issuer's keys were replaced.
USED_SECONDS = 60.0
ASKED_WITH = (
    "kafka_oauth_token_url",
    "kafka_oauth_client_id",
    "kafka_oauth_client_secret",
    "kafka_oauth_client_secret_file",
    "kafka_oauth_scope",
)


class WrongAccess(OSError):
    """A certificate or key cannot be used, or the issuer gives no token; names the setting."""


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments of AIOKafkaProducer, AIOKafkaConsumer and AIOKafkaAdminClient. Raises WrongAccess."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": tls_context(settings),
    }
    if settings.kafka_sasl_mechanism is not None:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
    if settings.kafka_sasl_mechanism == "OAUTHBEARER":
        options["sasl_oauth_token_provider"] = issued_tokens(settings)
    elif settings.kafka_sasl_password is not None:
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = settings.kafka_sasl_password.get_secret_value()
    return options


class OwnCertificate(ssl.SSLContext):
    """Shows the broker, at each new connection, the certificate that is in its files by then."""

    files: RereadFile[None] | None = None

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        if self.files is not None:
            self.files.value  # noqa: B018  # looks whether they have changed
        return super().wrap_bio(*arguments, **named)


def tls_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Verifies the broker's certificate and its name. None where the protocol has no TLS. Raises WrongAccess."""
    if settings.kafka_security_protocol not in {"SSL", "SASL_SSL"}:
        return None
    context = OwnCertificate(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if settings.kafka_ssl_cafile is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(settings.kafka_ssl_cafile)
    except OSError as error:  # ssl.SSLError is one
        raise WrongAccess(f"KAFKA_SSL_CAFILE holds no certificates in PEM: {error}") from None
    if settings.kafka_ssl_certfile is not None:
        try:
            context.files = RereadFile(settings.kafka_ssl_certfile, lambda _: _show_certificate(context, settings))
        except OSError as error:
            raise WrongAccess(f"KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE cannot be used: {error}") from None
    return context


def _show_certificate(context: ssl.SSLContext, settings: KafkaSettings) -> None:
    """From now on, unless its two files do not fit together, as while they are replaced. Raises OSError."""
    password = settings.kafka_ssl_key_password
    # Tried first with another, since a refusal leaves the certificate without its key. A password function, since without one OpenSSL
    # would ask at the terminal.
    for one in (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), context):
        one.load_cert_chain(
            str(settings.kafka_ssl_certfile), settings.kafka_ssl_keyfile, lambda: "" if password is None else password.get_secret_value()
        )


# By event loop, since those who wait for a token wait in theirs.
_issued: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[object, ...], IssuedTokens]] = WeakKeyDictionary()


def issued_tokens(settings: KafkaSettings) -> IssuedTokens:
    """One for all clients of the process that are the same one at the same issuer. Raises WrongAccess."""
    shared = _issued.setdefault(asyncio.get_running_loop(), {})
    known_by = tuple(getattr(settings, name) for name in ASKED_WITH)
    if known_by not in shared:
        shared[known_by] = IssuedTokens(settings)
    return shared[known_by]


class _Grant(BaseModel):
    """What an issuer answers (RFC 6749, 5.1)."""

    access_token: str = Field(min_length=1, max_length=TOKEN_LENGTH)
    expires_in: float = Field(default=300.0, ge=0, description="seconds; an issuer that says none gets a short time")


class IssuedTokens(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """Tokens from the issuer by the client credentials grant (RFC 6749, 4.4), each used for a minute, or until shortly before it expires.

    Raises WrongAccess for a file of the secret that holds none.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        file = settings.kafka_oauth_client_secret_file
        try:
            self._secret = None if file is None else RereadFile(file, secret_text)
        except (OSError, ValueError) as error:
            raise WrongAccess(f"KAFKA_OAUTH_CLIENT_SECRET_FILE cannot be used: {error}") from None
        self._token = ""
        self._renew_at = self._usable_until = 0.0  # by time.monotonic()
        self._asking = asyncio.Lock()  # several connections are made at once; one token serves them all

    async def token(self) -> str:
        """The last one while the issuer is away. Raises WrongAccess when that is about to expire too."""
        async with self._asking:
            if time.monotonic() >= self._renew_at:
                try:
                    self._token, seconds = await self._asked()
                except WrongAccess as error:
                    if time.monotonic() >= self._usable_until:
                        raise
                    logger.warning("%s; the last token is used on", error)
                else:
                    self._usable_until = time.monotonic() + max(0.0, seconds - RENEW_SECONDS)
                    self._renew_at = min(self._usable_until, time.monotonic() + USED_SECONDS)
            return self._token

    def _client_secret(self) -> str:
        if self._secret is not None:
            return self._secret.value
        secret = self._settings.kafka_oauth_client_secret
        return "" if secret is None else secret.get_secret_value()

    async def _asked(self) -> tuple[str, float]:
        settings, form = self._settings, {"grant_type": "client_credentials"}
        known_as = aiohttp.encode_basic_auth(settings.kafka_oauth_client_id or "", self._client_secret(), "utf-8")
        if settings.kafka_oauth_scope is not None:
            form["scope"] = settings.kafka_oauth_scope
        url = settings.kafka_oauth_token_url or ""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TOKEN_SECONDS)) as session,
                session.post(url, data=form, headers={"Authorization": known_as}, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise WrongAccess(f"KAFKA_OAUTH_TOKEN_URL answers {answer.status}")
                grant = _Grant.model_validate_json(await answer.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise WrongAccess(f"KAFKA_OAUTH_TOKEN_URL does not answer: {error!r}") from None
        except ValidationError as error:
            raise WrongAccess(f"KAFKA_OAUTH_TOKEN_URL answers without a token: {error.errors(include_input=False)}") from None
        return grant.access_token, grant.expires_in
