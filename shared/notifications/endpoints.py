"""Endpoints: where an enterprise, a centre or an office hears beside its inbox. A webhook is another program, a mailbox is an office's.

A mailbox hears nothing until whoever reads it has confirmed it by the code of a letter: nobody's mailbox is filled by a stranger.
An endpoint hears what its owner's inbox has, from when it was opened on; `types` narrows that.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.audiences import BY_PARTY, audience, types_heard
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, note
from shared.errors import Conflict, Invalid, Limited, NotFound
from shared.notifications import endpoint_secrets
from shared.notifications.webhooks import is_url
from shared.paging import page
from shared.principals import REGION, Forbidden, Principal, Role
from shared.rows import Columns, fetch, fetch_one
from shared.settings import Settings
from shared.values import new_id

MOST_OPEN, MOST_A_DAY = 20, 40  # of one owner: endpoints not disabled, and opened within 24 hours
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", re.ASCII)

State = Literal["unconfirmed", "enabled", "disabled"]
Secret = Annotated[str, StringConstraints(max_length=200)]


class EndpointNotFound(NotFound):
    """There is no such endpoint, or it is another's."""

    slug = "ENDPOINT_NOT_FOUND"


class EndpointsOff(Limited):
    """The service was started without ENDPOINT_KEY: it opens no endpoints."""

    slug = "ENDPOINTS_OFF"


class MailOff(Limited):
    """The service was started without SMTP_URL: it sends no mail."""

    slug = "MAIL_OFF"


class TooManyEndpoints(Limited):
    """An owner has at most 20 endpoints at a time, and opens at most 40 in 24 hours."""

    slug = "TOO_MANY_ENDPOINTS"


class UrlNotAllowed(Invalid):
    """A webhook is posted to https, to a public host, without a user or a fragment."""

    slug = "URL_NOT_ALLOWED"


class MailboxMalformed(Invalid):
    """That is no mail address."""

    slug = "MAILBOX_MALFORMED"


class TypeNotFound(Invalid):
    """No event of this service and this type notifies anybody."""

    slug = "TYPE_NOT_FOUND"


class SecretMalformed(Invalid):
    """A secret is whsec_ and 24 to 64 bytes in base64."""

    slug = "SECRET_MALFORMED"


class RegionMissing(Invalid):
    """An office of several regions says for which of them."""

    slug = "REGION_MISSING"


class WrongCode(Invalid):
    """That is not the code of the letter."""

    slug = "WRONG_CODE"


class EndpointIllegalStep(Conflict):
    """The endpoint is in another state."""

    slug = "ENDPOINT_ILLEGAL_STEP"


# --- commands -----------------------------------------------------------------------------------------------------
class OpenEndpoint(BaseModel):
    """`address`: the URL of a webhook, or the mail address of an office. `types` empty: everything. `secret` left out: one is made.

    `region`: of an office, which of its regions the endpoint hears of; left out: its only one. `language`: of letters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["webhook", "mail"]
    address: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", min_length=3, max_length=2000)]
    language: Literal["zh", "en", "ja"] = "zh"
    types: Annotated[tuple[Annotated[str, StringConstraints(max_length=100)], ...], Field(max_length=200)] = ()
    secret: Secret | None = None
    region: Annotated[str, StringConstraints(pattern=REGION.pattern)] | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> OpenEndpoint:
        if self.kind == "mail" and self.secret is not None:
            message = "a mailbox has no secret"
            raise ValueError(message)
        return self


class RotateSecret(BaseModel):
    """`secret` left out: one is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secret: Secret | None = None


class ConfirmMailbox(BaseModel):
    """The code of the letter."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z2-9]{10}$")]


# --- what is answered ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`owner`: the party, or the region. `failing_since`: since when every attempt has failed. A route of its own shows the secret."""

    endpoint: UUID
    role: Role
    owner: str
    kind: Literal["webhook", "mail"]
    address: str
    language: str
    types: tuple[str, ...]
    state: State
    confirmed_at: datetime | None
    failures: int
    failing_since: datetime | None
    previous_until: datetime | None
    created_at: datetime


class Endpoints(BaseModel):
    model_config = ConfigDict(frozen=True)

    items: tuple[Endpoint, ...]
    next: UUID | None


class ShownSecret(BaseModel):
    """`previous_until`: until then messages are signed with the secret before, too."""

    model_config = ConfigDict(frozen=True)

    secret: str
    previous_until: datetime | None


ENDPOINT = Columns(
    Endpoint,
    """
    id AS endpoint, role, owner, kind, target AS address, language, types, state, confirmed_at, failures, failing_since, previous_until,
    created_at
    """,
)
GET = ENDPOINT.select("FROM endpoint WHERE id = $1")
LOCK = ENDPOINT.select("FROM endpoint WHERE id = $1 FOR NO KEY UPDATE")
LIST = ENDPOINT.select(
    """
    FROM endpoint WHERE role = ANY ($1::text[]) AND ($2::text IS NULL OR owner = $2) AND ($3::text[] IS NULL OR owner ^@ ANY ($3::text[]))
        AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5
    """
)
GET_SEALED = "SELECT sealed FROM endpoint WHERE id = $1"
INSERT = """
INSERT INTO endpoint (id, role, owner, hears, kind, target, language, types, sealed, state, confirmed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $10 = 'enabled' THEN now() END)
"""
INSERT_LETTER = "INSERT INTO delivery (endpoint) VALUES ($1)"
LOCK_OWNER = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7301))"  # two that open at once are counted one after the other
COUNT = """
SELECT count(*) FILTER (WHERE state <> 'disabled') AS open, count(*) FILTER (WHERE created_at > now() - interval '1 day') AS lately
FROM endpoint WHERE role = $1 AND owner = $2
"""
ROTATE = """
UPDATE endpoint SET previous = sealed, previous_until = now() + make_interval(hours => $3), sealed = $2 WHERE id = $1
"""
UPDATE_STATE = "UPDATE endpoint SET state = $2, failures = 0, failing_since = NULL, paused_until = NULL WHERE id = $1"
UPDATE_CONFIRMED = "UPDATE endpoint SET confirmed_at = now() WHERE id = $1"


# --- whose it is --------------------------------------------------------------------------------------------------
def _owner(who: Principal, region: str | None) -> str:
    """For whom the caller opens an endpoint. Raises Forbidden, RegionMissing."""
    if who.role in BY_PARTY:
        if who.party is None:
            raise Forbidden(f"{who} speaks for nobody")
        return who.party
    if region is None and len(who.regions) == 1:
        return who.regions[0]
    if region is None:
        raise RegionMissing(field="region")
    if not who.covers_county(region):
        raise Forbidden(f"{who} does not cover {region}")
    return region


def _is_own(who: Principal, one: Endpoint) -> bool:
    """An office manages those of its regions, an officer those of clerks too; an operator sees all."""
    if who.role is Role.OPERATOR:
        return True
    if who.role in BY_PARTY:
        return one.role is who.role and one.owner == who.party
    return one.role in _managed(who) and who.covers_county(one.owner)


def _managed(who: Principal) -> Sequence[Role]:
    return {Role.OFFICER: (Role.CLERK, Role.OFFICER), Role.OPERATOR: tuple(Role)}.get(who.role, (who.role,))


async def require_own(tx: Tx, endpoint: UUID, *, lock: bool = False) -> Endpoint:
    """Raises EndpointNotFound, also for another's: its id says nothing."""
    found = await fetch_one(tx.conn, LOCK if lock else GET, endpoint)
    if found is None or not _is_own(tx.principal, found):
        raise EndpointNotFound
    return found


# --- what is done with them ---------------------------------------------------------------------------------------
async def open_endpoint(tx: Tx, command: OpenEndpoint, settings: Settings) -> Endpoint:
    """Raises EndpointsOff, MailOff, Forbidden, RegionMissing, UrlNotAllowed, MailboxMalformed, TypeNotFound, SecretMalformed,
    TooManyEndpoints.
    """
    key, who = _key(settings), tx.principal
    owner = _owner(who, command.region)
    _require_target(command, settings)
    hearable = types_heard(tx.service)
    for index, name in enumerate(command.types):
        if name not in hearable:
            raise TypeNotFound(field=f"types.{index}")
    await _require_room(tx, who.role, owner)
    endpoint, webhook = new_id(), command.kind == "webhook"
    secret = _secret(command.secret) if webhook else endpoint_secrets.new_code()
    hears = [audience(who.role, owner), who.role.value]
    sealed, state = endpoint_secrets.seal(key, endpoint, secret), "enabled" if webhook else "unconfirmed"
    types = list(dict.fromkeys(command.types))
    await tx.conn.execute(
        INSERT, endpoint, who.role.value, owner, hears, command.kind, command.address, command.language, types, sealed, state
    )
    if not webhook:
        await tx.conn.execute(INSERT_LETTER, endpoint)
    await note(tx, endpoint, "EndpointOpened", f"{command.kind} of {who.role.value} {owner}")
    return await require_own(tx, endpoint)


def _require_target(command: OpenEndpoint, settings: Settings) -> None:
    if command.kind == "webhook" and not is_url(command.address, local=settings.endpoints_local):
        raise UrlNotAllowed(field="address")
    if command.kind == "mail":
        if settings.smtp_url is None:
            raise MailOff(field="kind")
        if not _MAILBOX.fullmatch(command.address) or len(command.address) > 254:
            raise MailboxMalformed(field="address")


def _key(settings: Settings) -> bytes:
    key = settings.endpoint_key_bytes()
    if key is None:
        raise EndpointsOff
    return key


def _secret(given: str | None) -> str:
    if given is not None and not endpoint_secrets.is_secret(given):
        raise SecretMalformed(field="secret")
    return given or endpoint_secrets.new_secret()


async def _require_room(tx: Tx, role: Role, owner: str, *, lately: bool = True) -> None:
    await tx.conn.execute(LOCK_OWNER, f"{role.value}:{owner}")
    counted = await tx.conn.fetchrow(COUNT, role.value, owner)
    if counted["open"] >= MOST_OPEN or (lately and counted["lately"] >= MOST_A_DAY):
        raise TooManyEndpoints


async def list_endpoints(tx: Tx, after: UUID | None, limit: int) -> Endpoints:
    who = tx.principal
    by_party = who.role in BY_PARTY
    party = (who.party or "") if by_party else None
    prefixes = None if by_party or who.role is Role.OPERATOR else list(who.county_prefixes())
    found = await fetch(tx.conn, LIST, list(_managed(who)), party, prefixes, after, limit + 1)
    items, following = page(found, limit, lambda one: one.endpoint)
    return Endpoints(items=tuple(items), next=following)


async def show_secret(tx: Tx, endpoint: UUID, settings: Settings) -> ShownSecret:
    """Of a webhook, for its owner; a mailbox's code is in its letter alone. Raises EndpointNotFound, EndpointsOff, SecretUnreadable."""
    one = await require_own(tx, endpoint)
    if one.kind != "webhook":
        raise EndpointNotFound
    secret = endpoint_secrets.unseal(_key(settings), endpoint, await tx.conn.fetchval(GET_SEALED, endpoint))
    return ShownSecret(secret=secret, previous_until=one.previous_until)


async def rotate_secret(tx: Tx, endpoint: UUID, command: RotateSecret, settings: Settings) -> Endpoint:
    """The secret so far signs too for ENDPOINT_ROTATION_HOURS. Raises EndpointNotFound, EndpointsOff, SecretMalformed."""
    one = await require_own(tx, endpoint, lock=True)
    if one.kind != "webhook":
        raise EndpointNotFound
    sealed = endpoint_secrets.seal(_key(settings), endpoint, _secret(command.secret))
    await tx.conn.execute(ROTATE, endpoint, sealed, settings.endpoint_rotation_hours)
    await note(tx, endpoint, "EndpointSecretRotated", "the old one signs too for a while")
    return await require_own(tx, endpoint)


async def confirm_mailbox(tx: Tx, endpoint: UUID, command: ConfirmMailbox, settings: Settings) -> Endpoint:
    """Raises EndpointNotFound, EndpointIllegalStep, WrongCode."""
    one = await require_own(tx, endpoint, lock=True)
    if one.state != "unconfirmed":
        raise EndpointIllegalStep(state=one.state)
    code = endpoint_secrets.unseal(_key(settings), endpoint, await tx.conn.fetchval(GET_SEALED, endpoint))
    if not hmac.compare_digest(code, command.code):
        raise WrongCode(field="code")
    await tx.conn.execute(UPDATE_CONFIRMED, endpoint)
    await tx.conn.execute(UPDATE_STATE, endpoint, "enabled")
    await note(tx, endpoint, "EndpointConfirmed", "by the code of the letter")
    return await require_own(tx, endpoint)


async def disable(tx: Tx, endpoint: UUID) -> Endpoint:
    """Nothing more is sent; what waits goes on waiting. Raises EndpointNotFound."""
    return await _switch(tx, endpoint, ("enabled", "unconfirmed"), "disabled", "EndpointDisabled")


async def enable(tx: Tx, endpoint: UUID) -> Endpoint:
    """Raises EndpointNotFound, TooManyEndpoints, and EndpointIllegalStep for a mailbox that was never confirmed."""
    one = await require_own(tx, endpoint)
    await _require_room(tx, one.role, one.owner, lately=False)
    return await _switch(tx, endpoint, ("disabled",), "enabled", "EndpointEnabled")


async def _switch(tx: Tx, endpoint: UUID, before: Sequence[State], after: State, name: str) -> Endpoint:
    one = await require_own(tx, endpoint, lock=True)
    if one.state not in before or (after == "enabled" and one.confirmed_at is None):
        raise EndpointIllegalStep(state=one.state)
    await tx.conn.execute(UPDATE_STATE, endpoint, after)
    await note(tx, endpoint, name, "by hand")
    return await require_own(tx, endpoint)


async def endpoint_history(tx: Tx, endpoint: UUID, after: int, limit: int) -> History:
    """Raises EndpointNotFound."""
    await require_own(tx, endpoint)
    return await changes_of(tx, endpoint, after, limit)
