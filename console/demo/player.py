"""Plays a plan through the services' own commands, quarter by quarter; nothing is written to a database directly.

Inside a quarter: new workers are imported, courses scheduled, orders opened, then every departure goes its way (match, contract,
insurance, clearance, training, departure), then returns and payrolls. A stage begins when the services it needs have applied what
the stage before published, which is what clerks in five offices would see happen by itself. A year is published and closed at the
end of the January after it; what is recorded or put right only then restates it.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from console.api_client import Caller, settled
from console.demo.simulation import ENTERPRISES, FIRST, LAST, PUBLISHED_YEARS, Plan, Voyage, months, published_on
from shared.principals import Role
from shared.values import PROGRAMME_ZONE, Channel, Period, first_day, last_day

PORTS = ("CNSHA", "CNTAO", "CNCAN", "CNBJS", "CNDLC")
SESSION_DAYS, MINUTES_A_DAY = 3, 480
CENTRE = "centre-1"
SWEPT = ("registration", "docking", "training", "rights")
Step = Callable[[str, int], None]  # (what, how many): moves a progress bar


@dataclass(slots=True)
class World:
    """What the services answered so far: the ids under which the plan's people and things live."""

    plan: Plan
    caller: Caller
    step: Step
    say: Callable[[str], None]  # what is done, a line per quarter
    enterprises: list[str] = field(default_factory=list)
    workers: dict[int, str] = field(default_factory=dict)  # by person
    placements: dict[int, str] = field(default_factory=dict)  # by voyage
    courses: dict[tuple[str, str], str] = field(default_factory=dict)
    orders: dict[tuple[object, ...], str] = field(default_factory=dict)
    sessions: dict[tuple[str, str, Period], str] = field(default_factory=dict)
    seats: dict[tuple[str, str, Period], int] = field(default_factory=dict)  # of the quarter's sessions

    def on(self, day: date, hour: int = 10) -> Caller:
        return self.caller.on(datetime.combine(day, time(hour), PROGRAMME_ZONE))

    def enterprise(self, voyage: Voyage) -> str:
        return self.enterprises[voyage.enterprise]


def quarters(last: Period = LAST) -> list[tuple[Period, ...]]:
    return [tuple(three) for three in _in_threes(list(months(FIRST, last)))]


def _in_threes(items: Sequence[Period]) -> list[Sequence[Period]]:
    return [items[start : start + 3] for start in range(0, len(items), 3)]


def ordered_destination(voyage: Voyage) -> str:
    """Where the job order was for, which is what a wrong first recording says."""
    return voyage.first_recorded_as.get("destination", voyage.destination)


async def _all(work: Iterable[Awaitable[Any]]) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_run(one)) for one in work]
    return [task.result() for task in tasks]


async def _run(one: Awaitable[Any]) -> Any:
    return await one


# --- the whole ----------------------------------------------------------------------------------------------------------
async def play(world: World, last: Period = LAST) -> None:
    """The programme from its first day to the end of `last`, which ends a quarter."""
    await _found(world)
    await _adopt(world)
    for three in quarters(last):
        await _quarter(world, three)
        world.say(f"{three[0]} to {three[-1]} played")


async def _quarter(world: World, three: tuple[Period, ...]) -> None:
    first, last = first_day(three[0]), last_day(three[-1])
    departing = world.plan.departing(first, last)
    published = last.month == 12 and last.year in PUBLISHED_YEARS
    until = published_on(last.year) if published else date.max
    await _register(world, departing, first - timedelta(days=60), f"quarter-{three[0]}")
    await settled(world.caller, "registration", "docking")
    await asyncio.gather(_open_orders(world, departing, first, last), _schedule_sessions(world, departing))
    await _all(_prepare(world, voyage) for voyage in departing)
    await settled(world.caller, "docking", "training")
    await settled(world.caller, "training", "docking")  # sessions' own doings, so that only certificates remain
    world.seats = _sessions_of(departing)
    await _all(_hold(world, key) for key in world.seats)
    await settled(world.caller, "training", "docking")
    await _all(_depart(world, voyage, date.min, until) for voyage in departing)
    await _all(_return(world, voyage) for voyage in world.plan.returning(first, last))
    await settled(world.caller, "docking", "rights")
    await settled(world.caller, "docking", "registration")
    late = [voyage for voyage in departing if voyage.right_on > until]
    not_yet = {voyage.number for voyage in late}
    await _payrolls(world, three, lambda voyage: voyage.number not in not_yet)
    await _all(_sweep(world, service, last) for service in SWEPT)
    await _all(settled(world.caller, service, "stats") for service in SWEPT)
    await _sweep(world, "stats", last)  # in a simulation stats publishes when told to
    if published:
        await _publish(world, last.year)
        await _afterwards(world, three, late, until)


async def _publish(world: World, year: int) -> None:
    """The year's figures go out, and are frozen: what comes later is told as a restatement."""
    await world.on(published_on(year), 18).post("stats", "/periods/close", {"period": str(year)}, f"close-{year}")


async def _afterwards(world: World, three: Sequence[Period], late: Sequence[Voyage], until: date) -> None:
    """What becomes known, or is put right, when the year is published already; then the wages that hang on it."""
    await _all(_depart(world, voyage, until, date.max) for voyage in late)
    await settled(world.caller, "docking", "rights")
    numbers = {voyage.number for voyage in late}
    await _payrolls(world, three, lambda voyage: voyage.number in numbers, entered_on=until + timedelta(days=28))
    await _all(settled(world.caller, service, "stats") for service in ("docking", "rights"))


async def _sweep(world: World, service: str, day: date) -> None:
    operator = world.on(day, 23).speaking_as(Role.OPERATOR)
    acted, turn = 1, 0
    while acted:
        acted = (await operator.post(service, "/sweep", None, f"sweep-{day}-{turn}"))["acted"]
        turn += 1


# --- enterprises, courses, those abroad already -----------------------------------------------------------------------------
async def _found(world: World) -> None:
    await _scale_programme(world)
    officer = world.on(date(2016, 12, 1))
    for number in range(ENTERPRISES):
        entered = await officer.post(
            "docking",
            "/enterprises",
            {
                "name": f"Simulated Labour Cooperation {number + 1} Co.",
                "licence_no": f"LW37002015{number + 1:04d}",
                "scope": [channel.value for channel in Channel],
                "valid_to": "2021-12-31",
            },
            f"enterprise-{number}",
        )
        world.enterprises.append(entered["enterprise"])
        deposit = {"amount": {"minor": 500_000_000, "currency": "CNY"}}
        await officer.post("docking", f"/enterprises/{entered['enterprise']}/reserve", deposit, f"reserve-{number}")
    trainer = officer.speaking_as(Role.TRAINER, CENTRE)
    pairs = sorted({(ordered_destination(v), v.occupation) for v in world.plan.voyages if not v.adopted})
    for destination, occupation in pairs:
        course = {"destination": destination, "occupation": occupation, "minimum_minutes": SESSION_DAYS * MINUTES_A_DAY}
        entered = await trainer.post("training", "/courses", course, f"course-{destination}-{occupation}")
        world.courses[destination, occupation] = entered["course"]


async def _scale_programme(world: World) -> None:
    """The targets at the scale that is played; quotas are shares and stay."""
    officer = world.on(date(2016, 12, 1))
    versions = await officer.get("stats", "/programmes/2017-2020")
    plan = versions[0]["plan"]
    for target in plan["targets"]:
        target["floor"] //= world.plan.scale
        target["stretch"] = target["stretch"] and target["stretch"] // world.plan.scale
    await officer.post("stats", "/programmes", {"plan": plan, "reason": f"played at 1:{world.plan.scale}"}, "programme")


async def _adopt(world: World) -> None:
    adopted = [voyage for voyage in world.plan.voyages if voyage.adopted]
    await _register(world, adopted, date(2016, 12, 5), "adopted", willing=False)
    await settled(world.caller, "registration", "docking")
    for number, rows in enumerate(batched_rows(adopted, 200)):
        body = {"rows": [_adoption(world, voyage) for voyage in rows]}
        answer = await world.on(date(2016, 12, 31), 20).post("docking", "/placements/adoption", body, f"adopt-{number}")
        if answer["refused"]:
            raise RuntimeError(f"adoption: {len(answer['refused'])} rows refused: {answer['refused'][:3]}")
        for voyage, placement in zip(rows, answer["placements"], strict=True):
            world.placements[voyage.number] = placement
        world.step("adopted", len(rows))
    await settled(world.caller, "docking", "rights")


def batched_rows(voyages: Sequence[Voyage], size: int) -> list[Sequence[Voyage]]:
    return [voyages[start : start + size] for start in range(0, len(voyages), size)]


def _adoption(world: World, voyage: Voyage) -> dict[str, object]:
    return {
        "worker": world.workers[voyage.person.number],
        "enterprise": world.enterprise(voyage),
        "destination": voyage.destination,
        "occupation": voyage.occupation,
        "channel": voyage.channel.value,
        "departed_on": voyage.departed_on.isoformat(),
        "port": _port(voyage),
        "contract": _contract(voyage),
    }


def _contract(voyage: Voyage) -> dict[str, object]:
    start = min(voyage.departed_on, date.fromisoformat(voyage.first_recorded_as.get("departed_on", voyage.departed_on.isoformat())))
    return {
        "contract_no": f"SIM-{voyage.number:06d}",
        "wage": {"minor": voyage.wage_minor, "currency": "CNY"},
        "wage_period": "month",
        "pay_day": 10,
        "deductions_max": {"minor": 0, "currency": "CNY"},
        "service_fee": _fee(voyage),
        "start": start.isoformat(),
        "end": (start + timedelta(days=5 * 365)).isoformat(),
    }


def _fee(voyage: Voyage) -> dict[str, object] | None:
    """Up to a month's wage, well under the cap; none from the enterprise's own employees (C5)."""
    if voyage.channel is Channel.CONTRACTED_PROJECT:
        return None
    return {"minor": voyage.wage_minor * (voyage.number % 5) // 4, "currency": "CNY"}


# --- workers ----------------------------------------------------------------------------------------------------------------
async def _register(world: World, voyages: Sequence[Voyage], day: date, label: str, *, willing: bool = True) -> None:
    """Import who is new, as a county's list; who is back from abroad states willingness again."""
    new = {v.person.number: v for v in voyages if v.person.number not in world.workers}
    back = [v for v in voyages if v.person.number in world.workers]
    officer = world.on(day)
    rows = list(new.values())
    content = _worker_list(rows, day, willing=willing)
    done = await officer.upload("registration", "/imports", content, label)
    if done["rejected"]:
        raise RuntimeError(f"{label}: {done['rejected']} rows rejected: {done['findings'][:3]}")
    await _learn_workers(world, officer, done["import_id"], rows)
    world.step("registered", len(rows))
    again = await officer.upload("registration", "/imports", content, label)  # sent twice, as files are; nothing happens
    if again["import_id"] != done["import_id"]:
        raise RuntimeError(f"{label}: the same file made a second import")
    await _all(_willing_again(world, voyage, day) for voyage in back)


async def _learn_workers(world: World, officer: Caller, import_id: str, rows: Sequence[Voyage]) -> None:
    after: str | None = None
    while True:
        page = await officer.get("registration", "/workers", import_id=import_id, after=after, limit=200)
        for worker in page["items"]:
            world.workers[rows[worker["import_row"] - 2].person.number] = worker["worker"]
        after = page["next"]
        if after is None:
            return


async def _willing_again(world: World, voyage: Voyage, day: date) -> None:
    body = {
        "destinations": [ordered_destination(voyage)],
        "occupations": [voyage.occupation],
        "wage_floor": {"minor": voyage.wage_minor, "currency": "CNY"},
        "available_from": day.isoformat(),
        "family_consent": True,
    }
    path = f"/workers/{world.workers[voyage.person.number]}/willingness"
    await world.on(day).post("registration", path, body, f"willing-{voyage.number}")


def _worker_list(voyages: Sequence[Voyage], day: date, *, willing: bool) -> bytes:
    out = io.StringIO()
    columns = [
        "name",
        "id_number",
        "birth_date",
        "sex",
        "county",
        "education",
        "occupations",
        "household_status",
        "id_checked",
        "registered_on",
        "destinations",
        "wage_floor",
        "wage_currency",
        "available_from",
        "family_consent",
    ]
    lines = csv.writer(out)
    lines.writerow(columns)
    for voyage in voyages:
        person = voyage.person
        offer = [ordered_destination(voyage), f"{voyage.wage_minor / 100:.2f}", "CNY", day.isoformat(), "yes"] if willing else [""] * 5
        lines.writerow(
            [
                person.name,
                person.id_number,
                person.birth_date.isoformat(),
                person.sex,
                person.county,
                person.education,
                voyage.occupation,
                person.household_status,
                "yes",
                day.isoformat(),
                *offer,
            ]
        )
    return out.getvalue().encode()


# --- up to departure --------------------------------------------------------------------------------------------------------
def _order_key(voyage: Voyage) -> tuple[object, ...]:
    return voyage.enterprise, ordered_destination(voyage), voyage.occupation, voyage.channel


async def _open_orders(world: World, voyages: Sequence[Voyage], first: date, last: date) -> None:
    groups: dict[tuple[object, ...], list[Voyage]] = defaultdict(list)
    for voyage in voyages:
        groups[_order_key(voyage)].append(voyage)
    world.orders.clear()

    async def open_one(key: tuple[object, ...], group: Sequence[Voyage]) -> None:
        one = group[0]
        body = {
            "enterprise": world.enterprise(one),
            "employer": f"Employer in {ordered_destination(one)}",
            "destination": ordered_destination(one),
            "occupation": one.occupation,
            "channel": one.channel.value,
            "positions": len(group),
            "wage": {"minor": max(voyage.wage_minor for voyage in group), "currency": "CNY"},
            "wage_period": "month",
            "term_months": 24,
            "expires": (last + timedelta(days=30)).isoformat(),
        }
        label = f"order-{first}-{'-'.join(map(str, key))}"
        world.orders[key] = (await world.on(first - timedelta(days=50)).post("docking", "/orders", body, label))["order"]

    await _all(open_one(key, group) for key, group in groups.items())


async def _prepare(world: World, voyage: Voyage) -> None:
    """Match, contract, insurance, request for clearance; training and clearance then go their way by events."""
    begin = first_day(Period(voyage.departed_on.strftime("%Y-%m")))
    before = partial(_before, world, begin)
    label = str(voyage.number)
    proposal = {"n": 1, "worker": world.workers[voyage.person.number]}
    proposed = await before(40).post("docking", f"/orders/{world.orders[_order_key(voyage)]}/matches", proposal, f"propose-{label}")
    match = proposed["matches"][0]["match"]
    accepted = await before(40).post("docking", f"/matches/{match}/acceptance", {}, f"accept-{label}")
    placement = world.placements[voyage.number] = accepted["placement"]
    await before(38).post("docking", f"/placements/{placement}/contract", _contract(voyage), f"contract-{label}")
    insurance = {
        "insurer": "Simulated Insurance",
        "policy_no": f"POL-{voyage.number:06d}",
        "valid_from": (begin - timedelta(days=37)).isoformat(),
        "valid_to": (begin + timedelta(days=6 * 365)).isoformat(),  # W2: as long as the contract, and longer
    }
    await before(37).post("docking", f"/placements/{placement}/insurance", insurance, f"insurance-{label}")
    planned = {"planned_departure": voyage.departed_on.isoformat()}
    await before(36).post("docking", f"/placements/{placement}/clearance", planned, f"clearance-{label}")
    world.step("prepared", 1)


def _before(world: World, begin: date, days: int) -> Caller:
    return world.on(begin - timedelta(days=days))


# --- training ---------------------------------------------------------------------------------------------------------------
def _sessions_of(voyages: Sequence[Voyage]) -> dict[tuple[str, str, Period], int]:
    seats: dict[tuple[str, str, Period], int] = defaultdict(int)
    for voyage in voyages:
        seats[ordered_destination(voyage), voyage.occupation, Period(voyage.departed_on.strftime("%Y-%m"))] += 1
    return seats


def _session_start(period: Period) -> date:
    return first_day(period) - timedelta(days=30)


async def _schedule_sessions(world: World, voyages: Sequence[Voyage]) -> None:
    async def schedule(key: tuple[str, str, Period], seats: int) -> None:
        destination, occupation, period = key
        start = _session_start(period)
        body = {
            "starts_on": start.isoformat(),
            "ends_on": (start + timedelta(days=SESSION_DAYS - 1)).isoformat(),
            "seats": seats,
            "trainer": "local-trainer",
        }
        trainer = world.on(start - timedelta(days=30)).speaking_as(Role.TRAINER, CENTRE)
        path = f"/courses/{world.courses[destination, occupation]}/sessions"
        world.sessions[key] = (await trainer.post("training", path, body, f"session-{'-'.join(key)}"))["session"]

    await _all(schedule(key, seats) for key, seats in _sessions_of(voyages).items())


async def _hold(world: World, key: tuple[str, str, Period]) -> None:
    """Three days of attendance, the assessment by somebody else, certificates for all who passed."""
    session, start, label = world.sessions[key], _session_start(key[2]), "-".join(key)
    trainer = world.on(start, 18).speaking_as(Role.TRAINER, CENTRE)
    roster = await _roster(trainer, session)
    world.step("certified", world.seats[key])
    if not roster:
        return  # whoever was expected holds a valid certificate from an earlier journey
    for number in range(SESSION_DAYS):
        day = start + timedelta(days=number)
        present = {"day": day.isoformat(), "entries": [{"enrolment": one, "minutes": MINUTES_A_DAY} for one in roster]}
        today = world.on(day, 18).speaking_as(Role.TRAINER, CENTRE)
        await today.post("training", f"/sessions/{session}/attendance", present, f"attendance-{label}-{number}")
    last = start + timedelta(days=SESSION_DAYS - 1)
    results = {"entries": [{"enrolment": one, "score": 80} for one in roster]}
    assessor = world.on(last, 20).speaking_as(Role.ASSESSOR, CENTRE)
    await assessor.post("training", f"/sessions/{session}/assessments", results, f"assessment-{label}")
    after = world.on(last + timedelta(days=1)).speaking_as(Role.TRAINER, CENTRE)
    await after.post("training", f"/sessions/{session}/certificates", {}, f"certificates-{label}")


async def _roster(trainer: Caller, session: str) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page = await trainer.get("training", "/enrolments", session=session, after=after, limit=200)
        found += [row["enrolment"] for row in page["items"]]
        after = page["next"]
        if after is None:
            return found


# --- departure, return, wages -------------------------------------------------------------------------------------------------
async def _depart(world: World, voyage: Voyage, after: date, until: date) -> None:
    """What is entered about the departure after one day and until another: the recording, and what puts it right."""
    if after < voyage.recorded_on <= until:
        await _record(world, voyage)
    if after < voyage.mended_on <= until:
        await _mend(world, voyage)


async def _record(world: World, voyage: Voyage) -> None:
    placement, wrong = world.placements[voyage.number], voyage.first_recorded_as
    body = {
        "departed_on": wrong.get("departed_on", voyage.departed_on.isoformat()),
        "port": wrong.get("port", _port(voyage)),
        "visa": "work",
        "evidence": "exit_stamp",
    }
    clerk = world.on(voyage.recorded_on, 16)
    for _ in range(2 if voyage.sent_twice else 1):
        await clerk.post("docking", f"/placements/{placement}/departure", body, f"departure-{voyage.number}")
    world.step("departed", 1)


async def _mend(world: World, voyage: Voyage) -> None:
    path, wrong = f"/placements/{world.placements[voyage.number]}/departure", voyage.first_recorded_as
    officer = world.on(voyage.mended_on)
    if voyage.voided:
        await officer.post("docking", f"{path}/void", {"reason": "not_departed"}, f"void-{voyage.number}")
    elif wrong:
        right = {"departed_on": voyage.departed_on.isoformat(), "port": _port(voyage), "destination": voyage.destination}
        await officer.post("docking", f"{path}/correction", {name: right[name] for name in wrong}, f"correction-{voyage.number}")


def _port(voyage: Voyage) -> str:
    return PORTS[voyage.number % len(PORTS)]


async def _return(world: World, voyage: Voyage) -> None:
    day = voyage.returned_on
    if day is None:
        raise ValueError(f"voyage {voyage.number} does not return")
    body = {"returned_on": day.isoformat(), "reason": "completed"}
    path = f"/placements/{world.placements[voyage.number]}/return"
    await world.on(day + timedelta(days=1)).post("docking", path, body, f"return-{voyage.number}")
    world.step("returned", 1)


async def _payrolls(world: World, three: Sequence[Period], whom: Callable[[Voyage], bool], entered_on: date = date.min) -> None:
    """The payrolls of a quarter, of those whom `whom` chooses; entered two days after they are paid, or on a later day."""
    for period in three:
        paid = [voyage for voyage in world.plan.abroad_in(period) if whom(voyage)]
        await _all(
            _pay(world, period, number, [one for one in paid if one.enterprise == number], entered_on) for number in range(ENTERPRISES)
        )


async def _pay(world: World, period: Period, number: int, paid: Sequence[Voyage], entered_on: date) -> None:
    """One enterprise's payroll of one month, as a file."""
    if not paid:
        return
    paid_on = last_day(period) + timedelta(days=10)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["placement", "period", "gross", "deductions", "net", "remitted", "currency", "paid_on"])
    for voyage in paid:
        amount = f"{wage_paid(voyage, period) / 100:.2f}"
        lines.writerow([world.placements[voyage.number], period, amount, "0.00", amount, "", "CNY", paid_on.isoformat()])
    moment = max(paid_on + timedelta(days=2), entered_on)
    employer = world.on(moment).speaking_as(Role.ENTERPRISE, world.enterprises[number])
    done = await employer.upload("rights", "/payrolls", out.getvalue().encode(), f"payroll-{period}-{number}-{moment}")
    if done["rejected"]:
        raise RuntimeError(f"payroll {period} of enterprise {number}: {done['rejected']} rows rejected: {done['findings'][:3]}")
    world.step("paid", len(paid))


def wage_paid(voyage: Voyage, period: Period) -> int:
    """Fen: the monthly wage for the days abroad, the days of departure and return included; 60 % of it where it falls short."""
    start, end = first_day(period), last_day(period)
    begin, finish = max(start, voyage.departed_on), min(end, voyage.returned_on or end)
    amount = -(-voyage.wage_minor * ((finish - begin).days + 1) // end.day)
    return amount * 60 // 100 if period == voyage.short_in else amount
