"""What the stages of the demo share: the plan, the client, and the ids that the services have answered."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from console.api_client import ApiClient
from console.demo.simulation import Plan, Voyage
from shared.values import PROGRAMME_ZONE, Channel, Period

PORTS = ("CNSHA", "CNTAO", "CNCAN", "CNBJS", "CNDLC")
SESSION_DAYS, MINUTES_A_DAY = 3, 480
TERM_MONTHS = 60  # of orders and of the contracts made for them
CENTRE = "济南外派劳务培训中心"
TRAINERS = ("zhang.min", "li.jun", "wang.fang")  # accounts that give its sessions by turns
LIST_ROWS = 500  # that docking takes at once
T = TypeVar("T")
K = TypeVar("K")
Advance = Callable[[str, int], None]  # (what, how many): moves a progress bar


@dataclass(frozen=True, slots=True)
class Announcement:
    number: str
    published_on: date
    counties: frozenset[str]


@dataclass(slots=True, kw_only=True)
class World:
    """What the services answered so far: the ids under which the plan's people and things live."""

    plan: Plan
    client: ApiClient
    advance: Advance
    print_line: Callable[[str], None]  # one line per quarter played
    enterprises: list[str] = field(default_factory=list)
    workers: dict[int, str] = field(default_factory=dict)  # by person
    placements: dict[int, str] = field(default_factory=dict)  # by voyage
    courses: dict[tuple[str, str], str] = field(default_factory=dict)
    orders: dict[tuple[object, ...], str] = field(default_factory=dict)
    sessions: dict[tuple[str, str, Period], str] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)
    cases: dict[int, str] = field(default_factory=dict)  # by complaint
    repatriations: dict[int, str] = field(default_factory=dict)  # approved ones, by voyage

    def on(self, day: date, hour: int = 10) -> ApiClient:
        return self.client.on(datetime.combine(day, time(hour), PROGRAMME_ZONE))

    def enterprise(self, voyage: Voyage) -> str:
        return self.enterprises[voyage.enterprise]


def ordered_destination(voyage: Voyage) -> str:
    """Where the job order was for, which is what a wrong first recording says."""
    return voyage.first_recorded_as.get("destination", voyage.destination)


def port(voyage: Voyage) -> str:
    return PORTS[voyage.number % len(PORTS)]


def order_key(voyage: Voyage) -> tuple[object, ...]:
    return voyage.enterprise, ordered_destination(voyage), voyage.occupation, voyage.channel


def contract_body(voyage: Voyage) -> dict[str, object]:
    start = min(voyage.departed_on, date.fromisoformat(voyage.first_recorded_as.get("departed_on", voyage.departed_on.isoformat())))
    return {
        "contract_no": f"SIM-{voyage.number:06d}",
        "wage": {"minor": voyage.wage_minor, "currency": "CNY"},
        "wage_period": "month",
        "pay_day": 10,
        "deductions_max": {"minor": 0, "currency": "CNY"},
        "service_fee": _fee(voyage),
        "start": start.isoformat(),
        "end": (_contract_end(voyage) or start + timedelta(days=TERM_MONTHS // 12 * 365)).isoformat(),
    }


def stays_to_the_end(voyage: Voyage) -> bool:
    """Comes home when the contract ends. Who comes home within a year does so early: so short a contract would not bear the fee (C5)."""
    return voyage.returned_on is not None and voyage.returned_on - voyage.departed_on >= timedelta(days=365)


def _contract_end(voyage: Voyage) -> date | None:
    return voyage.returned_on if stays_to_the_end(voyage) else None


def _fee(voyage: Voyage) -> dict[str, object] | None:
    """Up to a month's wage, well under the cap; none from the enterprise's own employees (C5)."""
    if voyage.channel is Channel.CONTRACTED_PROJECT:
        return None
    return {"minor": voyage.wage_minor * (voyage.number % 5) // 4, "currency": "CNY"}


def weekly(days: Iterable[tuple[T, date]]) -> dict[date, list[T]]:
    """What falls into one week, by the last day on which something does: it is reported in one list on that day."""
    weeks: dict[date, list[tuple[T, date]]] = defaultdict(list)
    for one, day in days:
        weeks[day - timedelta(days=day.weekday())].append((one, day))
    return {max(day for _, day in several): [one for one, _ in several] for several in weeks.values()}


def grouped(several: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Those of the same key together."""
    groups: dict[K, list[T]] = defaultdict(list)
    for one in several:
        groups[key(one)].append(one)
    return groups


def batched(several: Sequence[T], size: int) -> list[Sequence[T]]:
    return [several[start : start + size] for start in range(0, len(several), size)]


async def report(client: ApiClient, kind: str, rows: Sequence[Mapping[str, object]], label: str) -> None:
    """Send docking a list of `kind`, in parts that it takes at once. Raises RuntimeError where a row is refused."""
    for number, part in enumerate(batched(rows, LIST_ROWS)):
        await send_rows(client, "docking", f"/placements/{kind}", part, f"{label}-{number}")


async def send_rows(client: ApiClient, service: str, path: str, rows: Sequence[Mapping[str, object]], label: str) -> Any:
    """The service's answer. Raises RuntimeError where a row is refused."""
    answer = await client.post(service, path, {"rows": rows}, label)
    if answer["refused"]:
        raise RuntimeError(f"{label}: {len(answer['refused'])} rows refused: {answer['refused'][:3]}")
    return answer


async def all_of(work: Iterable[Awaitable[Any]]) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_awaited(one)) for one in work]
    return [task.result() for task in tasks]


async def _awaited(one: Awaitable[Any]) -> Any:
    return await one
