"""Lawful lives: what an enterprise, a training centre and a worker do, one command at a time, so that every state is reached.

Each is an asynchronous generator that gives way after each command and while it waits for a day. A refusal is normal: random commands
may have suspended, closed or merged what a life rests on.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, timedelta
from typing import Any

from shared.principals import Role
from tests.model.world import CENTRES, COUNTIES, DESTINATIONS, OCCUPATIONS, Model
from tests.support.registration import an_id

Life = AsyncIterator[None]
COURSE_MINUTES = 480
SESSION_SEATS = 4


def money(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY"}


# --- enterprises ------------------------------------------------------------------------------------------------------
async def enterprise_life(model: Model) -> Life:
    """Qualified, its reserve paid in, and one order after the other."""
    qualified = await model.command(
        "docking",
        "/enterprises",
        {
            "name": "Weihai Labour Cooperation Co.",
            "licence_no": f"LW370020{model.chance.randrange(10**6):06d}",
            "seat": model.chance.choice(COUNTIES),
            "scope": ["labour_cooperation", "contracted_project"],
            "valid_to": (model.day + timedelta(days=1500)).isoformat(),
        },
    )
    yield
    if qualified is None:
        return
    enterprise = str(qualified["enterprise"])
    await model.command("docking", f"/enterprises/{enterprise}/reserve", {"amount": money(500_000_000)})
    yield
    for _ in range(12):
        due = model.day + timedelta(days=model.chance.randint(3, 10))
        await model.command("docking", "/orders", an_order(model, enterprise), role=Role.ENTERPRISE, party=enterprise)
        yield
        while model.day < due:
            yield


def an_order(model: Model, enterprise: str) -> dict[str, Any]:
    return {
        "enterprise": enterprise,
        "employer": "Sakura Construction KK",
        "destination": model.chance.choice(DESTINATIONS),
        "occupation": model.chance.choice(OCCUPATIONS),
        "channel": "labour_cooperation",
        "positions": model.chance.randint(1, 6),
        "wage": money(800_000),
        "wage_period": "month",
        "term_months": 12,
        "expires": (model.day + timedelta(days=60)).isoformat(),
    }


# --- training centres -------------------------------------------------------------------------------------------------
async def license_centres(model: Model) -> None:
    for number, centre in enumerate(CENTRES):
        licence = {
            "centre": centre,
            "licence_no": f"3700{number}",
            "region": "370000",
            "valid_from": model.day.isoformat(),
            "valid_to": (model.day + timedelta(days=3000)).isoformat(),
            "capacity": 1000,
            "trainers": ["local-trainer"],
            "assessors": ["local-assessor"],
        }
        await model.command("training", "/centres", licence)


async def centre_life(model: Model) -> Life:
    """One course and its sessions: two days, an examination by somebody else, certificates."""
    centre = model.chance.choice(CENTRES)
    trade = {"destination": model.chance.choice(DESTINATIONS), "occupation": model.chance.choice(OCCUPATIONS)}
    body = trade | {"minimum_minutes": COURSE_MINUTES}
    course = await model.command("training", "/courses", body, role=Role.TRAINER, party=centre)
    yield
    for _ in range(6 if course else 0):
        first = model.day + timedelta(days=model.chance.randint(4, 12))
        days = [first, first + timedelta(days=1)]
        body = {"starts_on": first.isoformat(), "ends_on": days[-1].isoformat(), "seats": SESSION_SEATS, "trainer": "local-trainer"}
        scheduled = await model.command("training", f"/courses/{course['course']}/sessions", body, role=Role.TRAINER, party=centre)
        yield
        if scheduled:
            async for _ in session_held(model, centre, str(scheduled["session"]), days):
                yield


async def session_held(model: Model, centre: str, session: str, days: list[date]) -> Life:
    path = f"/sessions/{session}"
    for day in days:
        while model.day < day:
            yield
        roster = await enrolled(model, centre, session)
        if roster:
            entries = [{"enrolment": one, "minutes": COURSE_MINUTES // 2} for one in roster]
            body = {"day": day.isoformat(), "entries": entries}
            await model.command("training", f"{path}/attendance", body, role=Role.TRAINER, party=centre)
            yield
    roster = await enrolled(model, centre, session)
    if roster:
        body = {"entries": [{"enrolment": one, "score": model.chance.choice((30, 70, 80, 80, 90, 90, 90))} for one in roster]}
        await model.command("training", f"{path}/assessments", body, role=Role.ASSESSOR, party=centre)
        yield
        await model.command("training", f"{path}/certificates", {}, role=Role.TRAINER, party=centre)
        yield


async def enrolled(model: Model, centre: str, session: str) -> list[str]:
    page = await model.speaking_as(Role.TRAINER, centre).get("training", "/enrolments", session=session, limit=200)
    model.learn(page)
    return [row["enrolment"] for row in page["items"] if row["state"] == "enrolled"]


# --- workers ----------------------------------------------------------------------------------------------------------
async def worker_life(model: Model) -> Life:
    """From the registration to the wages and the return; perhaps with a complaint."""
    born = date(model.chance.randint(1970, 1995), model.chance.randint(1, 12), model.chance.randint(1, 28))
    county, clerk = model.chance.choice(COUNTIES), Role.CLERK
    person = {
        "name": "李明",
        "birth_date": born.isoformat(),
        "sex": "male",
        "county": county,
        "education": 3,
        "occupations": list(OCCUPATIONS),
        "id_number": an_id(born, place=county, serial=model.chance.randrange(490)),
        "id_checked": model.chance.random() < 0.9,
    }
    registered = await model.command("registration", "/workers", person, role=clerk)
    yield
    if registered is None:
        return
    worker = str(registered["worker"])
    offer = {"destinations": list(DESTINATIONS), "family_consent": True}
    if await model.command("registration", f"/workers/{worker}/willingness", offer, role=clerk) is None:
        return
    yield
    async for _ in placed(model, worker):
        yield


async def placed(model: Model, worker: str) -> Life:
    """Proposed for recent orders until one takes the worker, then led to the border."""
    for _ in range(12):
        order = model.one_of("order")
        proposed = order and await model.command("docking", f"/orders/{order}/matches", {"n": 1, "worker": worker}, role=Role.OFFICER)
        yield
        if proposed and proposed["matches"]:
            match = proposed["matches"][0]["match"]
            accepted = await model.command("docking", f"/matches/{match}/acceptance", {})
            yield
            if accepted:
                async for _ in led_to_the_border(model, accepted):
                    yield
                return
        for _ in range(10):
            yield


async def led_to_the_border(model: Model, placement: dict[str, Any]) -> Life:
    path, enterprise = f"/placements/{placement['placement']}", str(placement["enterprise"])
    leaves = model.day + timedelta(days=model.chance.randint(15, 40))
    for name, body in papers(model, leaves).items():
        await model.command("docking", f"{path}/{name}", body)
        yield
    while model.day < leaves:
        yield
    departure = {"departed_on": model.day.isoformat(), "port": "CNSHA", "visa": "work", "evidence": "exit_stamp"}
    for _ in range(6):
        if await model.command("docking", f"{path}/departure", departure | {"departed_on": model.day.isoformat()}):
            yield
            async for _ in abroad(model, str(placement["placement"]), enterprise):
                yield
            return
        for _ in range(15):
            yield


def papers(model: Model, leaves: date) -> dict[str, dict[str, Any]]:
    """Command -> body: what a placement needs before the departure, in an order in which it may come."""
    return {
        "contract": {
            "contract_no": f"M-{secrets.token_hex(4)}",
            "wage": money(800_000),
            "wage_period": "month",
            "pay_day": 10,
            "deductions_max": money(50_000),
            "start": leaves.isoformat(),
            "end": (leaves + timedelta(days=365)).isoformat(),
        },
        "insurance": {
            "insurer": "China Accident Insurance",
            "policy_no": f"P-{secrets.token_hex(4)}",
            "valid_from": model.day.isoformat(),
            "valid_to": (leaves + timedelta(days=420)).isoformat(),
        },
        "medical": {"examined_on": model.day.isoformat(), "result": "fit", "place": "County hospital"},
        "clearance": {"planned_departure": leaves.isoformat()},
    }


async def abroad(model: Model, placement: str, enterprise: str) -> Life:
    """Some wages, some of them short, perhaps a complaint, then the return."""
    left = model.day
    for month in range(model.chance.randint(1, 5)):
        paid_on = left + timedelta(days=45 + 30 * month)
        while model.day < paid_on:
            yield
        net = money(model.chance.choice((800_000, 800_000, 300_000)))
        period = (model.day - timedelta(days=30)).strftime("%Y-%m")
        amounts = {"gross": net, "deductions": money(0), "net": net, "paid_on": model.day.isoformat()}
        body = {"placement": placement, "period": period, "amounts": amounts}
        await model.command("rights", "/incomes", body, role=Role.ENTERPRISE, party=enterprise)
        yield
    if model.chance.random() < 0.4:
        body = {"category": "wages", "severity": "normal", "via": "worker", "placement": placement, "text": "not paid in full"}
        await model.command("rights", "/cases", body, role=Role.CLERK)
        yield
    back = {"returned_on": model.day.isoformat(), "reason": model.chance.choice(("completed", "early"))}
    await model.command("docking", f"/placements/{placement}/return", back)
    yield


# --- duplicates -------------------------------------------------------------------------------------------------------
async def duplicates_life(model: Model) -> Life:
    """A clerk works the queue off: links two, or any two workers, and somebody else merges them or keeps them apart."""
    for _ in range(3):
        answer = await linked(model)
        yield
        pair = [str(side["worker"]) for side in answer["sides"]] if answer else []
        for survivor in model.chance.sample(pair, len(pair)):
            path = f"/duplicates/{answer['duplicate']}"
            if model.chance.random() < 0.2:
                await model.command("registration", f"{path}/rejection", {"reason": "not_proven"})
            else:
                await model.command("registration", f"{path}/merge", {"survivor": survivor})
            yield
        until = model.day + timedelta(days=2)
        while model.day < until:
            yield


async def linked(model: Model) -> Any:
    """A pair that is stated to be one person, or None."""
    page = await model.speaking_as(Role.CLERK).get("registration", "/duplicates", limit=200)
    model.learn(page)
    if page["items"] and model.chance.random() < 0.7:
        found = model.chance.choice(page["items"])
        if found["state"] == "linked":
            return found
        pair = [side["worker"] for side in found["sides"]]
    else:
        pair = [model.one_of("worker"), model.one_of("worker")]
    if None in pair:
        return None
    body = {"other": pair[1], "reason": "same_person_seen"}
    return await model.command("registration", f"/workers/{pair[0]}/duplicates", body, role=Role.CLERK, name="registration link")


# How many of each are under way at a time.
LIVES: Mapping[Callable[[Model], Life], int] = {enterprise_life: 5, centre_life: 8, worker_life: 40, duplicates_life: 2}
