"""The issuer's keys, kept and read again: a rotation is followed, an outage outlived for a while, and no token makes us ask often."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field

from shared.web.issuer import Discovery, Issuer, IssuerFailed
from shared.web.trusted_keys import TrustedKeys

logger = logging.getLogger("laowu.issuer")

RETRY_SECONDS = 10.0  # between two attempts at least, whatever tokens come


class IssuerUnavailable(Exception):
    """Whether the token is good cannot be known: the issuer does not answer, and its keys are not known or too old."""

    retry_seconds = int(RETRY_SECONDS)


@dataclass(slots=True)
class IssuerKeys:
    """`refresh_seconds`: after that the keys are read again, while the known ones are used. `outage_seconds`: so long they are at most."""

    issuer: Issuer
    refresh_seconds: float
    outage_seconds: float
    _: KW_ONLY
    now: Callable[[], float] = time.monotonic
    _keys: TrustedKeys | None = field(default=None, init=False)
    _addresses: Discovery | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)
    _ask_from: float = field(default=float("-inf"), init=False)  # no attempt earlier
    _failing: bool = field(default=False, init=False)
    _attempt: asyncio.Task[None] | None = field(default=None, init=False)

    async def current(self) -> TrustedKeys:
        """The keys known, read for the first time or again where that is due; the same object while they are the same.

        Raises IssuerUnavailable.
        """
        if not self._usable():
            await self._ask()
        elif self.now() >= self._read_at + self.refresh_seconds:
            self._start()  # nobody waits for it: the known keys are still good
        if self._keys is None or not self._usable():
            raise IssuerUnavailable("the issuer of tokens does not answer")
        return self._keys

    async def with_key(self, kid: str) -> TrustedKeys:
        """The keys, read again where this one is not among them and that was not tried a moment ago.

        Raises IssuerUnavailable where the key may be a new one of an issuer that does not answer.
        """
        keys = await self.current()
        if kid in keys:
            return keys
        await self._ask()
        keys = await self.current()
        if kid not in keys and self._failing:
            raise IssuerUnavailable("the issuer of tokens does not answer, and the key of this one is not known")
        return keys

    async def addresses(self) -> Discovery:
        """Where the issuer is asked for what. Raises IssuerUnavailable."""
        await self.current()
        if self._addresses is None:
            raise IssuerUnavailable("the issuer of tokens does not answer")
        return self._addresses

    def _usable(self) -> bool:
        return self._keys is not None and self.now() < self._read_at + self.outage_seconds

    async def _ask(self) -> None:
        """Wait for the attempt under way, or for a new one where it is time for one."""
        self._start()
        if self._attempt is not None:
            await asyncio.shield(self._attempt)  # shared: a caller who goes away ends it for nobody else

    def _start(self) -> None:
        if self._attempt is None and self.now() >= self._ask_from:
            self._ask_from = self.now() + RETRY_SECONDS
            self._attempt = asyncio.create_task(self._read(), name="issuer keys")

    async def _read(self) -> None:
        try:
            self._addresses, found = await self.issuer.read()
        except IssuerFailed as error:
            if not self._failing:
                logger.warning("the issuer's keys cannot be read; those known are used for %s s more: %s", self._seconds_left(), error)
            self._failing = True
        else:
            if self._failing:
                logger.warning("the issuer's keys are read again")
            self._failing, self._read_at = False, self.now()
            if found != self._keys:
                self._keys = found
        finally:
            self._attempt = None

    def _seconds_left(self) -> int:
        return 0 if self._keys is None else max(0, round(self._read_at + self.outage_seconds - self.now()))
