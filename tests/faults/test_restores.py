"""The drill of a restore: one service's database is older than its log and than every other database, and all comes out right."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from console.api_client import ApiClient, wait_until_all_applied
from console.local import archives, postgres, stack
from console.local.stack import service_command
from services.stats.replay.audit import audit
from shared import db
from shared.delivery.restoring import start_new_epoch
from shared.principals import Role
from shared.values import PROGRAMME_ZONE
from tests.support import journey
from tests.support.journey import DEPARTED, FOUNDED, REGISTERED, TRAINED, RunningStack, Venture, label, local_stack
from tests.support.recount import figures, recount
from tests.support.wait import until

pytestmark = pytest.mark.timeout(280)
HELD = Path(__file__).parents[1] / "support" / "held_service.py"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that says which services are held at their start."""
    with pytest.MonkeyPatch.context() as environment:
        folder = tmp_path_factory.mktemp("held")
        environment.setenv("HELD_SERVICES", str(folder))
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory, held: Path) -> AsyncIterator[RunningStack]:
    def command(name: str) -> Any:
        held.mkdir(exist_ok=True)
        return service_command(name) if name == "console" else [sys.executable, "-P", str(HELD), name]

    async with local_stack(tmp_path_factory.mktemp("restores"), command=command) as started:
        yield started


@dataclass(slots=True, kw_only=True)
class Drill:
    """A service that is restored while the other four go on."""

    service: str
    running: RunningStack
    client: ApiClient
    held: Path
    folder: Path
    venture: Venture
    worker: str = ""
    placement: str = ""
    sent: list[tuple[ApiClient, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def operator(self) -> ApiClient:
        return self.client.as_role(Role.OPERATOR)

    @property
    def admin(self) -> str:
        return self.running.databases["stats"].rpartition("/")[0] + "/postgres"

    async def back_up(self) -> None:
        await archives.back_up(self.folder, {self.service: self.running.databases[self.service]}, lambda _: None)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The service is down inside; the others go on."""
        (self.held / self.service).touch()
        assert self.running.home is not None
        os.kill(stack.pids(self.running.home)[self.service], signal.SIGTERM)
        yield
        (self.held / self.service).unlink()

    async def restore(self) -> str | None:
        """To the backup; returns what was lost, in a line."""
        with self.stopped():
            await until(self.restored, seconds=30)
            assert self.running.home is not None
            settings = stack.settings(self.service, self.running.home)
            done = await start_new_epoch(settings, self.running.databases[self.service], self.service, only_if_behind=True)
        await self.answers()
        return done

    async def restored(self) -> bool:
        try:
            await archives.restore(self.folder, self.admin, [self.service], prefix=postgres.PREFIX, replace=True, say=lambda _: None)
        except archives.NotRestored:  # its relay is at work: it has not ended yet
            return False
        return True

    async def answers(self) -> None:
        """The service is up again."""
        await self.operator.get(self.service, "/delivery")

    async def send(self, who: ApiClient, path: str, body: dict[str, Any]) -> Any:
        """A command that the backup will not know, kept as the clerk keeps the form."""
        self.sent.append((who, path, body))
        return await who.post(self.service, path, body, label())

    async def lost(self) -> list[dict[str, Any]]:
        return await self.operator.get_all(self.service, "/lost-events", state="lost")

    async def replay(self, who: ApiClient, path: str, body: dict[str, Any], events: list[dict[str, Any]]) -> Any:
        named = {"replays": ",".join(one["event_id"] for one in events)}
        return await who.post(self.service, path, body, label(), headers=named)

    async def replay_all(self) -> None:
        """Every command again, in order, each for the events that it had published then."""
        for who, path, body in self.sent:
            left = [one for one in await self.lost() if is_of_a_command(one)]
            first = [one for one in left if one["caused_by"] == left[0]["caused_by"]]
            await self.replay(who, path, body, first)

    async def void_rest(self) -> int:
        left = await self.lost()
        if left:
            body = {"ids": [one["event_id"] for one in left], "why": "nobody stands by it"}
            await self.operator.post(self.service, "/lost-events/void", body, label())
        return len(left)


def is_of_a_command(lost: dict[str, Any]) -> bool:
    return (lost["caused_by"] or "").startswith("request:")


Scenario = Callable[[Drill], Awaitable[None]]


# --- what is done before the backup, and after it -------------------------------------------------------------------------
async def registration_before(drill: Drill) -> None:
    await journey.founded(drill.venture)


async def registration_after(drill: Drill) -> None:
    """A worker is entered, verified and willing, and another service places her: it knows a worker that the backup does not."""
    clerk, person = drill.venture.on(REGISTERED, Role.CLERK), journey.a_person()
    body = {
        "name": person.name,
        "name_pinyin": person.name_pinyin,
        "birth_date": person.birth_date.isoformat(),
        "sex": "male",
        "county": person.county,
        "education": 3,
        "occupations": [drill.venture.occupation],
        "phone": person.phone,
        "household_status": "registered_poor",
    }
    drill.worker = (await drill.send(clerk, "/workers", body))["worker"]
    await drill.send(clerk, f"/workers/{drill.worker}/verification", {"id_number": person.id_number})
    offer = {"destinations": [drill.venture.destination], "occupations": [drill.venture.occupation], "family_consent": True}
    await drill.send(clerk, f"/workers/{drill.worker}/willingness", offer)
    await wait_until_all_applied(drill.client)
    drill.placement = await journey.accepted(drill.venture, (await journey.proposed(drill.venture, drill.worker))["match"])


async def docking_before(drill: Drill) -> None:
    await _placed(drill)
    await journey.papered(drill.venture, drill.placement)
    await wait_until_all_applied(drill.client)


async def docking_after(drill: Drill) -> None:
    """The certificate comes, which grants the clearance; the worker departs."""
    await journey.certified(drill.venture, drill.placement)
    await wait_until_all_applied(drill.client)
    body = {"departed_on": DEPARTED.isoformat(), "port": "CNSHA", "visa": "work", "evidence": "exit_stamp"}
    await drill.send(drill.venture.on(DEPARTED, hour=16), f"/placements/{drill.placement}/departure", body)


async def training_before(drill: Drill) -> None:
    await _placed(drill)
    await journey.papered(drill.venture, drill.placement)
    await wait_until_all_applied(drill.client)


async def training_after(drill: Drill) -> None:
    """Attendance, examination, certificate."""
    venture, path = drill.venture, f"/sessions/{drill.venture.session}"
    enrolment = (await journey.enrolment_of(venture, drill.placement))["enrolment"]
    present = {"day": TRAINED.isoformat(), "entries": [{"enrolment": enrolment, "minutes": journey.COURSE_MINUTES}]}
    await drill.send(venture.on(TRAINED, Role.TRAINER, 18), f"{path}/attendance", present)
    await drill.send(venture.on(TRAINED, Role.ASSESSOR, 20), f"{path}/assessments", {"entries": [{"enrolment": enrolment, "score": 80}]})
    await drill.send(venture.on(TRAINED, Role.TRAINER, 21), f"{path}/certificates", {})


async def rights_before(drill: Drill) -> None:
    await docking_before(drill)
    await journey.certified(drill.venture, drill.placement)
    await wait_until_all_applied(drill.client)
    await journey.departed(drill.venture, drill.placement)
    await wait_until_all_applied(drill.client)


async def rights_after(drill: Drill) -> None:
    """A month's wage, by a report whose id is new; a complaint."""
    paid_on = DEPARTED + timedelta(days=37)
    body = {"placement": drill.placement, "period": "2019-03", "amounts": journey.amounts(journey.WAGE, paid_on)}
    await drill.send(drill.venture.on(paid_on, Role.ENTERPRISE, 20), "/incomes", body)


async def stats_before(drill: Drill) -> None:
    await docking_before(drill)


async def stats_after(drill: Drill) -> None:
    """A whole departure and return, and a period that is closed over them."""
    await journey.certified(drill.venture, drill.placement)
    await wait_until_all_applied(drill.client)
    await journey.departed(drill.venture, drill.placement)
    await journey.returned(drill.venture, drill.placement)
    await wait_until_all_applied(drill.client)
    officer = drill.client.on(datetime(2021, 1, 10, 9, tzinfo=PROGRAMME_ZONE))
    await drill.send(officer, "/periods/close", {"period": "2019"})


async def _placed(drill: Drill) -> None:
    await journey.founded(drill.venture)
    drill.worker = await journey.registered(drill.venture, journey.a_person())
    await wait_until_all_applied(drill.client)
    drill.placement = await journey.accepted(drill.venture, (await journey.proposed(drill.venture, drill.worker))["match"])


SCENARIOS: dict[str, tuple[Scenario, Scenario]] = {
    "registration": (registration_before, registration_after),
    "docking": (docking_before, docking_after),
    "training": (training_before, training_after),
    "rights": (rights_before, rights_after),
    "stats": (stats_before, stats_after),
}


# --- what nobody enters again: it is voided ---------------------------------------------------------------------------------
async def a_wage_without_a_slip(drill: Drill) -> int:
    """An April wage: counted, and nobody finds the slip again. How many events that is."""
    await journey.reported(drill.venture, drill.placement, "2019-04", journey.WAGE, DEPARTED + timedelta(days=67))
    return 1


async def an_order_withdrawn_meanwhile(drill: Drill) -> int:
    order = {
        "enterprise": drill.venture.enterprise,
        "employer": "Sakura Construction KK",
        "destination": drill.venture.destination,
        "occupation": drill.venture.occupation,
        "channel": "labour_cooperation",
        "positions": 3,
        "wage": {"minor": journey.WAGE, "currency": "CNY"},
        "wage_period": "month",
        "term_months": 24,
        "expires": "2019-12-31",
    }
    await drill.venture.on(FOUNDED, Role.ENTERPRISE).post("docking", "/orders", order, label())
    return 1


SPOILED: dict[str, Callable[[Drill], Awaitable[int]]] = {"rights": a_wage_without_a_slip, "docking": an_order_withdrawn_meanwhile}


# --- the drill --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("service", list(SCENARIOS))
async def test_a_service_restored_to_an_older_backup_is_brought_to_where_its_log_is(
    service: str, running: RunningStack, held: Path, tmp_path: Path
) -> None:
    before, after = SCENARIOS[service]
    async with running.client() as client:
        venture = Venture(client, positions=2)
        drill = Drill(service=service, running=running, client=client, held=held, folder=tmp_path / "backup", venture=venture)
        await before(drill)
        await wait_until_all_applied(client)
        await drill.back_up()
        await after(drill)
        await wait_until_all_applied(client)
        report = await journey.report(client)
        spoiled = await SPOILED[service](drill) if service in SPOILED else 0
        await wait_until_all_applied(client)
        published = (await recount(running.kafka)).ids(f"{service}.events")
        assert "are lost from its database" in str(await drill.restore())
        await refuses_what_is_new(drill)
        await read_again(drill)
        assert [one for one in await drill.lost() if not is_of_a_command(one)] == [], "reactions have come again by themselves"
        await drill.replay_all()
        await redriven(drill)
        assert await drill.void_rest() == spoiled
        await wait_until_all_applied(client)
        log = await recount(running.kafka)
        assert set(published) <= set(log.ids(f"{service}.events"))
        assert (await journey.report(client))["years"] == report["years"]
        await the_audit_is_clean(running)
        assert await journey.answered_figures(client) == figures(log.events)
        await takes_commands_again(drill)


async def refuses_what_is_new(drill: Drill) -> None:
    """What is not one of the lost events waits until they are decided."""
    async with drill.client.session.post(
        f"{drill.running.addresses[drill.service]}/sweep",
        headers={"authorization": f"Bearer {drill.running.token(Role.OPERATOR)}", "idempotency-key": label()},
    ) as answer:
        assert (answer.status, (await answer.json())["code"]) == (503, "RESTORE_UNDECIDED")


async def read_again(drill: Drill) -> None:
    """The others' logs, from the positions of the backup on."""

    async def done() -> bool:
        return not any((await drill.operator.get(drill.service, "/delivery"))["lag"].values())

    await until(done, seconds=30)


async def redriven(drill: Drill) -> None:
    """What could not be applied while its worker was not there yet."""
    parked = await drill.operator.get_all(drill.service, "/dead-letters", state="parked")
    if parked:
        await drill.operator.post(drill.service, "/dead-letters/redrive", {"ids": [one["id"] for one in parked]}, label())
    assert await drill.operator.get_all(drill.service, "/dead-letters", state="parked") == []


async def the_audit_is_clean(running: RunningStack) -> None:
    assert running.home is not None
    conn = await db.connect(running.databases["stats"], application="test")
    try:
        found = await audit(stack.settings("stats", running.home), conn)
    finally:
        conn.terminate()
    assert found.clean, (found.differing, found.source_conflicts, found.unaccounted)


async def takes_commands_again(drill: Drill) -> None:
    await drill.operator.on(datetime.combine(FOUNDED, time(9), PROGRAMME_ZONE)).post(drill.service, "/sweep", None, label())
