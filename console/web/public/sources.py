"""What the services publish, read without a token. A table of a closed year never changes: it is read once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date
from typing import Any

from console.web.backend import Answer, Backend
from console.web.public.addresses import NoSuchPage

MOST_TABLES = 2000
MOST_ROWS = 5000  # of a register
PAGE = 200
AT_ONCE = 8  # requests to services for everybody together: whoever works in the console has the other connections
WAIT_SECONDS = 5.0  # for one of them
DAY_SECONDS = 1.0  # that a page of the console waits for the day it is


class Away(Exception):
    """A service does not answer, or not with what was asked."""

    def __init__(self, service: str, why: str = "") -> None:
        super().__init__(f"{service}: {why}")
        self.service = service


@dataclass(frozen=True, slots=True)
class ClosedYear:
    year: int
    version: int
    closed_on: date


@dataclass(frozen=True, slots=True)
class PublicMeasure:
    """`by`: the dimensions it is published by."""

    name: str
    unit: str
    definition: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What stats publishes: of which years (oldest first), which measures."""

    years: tuple[ClosedYear, ...]
    measures: tuple[PublicMeasure, ...]
    smallest: int

    def year(self, number: int) -> ClosedYear:
        """Raises NoSuchPage."""
        found = next((one for one in self.years if one.year == number), None)
        if found is None:
            raise NoSuchPage
        return found

    def measure(self, name: str) -> PublicMeasure:
        """Raises NoSuchPage."""
        found = next((one for one in self.measures if one.name == name), None)
        if found is None:
            raise NoSuchPage
        return found


Row = tuple[str, tuple[int | None, ...], int | None]  # code, months, year


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A measure in a closed year, by month and one dimension, as the public view gives it. None: left out."""

    measure: PublicMeasure
    closed: ClosedYear
    by: str
    smallest: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    column_totals: tuple[int, ...]
    total: int | None
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An enterprise in the public register."""

    enterprise: str
    name: str
    licence_no: str
    seat: str | None
    scope: tuple[str, ...]
    destinations: tuple[str, ...]
    valid_to: date
    state: str
    since: date
    suspended_for: tuple[str, ...]
    reserve_sufficient: bool
    notices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A breach and its penalty. `enterprise`: its name; None: a foreign employer's."""

    enterprise: str | None
    breach: str
    penalty: str
    fine: tuple[int, str] | None  # minor units, currency
    decision_no: str
    decided_on: date
    since: date
    until: date | None


@dataclass(slots=True, kw_only=True)
class Sources:
    """Reads with no token. Tables are kept by the version of their year's close, registers for `register_seconds`.

    However many ask, and whatever they look for, a service is asked by AT_ONCE at a time, and for a register once.
    """

    backend: Backend
    register_seconds: float
    simulation: bool = False  # the services play a calendar
    _: KW_ONLY
    _day: date | None = None  # that stats named last
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _registers: dict[str, tuple[float, asyncio.Task[Any]]] = field(default_factory=dict)
    _tables: OrderedDict[tuple[str, ClosedYear, str], Table] = field(default_factory=OrderedDict)

    async def offer(self) -> Offer:
        """Raises Away."""
        body = await self._get("stats", "/public/years")
        return Offer(
            years=tuple(ClosedYear(one["year"], one["version"], date.fromisoformat(one["closed_on"])) for one in body["years"]),
            measures=tuple(PublicMeasure(one["name"], one["unit"], one["definition"], tuple(one["by"])) for one in body["measures"]),
            smallest=body["smallest"],
        )

    async def simulated_day(self) -> date | None:
        """The day it is where a calendar is played; None: today. Raises Away."""
        found: date | None = await self._once("day", self._read_day) if self.simulation else None
        return found

    async def newest_day(self) -> date | None:
        """As simulated_day(); while stats does not answer, or slowly, what it answered last."""
        with suppress(Away, TimeoutError):
            async with asyncio.timeout(DAY_SECONDS):
                self._day = await self.simulated_day()
        return self._day

    async def _read_day(self) -> date | None:
        day = (await self._get("stats", "/public/years"))["simulated_day"]
        return date.fromisoformat(day) if day else None

    async def table(self, offer: Offer, measure: str, year: int, by: str) -> Table:
        """Raises NoSuchPage, Away."""
        closed, about = offer.year(year), offer.measure(measure)
        if by not in about.by:
            raise NoSuchPage
        key = (measure, closed, by)
        if key in self._tables:
            self._tables.move_to_end(key)
            return self._tables[key]
        body = await self._get("stats", f"/public/figures/{measure}", year=year, by=by)
        if body["version"] != closed.version:
            raise Away("stats", "another version")  # closed again in between: the next look sees both anew
        found = Table(
            measure=about,
            closed=closed,
            by=by,
            smallest=body["smallest"],
            columns=tuple(body["columns"]),
            rows=tuple((row["of"], tuple(row["values"]), row["total"]) for row in body["rows"]),
            column_totals=tuple(body["column_totals"]),
            total=body["total"],
            left_out=body["left_out"],
        )
        self._tables[key] = found
        while len(self._tables) > MOST_TABLES:
            self._tables.popitem(last=False)
        return found

    async def register(self) -> tuple[Entry, ...]:
        """Every enterprise, at most MOST_ROWS, by name. Raises Away."""
        found: tuple[Entry, ...] = await self._once("register", self._read_register)
        return found

    async def _read_register(self) -> tuple[Entry, ...]:
        found = [_entry(row) for row in await self._all("docking", "/public/enterprises")]
        return tuple(sorted(found, key=lambda one: (one.name, one.enterprise)))

    async def notices(self) -> tuple[Notice, ...]:
        """Those public today, the newest decision first. Raises Away."""
        found: tuple[Notice, ...] = await self._once("notices", self._read_notices)
        return found

    async def _read_notices(self) -> tuple[Notice, ...]:
        rows, register = await asyncio.gather(self._all("docking", "/public/notices"), self.register())
        names = {one.enterprise: one.name for one in register}
        found = [_notice(row, names) for row in rows]
        return tuple(sorted(found, key=lambda one: (one.decided_on, one.decision_no), reverse=True))

    async def certificate(self, serial: str) -> Mapping[str, Any] | None:
        """What training states of a certificate; None: there is none of this number. Raises Away."""
        answer = await self._ask("training", "/public/certificates/{serial}", {}, serial=serial)
        if answer.status == 404:
            return None
        return dict(_body(answer, "training"))

    async def _all(self, service: str, path: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        after: object = None
        while len(found) < MOST_ROWS:
            body = await self._get(service, path, after=after, limit=PAGE)
            found += body["items"]
            after = body["next"]
            if after is None:
                break
        return found

    async def _get(self, service: str, path: str, **query: object) -> Any:
        return _body(await self._ask(service, path, query), service)

    async def _ask(self, service: str, path: str, query: Mapping[str, object], **parts: object) -> Answer:
        """Raises Away when too many wait."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Away(service, "too many ask") from error
        try:
            return await (await self._backend(service)).ask("GET", service, path, query, **parts)
        finally:
            self._turns.release()

    async def _once(self, name: str, read: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """What was read less than `register_seconds` ago, or is being read. What has failed is read again by whoever asks next."""
        at, task = self._registers.get(name, (0.0, None))
        failed = task is not None and task.done() and (task.cancelled() or task.exception() is not None)
        if task is None or failed or (task.done() and time.monotonic() - at > self.register_seconds):
            task = asyncio.create_task(read())
            self._registers[name] = (time.monotonic(), task)
        return await asyncio.shield(task)

    async def _backend(self, service: str) -> Backend:
        """Asks as on the day it is; what stats publishes is of closed years, and names that day."""
        day = await self.simulated_day() if service != "stats" else None
        return replace(self.backend, day=day.isoformat()) if day else self.backend


def _body(answer: Answer, service: str) -> Any:
    if not answer.ok or not isinstance(answer.body, dict):
        raise Away(service, f"{answer.status} {answer.code}")
    return answer.body


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        enterprise=row["enterprise"],
        name=row["name"],
        licence_no=row["licence_no"],
        seat=row["seat"],
        scope=tuple(row["scope"]),
        destinations=tuple(row["destinations"]),
        valid_to=date.fromisoformat(row["valid_to"]),
        state=row["state"],
        since=date.fromisoformat(row["since"]),
        suspended_for=tuple(row["suspended_for"]),
        reserve_sufficient=row["reserve_sufficient"],
        notices=row["notices"],
    )


def _notice(row: Mapping[str, Any], names: Mapping[str, str]) -> Notice:
    return Notice(
        enterprise=names.get(row["enterprise"], "–") if row["enterprise"] else None,
        breach=row["breach"],
        penalty=row["penalty"],
        fine=(row["fine"]["minor"], row["fine"]["currency"]) if row["fine"] else None,
        decision_no=row["decision_no"],
        decided_on=date.fromisoformat(row["decided_on"]),
        since=date.fromisoformat(row["since"]),
        until=date.fromisoformat(row["until"]) if row["until"] else None,
    )


async def tables(source: Sources, offer: Offer, wanted: Sequence[tuple[str, int, str]]) -> dict[tuple[str, int, str], Table]:
    """Several at once. Raises NoSuchPage, Away."""
    found = await asyncio.gather(*(source.table(offer, *one) for one in wanted))
    return dict(zip(wanted, found, strict=True))
