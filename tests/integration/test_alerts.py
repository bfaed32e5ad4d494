"""Each alert fires when its fault is caused: the fault is real, its metrics are what the service serves, the judge is Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from services.stats import consumers
from services.stats.publishing import publisher
from services.stats.queries import generations
from services.stats.replay import rebuild
from shared.db import Database, close_database, open_database
from shared.delivery import canary
from shared.delivery.consumer import each
from shared.delivery.event_log import Mark
from shared.delivery.kafka import topic_name
from shared.delivery.numbering import Number
from shared.delivery.positions import TopicPartition
from shared.events import DOCKING, JobOrderClosed
from shared.principals import Role
from shared.settings import Settings
from shared.values import EnterpriseId
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.contracts import watching
from tests.http.test_notifications import drawn
from tests.http.test_notifications import publish as published_by
from tests.support.delivery import (
    Raw,
    a_producer,
    an_event,
    caught_up,
    consuming,
    counting,
    emptied,
    numbered,
    publish,
    relaying,
    tally,
    write,
)
from tests.support.http import Start, serving
from tests.support.prometheus import is_firing, needs_prometheus, prometheus, quiet, served
from tests.support.receivers import Receiver, a_sender, opened, receiving, send_all, status
from tests.support.registration import GANSU, JUNE, AWorker
from tests.support.stats import dispatched, recorded
from tests.support.wait import until

pytestmark = needs_prometheus
A, B = UUID(int=0xA), UUID(int=0xB)
TALLY = each({JobOrderClosed: tally})
NOWHERE = {"kafka_bootstrap_servers": "127.0.0.1:1"}
Fires = Callable[[str], None]


@pytest.fixture
def fires(tmp_path: Path) -> Fires:
    """`fires(alert)`: what has happened since the test began makes it fire."""
    quiet()
    before = served()

    def judge(alert: str) -> None:
        is_firing(alert, before, served(), tmp_path)

    return judge


@pytest_asyncio.fixture(loop_scope="session")
async def url(make_database_url: MakeDatabaseUrl) -> str:
    return await make_database_url("docking")


@pytest_asyncio.fixture(loop_scope="session")
async def database(url: str) -> AsyncIterator[Database]:
    opened_database = await open_database("docking", url, size=4)
    yield await counting(opened_database)
    await close_database(opened_database)


def value(name: str, **labels: str) -> float:
    return served().get((name, tuple(sorted(labels.items()))), 0.0)


# --- publishing -----------------------------------------------------------------------------------------------------------
async def test_kafka_is_away(config: Settings, database: Database, url: str, fires: Fires) -> None:
    await publish(database, an_event(A))
    async with database.connection() as conn:  # as if it had been published two minutes ago
        early = f"{int((datetime.now(UTC) - timedelta(minutes=2)).timestamp() * 1000):012x}7" + "0" * 19
        await conn.execute("UPDATE outbox SET event_id = $1", UUID(early))
    async with relaying(config.model_copy(update=NOWHERE), database, url):
        await until(lambda: value("laowu_outbox_age_seconds") > 60 and value("laowu_condition", condition="relay"), 60)
        fires("LaowuOutboxStands")
        fires("LaowuUnready")


# --- consuming ------------------------------------------------------------------------------------------------------------
async def test_a_consumer_does_not_keep_up_or_stands(kafka: str, config: Settings, database: Database, fires: Fires) -> None:
    async with consuming(config, database, TALLY) as running:
        await caught_up(running, 60)
        running.consumer._taker._stopping = True  # what is written now is not taken
        async with a_producer(kafka) as producer:
            name = topic_name(config, DOCKING)
            for ack in [await producer.send(name, b"1", partition=0) for _ in range(10_001)]:
                await ack
        await until(lambda: value("laowu_consumer_lag_records", topic=DOCKING, partition="0") > 10_000, 60)
        fires("LaowuConsumerBehind")
        fires("LaowuConsumerStands")


async def test_what_a_producer_publishes_does_not_arrive(config: Settings, database: Database, url: str, fires: Fires) -> None:
    async with database.connection() as conn:
        await canary.expect(conn, [DOCKING])
        await conn.execute("UPDATE canary SET written = written - interval '10 minutes'")
    await publish(database, an_event(A))
    async with relaying(config, database, url):
        await emptied(database, 60)  # or it would be cut off while it connects
        await until(lambda: value("laowu_canary_age_seconds", producer="docking") > 300, 60)
        fires("LaowuCanaryLate")


async def test_numbers_are_missing_for_long(kafka: str, config: Settings, database: Database, fires: Fires) -> None:
    await write(kafka, config, numbered(A, 0), numbered(A, 2))
    async with consuming(config, database, TALLY) as running:
        await caught_up(running, 60)
    async with database.connection() as conn:
        await conn.execute("UPDATE consumed SET gap_since = gap_since - interval '10 minutes'")
    async with consuming(config, database, TALLY):
        await until(lambda: value("laowu_gap_age_seconds", topic=DOCKING, partition="0") > 60, 60)
    fires("LaowuLogGap")


async def test_records_come_again_are_of_unknown_types_or_are_no_events(
    kafka: str, config: Settings, database: Database, url: str, fires: Fires
) -> None:
    first, newer = numbered(A, 0), numbered(B, 1)
    assert newer.value is not None
    newer = replace(newer, value=newer.value.replace(b"JobOrderClosed.v1", b"JobOrderClosed.v9"))
    await write(kafka, config, first, first, newer, Raw(b"?", str(A).encode(), "1.2"))
    async with consuming(config, database, TALLY) as running:
        await caught_up(running, 60)
    fires("LaowuRelayRestarts")
    fires("LaowuUnknownType")
    await publish(database, an_event(A))
    async with relaying(config, database, url):
        await emptied(database, 60)  # or it would be cut off while it connects
        await until(lambda: value("laowu_dead_letters"), 60)
    fires("LaowuDeadLetters")


# --- what people are sent -------------------------------------------------------------------------------------------------
async def test_a_webhook_is_not_taken(make_database: MakeDatabase, fires: Fires) -> None:
    async with serving("docking", await make_database("docking"), endpoints_local=True) as service, receiving() as receiver:
        client, receiver.answering = service.speaking_as(Role.ENTERPRISE, party=EnterpriseId(UUID(int=41))), status(500)
        await opened(client, receiver.url)
        await published_by(client, drawn(EnterpriseId(UUID(int=41))))
        async with a_sender(client) as sender:
            assert await send_all(sender) == 1
    fires("LaowuDeliveriesFail")


# --- figures --------------------------------------------------------------------------------------------------------------
async def test_figures_are_published_long_after_what_they_count(make_database: MakeDatabase, fires: Fires) -> None:
    database = await make_database("stats")
    async with database.transaction(database.system_cause()) as tx:
        await consumers.apply(tx, [recorded(dispatched())])
    async with database.transaction(database.system_cause()) as tx:
        await publisher.publish(tx, {})
    fires("LaowuFiguresLate")


async def test_a_rebuild_goes_no_further(client: Start, fires: Fires) -> None:
    stats = await client("stats")
    async with stats.database.transaction(stats.database.system_cause()) as tx:
        await tx.conn.execute("INSERT INTO consumed (topic, partition, next_offset) VALUES ($1, 0, 400)", DOCKING)
        generation = await generations.insert_building(tx, rebuild.rules_digest())
        assert await generations.update_marks(tx, generation, {TopicPartition(DOCKING, 0): (Mark(), Mark(100, Number(1, 100)))})
    measuring = asyncio.create_task(rebuild.run_progress_metric(stats.service))
    try:
        await until(lambda: value("laowu_rebuild_progress_ratio") == 0.25, 60)
    finally:
        measuring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await measuring
    fires("LaowuRebuildStands")


# --- HTTP -----------------------------------------------------------------------------------------------------------------
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.1); RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER slow BEFORE INSERT ON worker FOR EACH ROW EXECUTE FUNCTION slow()
"""


async def test_requests_are_slow_and_fail(client: Start, fires: Fires) -> None:
    registration = await client("registration")
    async with registration.database.connection() as conn:
        await conn.execute(SLOW)
    clerk = replace(registration.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)
    assert (await clerk.post("/workers", AWorker().body())).status == 500
    fires("LaowuServerErrors")
    fires("LaowuRequestsSlow")


# --- a Prometheus that scrapes --------------------------------------------------------------------------------------------
def arrived(receiver: Receiver) -> dict[str, str]:
    """Alert -> severity, as posted to the Alertmanager."""
    posted = [alert["labels"] for received in receiver.received for alert in json.loads(received.body)]
    return {labels["alertname"]: labels["severity"] for labels in posted if labels["job"] == "docking"}


async def test_a_prometheus_that_scrapes_a_service_calls_somebody(config: Settings, database: Database, url: str, tmp_path: Path) -> None:
    quiet()
    async with receiving() as receiver, contextlib.AsyncExitStack() as stopping:
        docking = await stopping.enter_async_context(serving("docking", database))
        target, alertmanager = docking.base.removeprefix("http://"), receiver.url.removeprefix("http://").removesuffix("/hook")
        async with prometheus(tmp_path, target, alertmanager):
            async with relaying(config.model_copy(update=NOWHERE), database, url):
                await until(lambda: "LaowuUnready" in arrived(receiver), 120, "the alert of a service that is unready")
            await stopping.aclose()
            receiver.received.clear()  # on a busy machine a scrape may have been late before
            await until(lambda: "LaowuDown" in arrived(receiver), 120, "the alert of a process that is gone")
    assert arrived(receiver)["LaowuDown"] == "critical"


def test_every_alert_has_its_fault_here() -> None:
    caused = set(re.findall(r'(?:fires\(|assert arrived\(receiver\)\[)"(\w+)"', Path(__file__).read_text(encoding="utf-8")))
    assert caused == {alert.name for alert, _ in watching.alerts()}
