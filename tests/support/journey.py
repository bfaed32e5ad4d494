"""One worker's way through five running services, step by step, each a real command: what the end-to-end tests walk.

The services are those of a local stack started for the test, or those the environment names: LAOWU_E2E_<SERVICE> and LAOWU_E2E_CONSOLE
(base URLs), LAOWU_E2E_<SERVICE>_DATABASE (URLs), LAOWU_E2E_KAFKA (bootstrap servers) and LAOWU_E2E_KEY (file with the private JWK that
tokens are signed with); tests/support/compose_addresses.py prints them for docker-compose.yml. They must run with SIMULATION=true.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pycountry
import pytest
from joserfc.jwk import OKPKey

from console.api_client import ApiClient, open_client
from console.local import secret_keys, stack
from console.local.home import Home
from console.local.stack import Options
from console.services import SERVICES
from services.stats.replay.audit import audit
from shared import db, reference
from shared.principals import NATION, Principal, Role
from shared.values import PROGRAMME_ZONE
from shared.web.auth import issue
from tests.support.recount import Figure, Recount
from tests.support.registration import an_id

POOR_COUNTY, OTHER_COUNTY = "621126", "370102"
FOUNDED = date(2019, 1, 7)
REGISTERED = date(2019, 1, 9)
MATCHED = date(2019, 1, 14)
PAPERED = date(2019, 1, 16)
TRAINED = date(2019, 2, 11)
DEPARTED = date(2019, 3, 4)
RETURNED = date(2020, 2, 17)
COURSE_MINUTES = 480
WAGE = 800_000  # fen a month
DESTINATIONS = sorted(country.alpha_3 for country in pycountry.countries if reference.known_destination(country.alpha_3))
OCCUPATIONS = sorted(code for code in reference.occupations() if len(code) == 4)
NAMED = {"LAOWU_E2E_" + name.upper(): name for name in SERVICES}


# --- the stack --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RunningStack:
    """Five services, and what they stand on. `home` is None for services that the environment named.

    A failing test prints it: what must stay secret is left out.
    """

    addresses: Mapping[str, str]
    console: str  # where the browser console is reached
    key: OKPKey = field(repr=False)
    kafka: str
    databases: Mapping[str, str] = field(repr=False)
    home: Home | None

    def token(self, role: Role, party: str | None = None) -> str:
        return issue(self.key, Principal(f"local-{role}", role, (NATION,), party))

    @asynccontextmanager
    async def client(self) -> AsyncIterator[ApiClient]:
        async with open_client(self.addresses, self.token, run=secrets.token_hex(8)) as client:
            yield client


def named_stack() -> RunningStack | None:
    """The one the environment names. Every variable is needed as soon as one is there."""
    if not any(name in os.environ for name in NAMED):
        return None
    return RunningStack(
        addresses={name: os.environ[variable] for variable, name in NAMED.items()},
        console=os.environ["LAOWU_E2E_CONSOLE"],
        key=OKPKey.import_key(json.loads(Path(os.environ["LAOWU_E2E_KEY"]).read_text())),
        kafka=os.environ["LAOWU_E2E_KAFKA"],
        databases={name: os.environ[f"{variable}_DATABASE"] for variable, name in NAMED.items()},
        home=None,
    )


@asynccontextmanager
async def local_stack(folder: Path, command: stack.Command = stack.service_command) -> AsyncIterator[RunningStack]:
    """A stack of its own in `folder`, for simulation; gone on leaving. A killed process leaves none either: pytest-xdist gives its
    processes ten seconds to end.
    """
    home = Home(folder / "home")
    try:
        options = Options(simulation=True, durable=False, command=command, outlives_starter=False)
        await asyncio.to_thread(_bring_up, home, options)
        yield RunningStack(
            addresses=stack.endpoints(home),
            console=str(stack.console_address(home)),
            key=secret_keys.auth_key(home),
            kafka=stack.kafka_bootstrap(home),
            databases={name: stack.database_url(name, home) for name in SERVICES},
            home=home,
        )
    finally:
        await asyncio.to_thread(stack.down, home)


def _bring_up(home: Home, options: Options) -> None:
    """On servers of its own, whatever the environment names. Only as long as it takes: other tests read their settings from there."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
            environment.delenv(name, raising=False)
        stack.up(home, options)


# --- who travels, and where to ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Person:
    """Invented; what may be known of them to registration alone."""

    name: str
    name_pinyin: str
    id_number: str
    phone: str
    birth_date: date = date(1990, 5, 17)
    county: str = POOR_COUNTY

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.name, self.name_pinyin, self.id_number, self.phone


def a_person(name: str = "欧阳雪莲", name_pinyin: str = "Ouyang Xuelian", county: str = POOR_COUNTY) -> Person:
    digits = "".join(random.choices("0123456789", k=8))
    return Person(name, name_pinyin, an_id(place=county), f"138{digits}", county=county)


@dataclass(slots=True)
class Venture:
    """An enterprise with an order, and a course for it, for a trade drawn anew: what else the stack has seen does not disturb."""

    client: ApiClient
    positions: int = 1
    destination: str = field(default_factory=lambda: random.choice(DESTINATIONS))
    occupation: str = field(default_factory=lambda: random.choice(OCCUPATIONS))
    centre: str = field(default_factory=lambda: f"centre-{secrets.token_hex(4)}")
    enterprise: str = ""
    order: str = ""
    course: str = ""
    session: str = ""

    def on(self, day: date, role: Role = Role.OFFICER, hour: int = 10) -> ApiClient:
        """Somebody who speaks on that day; a trainer or assessor for the centre, an enterprise for itself."""
        party = {Role.TRAINER: self.centre, Role.ASSESSOR: self.centre, Role.ENTERPRISE: self.enterprise}.get(role)
        return self.client.as_role(role, party).on(datetime.combine(day, time(hour), PROGRAMME_ZONE))


def label() -> str:
    """A command of its own."""
    return secrets.token_hex(8)


async def founded(venture: Venture) -> Venture:
    """Enterprise, reserve, order; course, session."""
    officer, trainer = venture.on(FOUNDED), venture.on(FOUNDED, Role.TRAINER)
    region = random.choice(sorted(reference.provinces()))
    enterprise = {
        "name": "Weihai Labour Cooperation Co.",
        "licence_no": f"LW3700201{random.randrange(10**5):05d}",
        "scope": ["labour_cooperation"],
        "valid_to": "2025-12-31",
    }
    venture.enterprise = (await officer.post("docking", "/enterprises", enterprise, label()))["enterprise"]
    deposit = {"amount": {"minor": 300_000_000, "currency": "CNY"}}
    await officer.post("docking", f"/enterprises/{venture.enterprise}/reserve", deposit, label())
    order = {
        "enterprise": venture.enterprise,
        "employer": "Sakura Construction KK",
        "destination": venture.destination,
        "occupation": venture.occupation,
        "channel": "labour_cooperation",
        "positions": venture.positions,
        "wage": {"minor": WAGE, "currency": "CNY"},
        "wage_period": "month",
        "term_months": 24,
        "expires": "2019-12-31",
    }
    venture.order = (await venture.on(FOUNDED, Role.ENTERPRISE).post("docking", "/orders", order, label()))["order"]
    licence = {
        "centre": venture.centre,
        "licence_no": f"{region[:2]}{random.randrange(1000):03d}",
        "region": region,
        "valid_from": FOUNDED.isoformat(),
        "valid_to": "2025-12-31",
        "capacity": 1000,
        "trainers": ["local-trainer"],
        "assessors": ["local-assessor"],
    }
    await officer.post("training", "/centres", licence, label())
    course = {"destination": venture.destination, "occupation": venture.occupation, "minimum_minutes": COURSE_MINUTES}
    venture.course = (await trainer.post("training", "/courses", course, label()))["course"]
    session = {"starts_on": TRAINED.isoformat(), "ends_on": TRAINED.isoformat(), "seats": 5, "trainer": "local-trainer"}
    venture.session = (await trainer.post("training", f"/courses/{venture.course}/sessions", session, label()))["session"]
    return venture


# --- registration -----------------------------------------------------------------------------------------------------
async def registered(venture: Venture, person: Person) -> str:
    """Entered, document seen, willing: the worker's id."""
    clerk = venture.on(REGISTERED, Role.CLERK)
    body = {
        "name": person.name,
        "name_pinyin": person.name_pinyin,
        "birth_date": person.birth_date.isoformat(),
        "sex": "male",
        "county": person.county,
        "education": 3,
        "occupations": [venture.occupation],
        "phone": person.phone,
        "household_status": "registered_poor",
    }
    worker = str((await clerk.post("registration", "/workers", body, label()))["worker"])
    await clerk.post("registration", f"/workers/{worker}/verification", {"id_number": person.id_number}, label())
    offer = {"destinations": [venture.destination], "occupations": [venture.occupation], "family_consent": True}
    await clerk.post("registration", f"/workers/{worker}/willingness", offer, label())
    return worker


# --- docking ----------------------------------------------------------------------------------------------------------
async def proposed(venture: Venture, worker: str) -> dict[str, Any]:
    """The match offered for the worker."""
    answer = await venture.on(MATCHED).post("docking", f"/orders/{venture.order}/matches", {"n": 1, "worker": worker}, label())
    return dict(answer["matches"][0])


async def accepted(venture: Venture, match: str) -> str:
    """The placement."""
    answer = await venture.on(MATCHED).post("docking", f"/matches/{match}/acceptance", {}, label())
    return str(answer["placement"])


async def papered(venture: Venture, placement: str) -> dict[str, Any]:
    """Contract, insurance, medical examination, clearance asked for."""
    officer = venture.on(PAPERED)
    contract = {
        "contract_no": f"E2E-{secrets.token_hex(4)}",
        "wage": {"minor": WAGE, "currency": "CNY"},
        "wage_period": "month",
        "pay_day": 10,
        "deductions_max": {"minor": 50_000, "currency": "CNY"},
        "start": DEPARTED.isoformat(),
        "end": (DEPARTED + timedelta(days=730)).isoformat(),
    }
    await officer.post("docking", f"/placements/{placement}/contract", contract, label())
    insurance = {
        "insurer": "China Accident Insurance",
        "policy_no": f"P-{secrets.token_hex(4)}",
        "valid_from": PAPERED.isoformat(),
        "valid_to": (DEPARTED + timedelta(days=800)).isoformat(),
    }
    await officer.post("docking", f"/placements/{placement}/insurance", insurance, label())
    examined = {"examined_on": PAPERED.isoformat(), "result": "fit", "place": "Dingxi No. 1 hospital"}
    await officer.post("docking", f"/placements/{placement}/medical", examined, label())
    planned = {"planned_departure": DEPARTED.isoformat()}
    return dict(await officer.post("docking", f"/placements/{placement}/clearance", planned, label()))


async def departed(venture: Venture, placement: str) -> dict[str, Any]:
    body = {"departed_on": DEPARTED.isoformat(), "port": "CNSHA", "visa": "work", "evidence": "exit_stamp"}
    return dict(await venture.on(DEPARTED, hour=16).post("docking", f"/placements/{placement}/departure", body, label()))


async def returned(venture: Venture, placement: str) -> dict[str, Any]:
    body = {"returned_on": RETURNED.isoformat(), "reason": "completed"}
    return dict(await venture.on(RETURNED, hour=16).post("docking", f"/placements/{placement}/return", body, label()))


# --- training ---------------------------------------------------------------------------------------------------------
async def enrolment_of(venture: Venture, placement: str) -> dict[str, Any]:
    page = await venture.on(TRAINED, Role.TRAINER).get("training", "/enrolments", session=venture.session)
    return next(one for one in page["items"] if one["placement"] == placement)


async def certified(venture: Venture, placement: str) -> str:
    """A day of attendance, the examination by somebody else, the certificate: its serial."""
    path, enrolment = f"/sessions/{venture.session}", (await enrolment_of(venture, placement))["enrolment"]
    trainer, assessor = venture.on(TRAINED, Role.TRAINER, 18), venture.on(TRAINED, Role.ASSESSOR, 20)
    present = {"day": TRAINED.isoformat(), "entries": [{"enrolment": enrolment, "minutes": COURSE_MINUTES}]}
    await trainer.post("training", f"{path}/attendance", present, label())
    await assessor.post("training", f"{path}/assessments", {"entries": [{"enrolment": enrolment, "score": 80}]}, label())
    answer = await venture.on(TRAINED, Role.TRAINER, 21).post("training", f"{path}/certificates", {}, label())
    return next(str(one["serial"]) for one in answer["issued"] if one["placement"] == placement)


# --- rights -----------------------------------------------------------------------------------------------------------
def amounts(minor: int, paid_on: date) -> dict[str, Any]:
    money = {"minor": minor, "currency": "CNY"}
    return {"gross": money, "deductions": {"minor": 0, "currency": "CNY"}, "net": money, "paid_on": paid_on.isoformat()}


async def reported(venture: Venture, placement: str, period: str, minor: int, paid_on: date) -> str:
    """An income report by the employer: its id."""
    body = {"placement": placement, "period": period, "amounts": amounts(minor, paid_on)}
    answer = await venture.on(paid_on, Role.ENTERPRISE, 20).post("rights", "/incomes", body, label())
    return str(answer["report"])


# --- stats ------------------------------------------------------------------------------------------------------------
async def report(client: ApiClient) -> dict[str, Any]:
    return dict(await replace(client, at=None).as_role(Role.AUDITOR).get("stats", "/report"))


async def answered_figures(client: ApiClient) -> dict[Figure, int]:
    """What stats answers, under the names of the recount."""
    auditor = client.as_role(Role.AUDITOR)
    found: dict[Figure, int] = {}
    for measure in ("dispatches", "persons", "returns", "income"):
        figure = await auditor.get("stats", f"/figures/{measure}?by=year&by=county")
        for point in figure["points"]:
            name = measure if point["currency"] is None else f"{measure} {point['currency']}"
            found[name, point["of"]["year"], point["of"]["county"]] = point["value"]
    return {figure: value for figure, value in found.items() if value}


async def require_all_delivered(client: ApiClient, log: Recount) -> None:
    """Every service has published and applied everything: empty outboxes, nothing parked, positions at the end of the logs."""
    operator = client.as_role(Role.OPERATOR)
    for service in SERVICES:
        state = await operator.get(service, "/delivery")
        parked = await operator.get(service, "/dead-letters?state=parked")
        assert (state["outbox"], parked["items"]) == (0, []), service
        for topic_partition, position in state["positions"].items():
            topic, _, partition = topic_partition.rpartition("/")
            assert position["next_number"] == log.taken[topic, int(partition)], (service, topic_partition)
    assert log.unnumbered == 0


async def is_audited_clean(home: Home, seconds: int) -> bool:
    """Whether a recount of the log gives every cell of stats. No statement of it takes longer than `seconds`."""
    settings = stack.settings("stats", home)
    conn = await db.connect(settings.database_url.get_secret_value(), application="laowu-test", seconds=seconds)
    try:
        return (await audit(settings, conn, processes=1)).clean
    finally:
        conn.terminate()
