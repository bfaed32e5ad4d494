"""One trace from a request through the outbox and Kafka to a reaction and a fold, as a collector receives it by OTLP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from services.docking import consumers as docking
from services.stats import consumers as stats
from shared import trace_export
from shared.db import close_database, open_database
from shared.delivery.consumer import each
from shared.errors import NotFound
from shared.events import REGISTRATION, JobOrderClosed, WorkerRegistered
from shared.principals import Role
from shared.settings import Settings
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support.collector import Collector, Spanned, collecting
from tests.support.delivery import caught_up, consuming, emptied, numbered, relaying, write
from tests.support.http import Client, Start, serving
from tests.support.receivers import status
from tests.support.registration import GANSU, JUNE, AWorker

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{CALLER}-01"
REGISTERED = "registration.WorkerRegistered.v1"
SOMEBODY = AWorker(name="欧阳娜娜").verified().calling("13812345678")
SECRETS = ("欧阳娜娜", "13812345678", str(SOMEBODY.id_number), SOMEBODY.birth_date.isoformat())


@asynccontextmanager
async def registering(config: Settings, url: str) -> AsyncIterator[Client]:
    """Registration with its relay, as a clerk of Gansu sees it."""
    database = await open_database("registration", url, size=4)
    try:
        async with serving("registration", database) as served, relaying(config, database, url):
            yield replace(served.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)
    finally:
        await close_database(database)


async def post(clerk: Client, header: str) -> str:
    """The id of the worker, who is registered under the trace."""
    headers = {"content-type": "application/json", "traceparent": header}
    answer = await clerk.send("POST", "/workers", data=json.dumps(SOMEBODY.body()).encode(), headers=headers)
    assert answer.status == 201, answer.body
    return str(answer.body["worker"])


async def registered(clerk: Client, header: str) -> str:
    """The same, and Kafka has it."""
    worker = await post(clerk, header)
    await emptied(clerk.database, 60)
    return worker


async def counted_and_known(config: Settings, make_database: MakeDatabase) -> None:
    """Applied by docking, event by event, and by stats, which folds."""
    for service, apply in (("docking", docking.apply), ("stats", stats.apply)):
        database = await make_database(service)
        async with consuming(config, database, apply, service=service, topics=(REGISTRATION,)) as running:
            await caught_up(running, 60)


def named(collector: Collector, name: str) -> list[Spanned]:
    return [span for span in collector.spans() if span.name == name]


async def test_a_request_its_way_through_kafka_a_reaction_and_a_fold_are_one_trace(
    config: Settings, make_database_url: MakeDatabaseUrl, make_database: MakeDatabase
) -> None:
    async with collecting(config) as collector, registering(config, await make_database_url("registration")) as clerk:
        worker = await registered(clerk, HEADER)
        await counted_and_known(config, make_database)
    assert {span.trace for span in collector.spans()} == {TRACE}
    (request,), (sent,) = named(collector, "POST /workers"), named(collector, f"send {REGISTERED}")
    folded = [span for span in named(collector, f"process {REGISTERED}") if span.links]
    reacted = [span for span in named(collector, f"process {REGISTERED}") if not span.links]
    batches = {span.id for span in named(collector, "process batch")}
    assert request.parent == CALLER
    assert {sent.parent, folded[0].parent, reacted[0].parent} == {request.id}
    assert (len(folded), len(reacted), len(batches)) == (1, 1, 2)
    assert set(folded[0].links) <= batches
    assert [span.attributes["laowu.event.subject"] for span in (sent, *folded, *reacted)] == [worker] * 3
    assert request.attributes == {"http.request.method": "POST", "http.route": "/workers", "http.response.status_code": 201}


async def test_no_span_holds_what_was_entered(config: Settings, make_database_url: MakeDatabaseUrl, make_database: MakeDatabase) -> None:
    async with collecting(config) as collector, registering(config, await make_database_url("registration")) as clerk:
        await registered(clerk, HEADER)
        refused = await clerk.post("/workers", SOMEBODY.body(education=SOMEBODY.id_number))
        await clerk.post("/workers/lookup", {"id_number": SOMEBODY.id_number, "reason": "identify_worker"})
        await counted_and_known(config, make_database)
    assert refused.status == 422
    arrived = b"".join(received.body for received in collector.receiver.received)
    assert b"POST /workers/lookup" in arrived
    assert not [secret for secret in SECRETS if secret.encode() in arrived]


async def test_a_trace_that_is_not_sampled_has_no_spans_and_goes_on_in_the_event(config: Settings, client: Start) -> None:
    served = await client("registration")
    async with collecting(config) as collector:
        await post(replace(served.speaking_as(Role.CLERK, regions=GANSU), at=JUNE), f"{HEADER[:-2]}00")
    [event] = await served.published()
    assert event.traceparent is not None
    assert (event.traceparent[:35], event.traceparent[-2:], event.correlation_id) == (f"00-{TRACE}", "00", TRACE)
    assert not collector.spans()


async def test_without_a_collector_a_trace_goes_on_as_it_came_and_what_is_none_does_not(client: Start) -> None:
    served = await client("registration")
    clerk = replace(served.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)
    for header in (HEADER, f"00-{'0' * 32}-{CALLER}-01", "00-' OR 1-1-1"):
        await post(clerk, header)
    registrations = [event for event in await served.published() if isinstance(event.data, WorkerRegistered)]
    assert [event.traceparent for event in registrations] == [HEADER, None, None]


async def test_a_reaction_that_fails_names_the_kind_of_error_alone(kafka: str, config: Settings, make_database: MakeDatabase) -> None:
    async def refuse(*_: object) -> None:
        raise NotFound("欧阳娜娜")

    event = numbered(UUID(int=1), 0)
    assert event.value is not None
    traced = replace(event, value=event.value.replace(b',"data":', b',"traceparent":"%s","data":' % HEADER.encode()))
    database = await make_database("rights")
    async with collecting(config) as collector:
        await write(kafka, config, traced)
        async with consuming(config, database, each({JobOrderClosed: refuse})) as running:
            await caught_up(running, 60)
    (failed,) = named(collector, "process docking.JobOrderClosed.v1")
    assert (failed.failed, failed.attributes["error.type"], failed.trace) == (True, "NotFound", TRACE)
    assert not [received for received in collector.receiver.received if "欧阳娜娜".encode() in received.body]


async def test_a_collector_that_takes_nothing_holds_nothing_up(
    config: Settings, make_database_url: MakeDatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_export, "EXPORT_SECONDS", 0.2)
    async with collecting(config) as collector, registering(config, await make_database_url("registration")) as clerk:
        collector.receiver.answering = status(503)
        assert await registered(clerk, HEADER)
