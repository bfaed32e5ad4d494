"""The sender: one loop per process that posts webhooks and mails letters. Any number of processes share the work.

Killed at any moment it loses nothing: a delivery is marked after it was sent, and one that was taken and not marked is taken again when
its lease ends. So a receiver may get a message twice, and knows it by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid5

import aiohttp
from pydantic_core import to_json

from shared.backoff import backoff
from shared.db import Database, Unavailable
from shared.metrics import DELIVERIES
from shared.notifications import deliveries, endpoint_secrets, mailing, webhooks
from shared.notifications.deliveries import Taken
from shared.notifications.endpoint_secrets import SecretUnreadable
from shared.notifications.mailing import Letter, MailServer
from shared.notifications.webhooks import Outcome
from shared.pauses import pause
from shared.settings import Settings

MOST_AT_ONCE = 256  # attempts in hand, over all endpoints
LOOK_SECONDS = 1.0
HOUSE_SECONDS = 60.0
SETTLE_SECONDS = 4.0  # at the end, for attempts under way to be marked

logger = logging.getLogger("laowu.sender")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Sender:
    """One process's. `now`: the machine's clock; tests let days pass."""

    database: Database
    settings: Settings
    http: aiohttp.ClientSession
    mail: MailServer | None
    now: Callable[[], datetime] = _now
    in_hand: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)  # by endpoint

    async def round(self) -> int:
        """Take what is due and begin to send it; each endpoint in a task of its own. Returns how many were taken."""
        room = MOST_AT_ONCE - len(self.in_hand) * deliveries.AT_ONCE
        if room <= 0:
            return 0
        async with self.database.connection(writing=True) as conn:
            taken = await deliveries.take(conn, self.now(), tuple(self.in_hand), room)
        by_endpoint: dict[UUID, list[Taken]] = {}
        for one in taken:
            by_endpoint.setdefault(one.endpoint, []).append(one)
        for endpoint, several in by_endpoint.items():
            task = asyncio.create_task(self._send_all(several))
            self.in_hand[endpoint] = task
            task.add_done_callback(partial(self._let_go, endpoint))
        return len(taken)

    def _let_go(self, endpoint: UUID, done: asyncio.Task[None]) -> None:
        self.in_hand.pop(endpoint, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            logger.warning("endpoint %s: %s: its deliveries are taken again", endpoint, type(error).__name__)

    async def settle(self) -> None:
        """Wait for what is in hand."""
        while self.in_hand:
            await asyncio.wait(self.in_hand.values())

    async def _send_all(self, several: list[Taken]) -> None:
        await asyncio.gather(*map(self._send, several))

    async def _send(self, one: Taken) -> None:
        outcome = await self._attempt(one)
        now = self.now()
        report_id = uuid5(one.endpoint, f"{'gone' if outcome.gone else 'failing'} {now.date()}")  # one report a day
        async with self.database.connection(writing=True) as conn, conn.transaction():
            await deliveries.record(conn, one, outcome, now, report_id)
        DELIVERIES.labels(one.kind, "delivered" if outcome.delivered else outcome.error).inc()

    async def _attempt(self, one: Taken) -> Outcome:
        key = self.settings.endpoint_key_bytes()
        if key is None:
            return Outcome(delivered=False, error="endpoints_off")
        try:
            secrets = [endpoint_secrets.unseal(key, one.endpoint, sealed) for sealed in (one.sealed, one.previous) if sealed]
        except SecretUnreadable:
            return Outcome(delivered=False, error="secret_unreadable")
        if one.kind == "webhook":
            return await self._post(one, secrets)
        if self.mail is None:
            return Outcome(delivered=False, error="mail_off")
        return await mailing.send(self.mail, self._letter(one, secrets[0]), self.settings.mail_from, self.now())

    async def _post(self, one: Taken, secrets: list[str]) -> Outcome:
        body, timestamp = webhook_body(one), int(self.now().timestamp())
        headers = {
            "webhook-id": str(one.event_id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": endpoint_secrets.signature(secrets, str(one.event_id), timestamp, body),
        }
        return await webhooks.post(self.http, one.target, body, headers, owner=one.owner)

    def _letter(self, one: Taken, code: str) -> Letter:
        if one.event_id is None or one.type is None:
            return mailing.of_confirmation(one.target, one.language, endpoint=one.endpoint, code=code)
        words = mailing.in_words(one.type, one.fields or {}, one.count or 1, one.language)
        link = f"{self.settings.console_url.rstrip('/')}/inbox" if self.settings.console_url else ""
        return mailing.of_notification(one.target, one.language, event_id=one.event_id, endpoint=one.endpoint, words=words, link=link)


def webhook_body(one: Taken) -> bytes:
    """The same bytes at every attempt: the payload that Standard Webhooks recommends."""
    data = {"event_id": one.event_id, "subject": one.subject, "count": one.count, **(one.fields or {})}
    return to_json({"type": one.type, "timestamp": one.recorded, "data": data})


async def run(database: Database, settings: Settings) -> None:
    """Send until cancelled; then what is under way is marked, within SETTLE_SECONDS."""
    async with webhooks.open_session(local=settings.endpoints_local) as http:
        sender = Sender(database=database, settings=settings, http=http, mail=MailServer.from_settings(settings))
        try:
            await _send_for_ever(sender)
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await sender.settle()
            raise


async def _send_for_ever(sender: Sender) -> None:
    failures, house_at = 0, 0.0
    while True:
        seen, in_hand = sender.database.commits, [*sender.in_hand.values()]
        try:
            taken = await sender.round()
            if time.monotonic() >= house_at:
                house_at = time.monotonic() + HOUSE_SECONDS
                async with sender.database.connection(writing=True) as conn:
                    await deliveries.keep_house(conn, sender.now())
            failures = 0
        except Unavailable as error:
            failures, taken = failures + 1, 0
            logger.warning("no deliveries: %s", error)
            await asyncio.sleep(backoff(failures, first=0.5, longest=15))
        if not taken:
            await _pause(sender.database, seen, in_hand)
        else:
            await asyncio.sleep(0.02)  # an endpoint's next ones are taken when these are done


async def _pause(database: Database, seen: int, in_hand: Sequence[asyncio.Task[None]]) -> None:
    """Until something was committed, or an endpoint has answered that was passed over: its next deliveries may wait already."""
    pausing = asyncio.create_task(pause(database, seen, LOOK_SECONDS))
    try:
        await asyncio.wait({pausing, *in_hand}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pausing.cancel()
