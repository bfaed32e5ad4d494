"""What registration does when a worker has left, on a real database: once, on the right day, and never to a later willingness."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import pytest_asyncio

from services.registration.consumers import apply
from services.registration.queries import stays
from services.registration.usecases.sweeps import sweep
from shared import events, reference
from shared.db import Cause
from shared.delivery.consumer import Reject
from shared.principals import Role
from shared.values import Channel, Clock, EnterpriseId, HouseholdStatus, PlacementId, Sex, WorkerId, new_id
from tests.conftest import MakeDatabase
from tests.support.http import Client, serving
from tests.support.registration import a_worker, an_offer, willing

JUNE = datetime(2018, 6, 1, 4, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def registration(make_database: MakeDatabase) -> AsyncIterator[Client]:
    """The service on 1 June 2018."""
    async with serving("registration", await make_database("registration")) as service:
        yield replace(service, at=JUNE)


def a_departure(worker: str, day: date) -> events.EventEnvelope[events.Event]:
    fact = events.DispatchFact(
        departed_on=day,
        port="北京首都",
        destination="JPN",
        occupation="7112",
        channel=Channel.LABOUR_COOPERATION,
        enterprise=EnterpriseId(new_id()),
        origin=reference.origin("621126", day),
        household_status=HouseholdStatus.UNKNOWN,
        sex=Sex.MALE,
        birth_year=1990,
        first_ever=True,
        first_this_year=True,
        evidence=events.Evidence.EXIT_STAMP,
    )
    data = events.Dispatched(placement=PlacementId(new_id()), worker=WorkerId(UUID(worker)), fact=fact)
    return events.EventEnvelope(
        id=new_id(),
        source="/docking",
        time=datetime(2018, 7, 20, 4, tzinfo=UTC),
        correlation_id="c" * 32,
        causation_id=None,
        actor="officer:tester",
        traceparent=None,
        data=data,
    )


async def reacted(registration: Client, *departures: events.EventEnvelope[events.Event]) -> None:
    cause = replace(registration.database.system_cause(), clock=Clock(JUNE))
    async with registration.database.transaction(cause) as tx:
        await apply(tx, departures)


async def about_willingness(registration: Client) -> list[events.EventEnvelope[events.Event]]:
    return [event for event in await registration.published() if not isinstance(event.data, events.WorkerRegistered)]


async def test_a_departure_withdraws_the_willingness_on_its_day(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await willing(registration, worker)
    departure = a_departure(worker, date(2018, 7, 3))
    await reacted(registration, departure)
    _, withdrawn = await about_willingness(registration)
    assert isinstance(withdrawn.data, events.WillingnessWithdrawn)
    assert (withdrawn.data.reason, withdrawn.data.effective) == ("dispatched", date(2018, 7, 3))
    assert (withdrawn.actor, withdrawn.causation_id, withdrawn.time) == ("service:registration", str(departure.id), departure.time)
    shown = (await registration.get(f"/workers/{worker}")).body
    assert (shown["willingness"], shown["willingness_since"]) == ("withdrawn", "2018-07-03")


async def test_a_departure_applied_twice_withdraws_once(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await willing(registration, worker)
    departure = a_departure(worker, date(2018, 7, 3))
    await reacted(registration, departure, departure)
    assert len(await about_willingness(registration)) == 2


async def test_a_departure_without_a_willingness_changes_nothing(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await reacted(registration, a_departure(worker, date(2018, 7, 3)))
    assert await about_willingness(registration) == []


async def test_a_willingness_stated_after_a_late_departure_stays(registration: Client) -> None:
    worker = await a_worker().verified().registered("2018-01-01").at(registration)
    await willing(registration, worker)
    await reacted(registration, a_departure(worker, date(2018, 5, 31)))
    assert (await registration.get(f"/workers/{worker}")).body["willingness"] == "willing"


async def test_a_departure_after_the_willingness_ran_out_records_its_expiry(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await willing(registration, worker)
    await reacted(registration, a_departure(worker, date(2019, 1, 15)))
    assert [(type(event.data).__name__, event.data.effective_on.isoformat()) for event in await about_willingness(registration)] == [
        ("WillingnessRecorded", "2018-06-01"),
        ("WillingnessExpired", "2018-11-29"),
    ]


async def test_a_departure_of_an_unknown_worker_is_rejected(registration: Client) -> None:
    with pytest.raises(Reject, match="WORKER_NOT_FOUND"):
        await reacted(registration, a_departure(str(new_id()), date(2018, 7, 3)))


async def test_of_two_withdrawals_at_once_one_is_refused(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await willing(registration, worker)
    path = f"/workers/{worker}/willingness/withdrawal"
    answers = await asyncio.gather(registration.post(path, {}), registration.post(path, {}))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(await about_willingness(registration)) == 2


async def test_a_sweep_skips_a_worker_locked_by_a_command(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    await willing(registration, worker)
    late = Cause(principal=registration.speaking_as(Role.OPERATOR).who, clock=Clock(datetime(2018, 12, 10, 4, tzinfo=UTC)))
    async with registration.database.transaction(late) as tx:
        await tx.conn.execute("SELECT 1 FROM worker FOR UPDATE")
        async with registration.database.transaction(late) as sweeping:
            assert await sweep(sweeping) == 0
    async with registration.database.transaction(late) as tx:
        assert await sweep(tx) == 1


MANY_WILLING = """
INSERT INTO worker (
    worker, worker_no, birth_year, sex, county, residence_basis, education, occupations, household_status, source, assurance,
    registered_on, verified_on, willingness, willingness_since, destinations, offered_occupations, available_from, expires_on,
    family_consent
)
SELECT gen_random_uuid(), 'W' || lpad(number::text, 8, '0') || '-0', 1990, 'male', '621126', 'household_register', 3, '{7112}', 'unknown',
    'assisted', 'verified', '2018-01-01', '2018-01-01', 'willing', '2018-01-01', '{JPN}', '{7112}', '2018-01-01', '2018-06-30', true
FROM generate_series(1, $1::integer) AS number
"""


async def test_a_thousand_expiries_take_a_few_bounded_sweeps(registration: Client) -> None:
    async with registration.database.connection() as conn:
        await conn.execute(MANY_WILLING, 1001)
    acted: list[int] = []
    late = Cause(principal=registration.who, clock=Clock(datetime(2018, 7, 1, 4, tzinfo=UTC)))
    while not acted or acted[-1]:
        async with registration.database.transaction(late) as tx:
            acted.append(await sweep(tx))
    assert acted == [500, 500, 1, 0]
    assert len(await about_willingness(registration)) == 1001


async def test_simultaneous_recordings_are_one_start_and_renewals(registration: Client) -> None:
    worker = await a_worker().at(registration)
    path = f"/workers/{worker}/willingness"
    answers = await asyncio.gather(*(registration.post(path, an_offer()) for _ in range(4)))
    assert [answer.status for answer in answers] == [200] * 4
    recorded = [event.data for event in await about_willingness(registration)]
    assert sum(isinstance(event, events.WillingnessRecorded) and not event.renewal for event in recorded) == 1
    assert len(recorded) == 4


# --- who is abroad ----------------------------------------------------------------------------------------------------
async def stays_of(registration: Client, worker: str) -> list[tuple[str, str | None]]:
    async with registration.database.transaction(registration.database.system_cause()) as tx:
        found = await stays.list_(tx, [WorkerId(UUID(worker))])
    return [(stay.departed_on.isoformat(), stay.returned_on.isoformat() if stay.returned_on else None) for stay in found]


def follows(
    departure: events.EventEnvelope[events.Event], kind: type[events.Event], **fields: object
) -> events.EventEnvelope[events.Event]:
    """A later event of the same placement."""
    dispatched = departure.data
    assert isinstance(dispatched, events.Dispatched)
    data = kind.model_validate({"placement": dispatched.placement, "worker": dispatched.worker, **fields})
    return replace(departure, id=new_id(), data=data)


def back(day: str) -> events.ReturnFact:
    return events.ReturnFact(returned_on=date.fromisoformat(day), reason="completed")


async def test_a_worker_is_abroad_from_departure_to_return_as_corrected_and_never_after_a_void(registration: Client) -> None:
    worker = await a_worker().at(registration)
    departure = a_departure(worker, date(2018, 7, 3))
    fact = departure.data.fact  # type: ignore[attr-defined]
    other = fact.model_copy(update={"departed_on": date(2018, 7, 1)})
    await reacted(registration, departure, departure)
    assert await stays_of(registration, worker) == [("2018-07-03", None)]
    await reacted(registration, follows(departure, events.Returned, fact=back("2018-09-01"), dispatch=fact))
    assert await stays_of(registration, worker) == [("2018-07-03", "2018-09-01")]
    correction = {"previous": fact, "fact": other, "returned": back("2018-09-01"), "cause": "correction"}
    await reacted(registration, follows(departure, events.DispatchCorrected, **correction))
    later = {"previous": back("2018-09-01"), "fact": back("2018-09-03"), "dispatch": other}
    await reacted(registration, follows(departure, events.ReturnCorrected, **later))
    assert await stays_of(registration, worker) == [("2018-07-01", "2018-09-03")]
    await reacted(registration, follows(departure, events.DispatchVoided, previous=other, returned=back("2018-09-03"), reason="none"))
    assert await stays_of(registration, worker) == []


async def test_a_return_is_known_though_the_departure_came_before_stays_were_kept(registration: Client) -> None:
    worker = await a_worker().at(registration)
    departure = a_departure(worker, date(2018, 7, 3))
    fact = departure.data.fact  # type: ignore[attr-defined]
    await reacted(registration, follows(departure, events.Returned, fact=back("2018-09-01"), dispatch=fact))
    assert await stays_of(registration, worker) == [("2018-07-03", "2018-09-01")]
